package plugin

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// knownAnnotation is what the manual says of an annotation of one controller.
type knownAnnotation struct {
	// name is the short name, which several controllers may know.
	name string
	// controller, group of annotations and kind of object that carries it, for people.
	controller, family, on string
	// value is how it is read, if that is known.
	value string
	note  string
	// becomes is a sentence on what the conversion does with it.
	becomes string
	// keys are all that carry it, the one that counts first.
	keys []string
	// codes are findings about it beside those that mention it.
	codes []diag.Code
}

const ingressNginx = "ingress-nginx"

// allAnnotations are those of all controllers, one per controller and name.
func allAnnotations() []knownAnnotation {
	return slices.Concat(ofTraefik1(), ofTraefik(), ofNginx())
}

func ofTraefik1() []knownAnnotation {
	all := traefikv1.Annotations()
	slices.SortStableFunc(all, func(a, b traefikv1.Annotation) int { return precedence(a.Key) - precedence(b.Key) })
	at := map[string]int{}
	var known []knownAnnotation
	for _, a := range all {
		if i, ok := at[a.Name]; ok {
			known[i].keys = append(known[i].keys, a.Key)
			continue
		}
		at[a.Name] = len(known)
		on := "Ingress"
		if a.Family == "service" {
			on = "Service"
		}
		known = append(known, knownAnnotation{
			name: a.Name, controller: "Traefik 1.7", family: string(a.Family), on: on, value: string(a.Kind), note: a.Note, keys: []string{a.Key},
		})
	}
	return known
}

// precedence orders the keys of one name as Traefik 1.7 looks them up.
func precedence(key string) int {
	switch {
	case strings.HasPrefix(key, "traefik.") && strings.Contains(key, "kubernetes.io/"):
		return 1
	case strings.HasPrefix(key, "traefik."):
		return 2
	}
	return 0
}

func ofTraefik() []knownAnnotation {
	var known []knownAnnotation
	for _, a := range traefikingress.Annotations() {
		_, name, _ := strings.Cut(a.Key, "/")
		k := knownAnnotation{
			name: name, controller: "the Ingress provider of Traefik 2 and 3", family: "router", on: a.On, value: string(a.Kind), note: a.Note, keys: []string{a.Key},
		}
		if a.On == "Service" {
			k.family = "service"
		}
		if since := a.Since(); since != "" {
			k.controller = "the Ingress provider of Traefik since " + since
		}
		known = append(known, k)
	}
	return known
}

func ofNginx() []knownAnnotation {
	var known []knownAnnotation
	for _, a := range nginx.Annotations() {
		k := knownAnnotation{
			name: a.Name, controller: ingressNginx, family: string(a.Family), on: "Ingress", note: a.Note, keys: []string{nginx.DefaultPrefix + "/" + a.Name},
		}
		switch a.Fate {
		case nginx.Inert:
			k.becomes = "It tunes nginx and changes no answer, so there is nothing to convert."
		case nginx.Unconverted:
			k.becomes = "Traefik has no counterpart: routes are made without it, and say so."
			k.codes = []diag.Code{diag.EAnnUnconverted}
		case nginx.Dead:
			k.becomes = "Today's ingress-nginx does not read it any more."
		case nginx.Converted:
		}
		known = append(known, k)
	}
	return known
}

// annotationsCalled finds the annotations with a key, or with a short name, in any case.
func annotationsCalled(word string) []knownAnnotation {
	called := func(key string) bool {
		return strings.EqualFold(key, word) || strings.EqualFold(key, withIndex(word))
	}
	var byKey, byName []knownAnnotation
	for _, a := range allAnnotations() {
		switch {
		case slices.ContainsFunc(a.keys, called):
			byKey = append(byKey, a)
		case called(a.name):
			byName = append(byName, a)
		}
	}
	if len(byKey) > 0 {
		return byKey
	}
	return byName
}

// withIndex returns the key of an entry of a list as the manual has it: entries of
// router.tls.domains.0.main are router.tls.domains.n.main there.
func withIndex(word string) string {
	parts := strings.Split(word, ".")
	for i, part := range parts {
		if part != "" && strings.Trim(part, "0123456789") == "" {
			parts[i] = "n"
		}
	}
	return strings.Join(parts, ".")
}

func (o *explainOptions) annotations(w io.Writer, known []knownAnnotation) {
	for i, a := range known {
		if i > 0 {
			fmt.Fprintln(w)
		}
		o.annotation(w, a)
	}
	fmt.Fprintf(w, "\nNext: %s explain NAMESPACE/INGRESS shows what becomes of it on one Ingress\n", displayName)
}

func (o *explainOptions) annotation(w io.Writer, a knownAnnotation) {
	as := ""
	if a.value != "" {
		as = " as " + a.value
	}
	fmt.Fprintf(w, "%s  %s, read by %s on the %s%s\n\n", o.palette.Paint(ui.Bold, a.name), a.family, a.controller, a.on, as)
	o.paragraph(w, "", a.says())
	if len(a.keys) > 1 {
		fmt.Fprintf(w, "\nKeys, the first one that an object has counts, even if it is empty\n")
	} else {
		fmt.Fprintf(w, "\nKey\n")
	}
	for _, key := range a.keys {
		fmt.Fprintf(w, "  %s\n", key)
	}
	if codes := a.findings(); len(codes) > 0 {
		fmt.Fprintf(w, "\nFindings about it\n")
		for _, info := range codes {
			fmt.Fprintf(w, "  %-22s %s\n", info.Code, info.Title)
		}
	}
}

// says is what the manual has on an annotation, in sentences.
func (a knownAnnotation) says() string {
	return strings.TrimSpace(strings.ToUpper(a.note[:1]) + a.note[1:] + ". " + a.becomes)
}

// findings are those that may be about it.
func (a knownAnnotation) findings() []diag.Info {
	var codes []diag.Info
	for _, info := range diag.All() {
		if mentions(info, a) || namesake(info, a) || slices.Contains(a.codes, info.Code) {
			codes = append(codes, info)
		}
	}
	return codes
}

// namesake tells whether a code is called as an annotation of Traefik is: W-RATELIMIT is
// about rate-limit. Codes about ingress-nginx have names of their own.
func namesake(info diag.Info, a knownAnnotation) bool {
	_, name, _ := strings.Cut(string(info.Code), "-")
	return a.controller != ingressNginx && squeeze(name) == squeeze(a.name)
}

// mentions tells whether the manual's entry of a code speaks of an annotation. Names of
// one word are words of every text, and controllers share names.
func mentions(info diag.Info, a knownAnnotation) bool {
	ofNginx := strings.Contains(string(info.Code), "-NGX-") || strings.Contains(info.Title+info.Explain, "nginx")
	if !strings.ContainsAny(a.name, "-.") || ofNginx != (a.controller == ingressNginx) {
		return false
	}
	text := " " + strings.NewReplacer(",", " ", ". ", " ", ":", " ", ";", " ", "(", " ", ")", " ").Replace(info.Title+" "+info.Explain+" "+info.Remedy+" ") + " "
	return strings.Contains(text, " "+a.name+" ")
}
