package convert

import (
	"slices"
	"strconv"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// Controllers are the source controllers in play.
type Controllers struct {
	// InPlay are their dialects; the order does not matter.
	InPlay []Dialect
	// Guessed are those of them that nothing but the absence of anything else
	// speaks for.
	Guessed []Dialect `json:",omitempty"`
	// Seen are those that were found themselves, or named by somebody who knows
	// them; for others Ingresses are all that speaks.
	Seen []Dialect `json:",omitempty"`
}

// Detect finds the controllers that the Ingresses of a whole input are written
// for. A controller is in play when at least one Ingress that it serves
//
//	has annotations of its dialect            traefik-v1, traefik, nginx
//	names a class of it                       nginx; traefik by ingressClassName
//
// or, when no Ingress says which Traefik the class traefik or no class at all
// stands for: traefik-v1, which is a guess. Those that opts says to be seen are in
// play in any case.
func Detect(in Input, opts Options) Controllers {
	serve := newSelections(in, opts)
	shown := map[Dialect]bool{}
	var found Controllers
	if opts.Controllers != nil {
		found.Seen = opts.Controllers.Seen
	}
	for _, d := range found.Seen {
		shown[d] = true
	}
	orphans, traefikClass := false, false
	for _, entry := range in.Ingresses {
		if entry.Ingress == nil {
			continue
		}
		ing := entry.Ingress
		mine, byClass := spoken(ing, opts), classDialect(ing, &serve)
		for _, d := range mine {
			if serve.refusal(d, ing) == "" || d == FromNginx && !hasClass(ing) {
				shown[d] = true
			}
		}
		switch {
		case byClass == FromNginx, byClass == FromTraefik && !slices.Contains(mine, FromTraefikV1):
			shown[byClass] = true
		case len(mine) == 0 && serve.refusal(FromTraefikV1, ing) == "":
			orphans = true
			traefikClass = traefikClass || ing.Annotations[classKey] != ""
		}
	}
	if orphans && !shown[FromTraefikV1] && !shown[FromTraefik] && (traefikClass || len(shown) == 0) {
		shown[FromTraefikV1] = true
		found.Guessed = []Dialect{FromTraefikV1}
	}
	for _, d := range Dialects() {
		if shown[d] {
			found.InPlay = append(found.InPlay, d)
		}
	}
	return found
}

// classDialect is the dialect whose controller the class of an Ingress names.
// The annotation "traefik" leaves open which Traefik is meant.
func classDialect(ing *networkingv1.Ingress, serve *selections) Dialect {
	switch {
	case !hasClass(ing):
		return ""
	case serve.refusal(FromNginx, ing) == "":
		return FromNginx
	case ing.Spec.IngressClassName != nil && serve.refusal(FromTraefik, ing) == "":
		return FromTraefik
	}
	return ""
}

func hasClass(ing *networkingv1.Ingress) bool {
	return ing.Spec.IngressClassName != nil && *ing.Spec.IngressClassName != "" || ing.Annotations[classKey] != ""
}

// detector decides which dialect each Ingress is in.
type detector struct {
	opts  Options
	serve selections
	Controllers
}

func newDetector(in Input, opts Options) *detector {
	d := &detector{opts: opts, serve: newSelections(in, opts)}
	if opts.Controllers == nil || len(opts.Controllers.InPlay) == 0 {
		d.Controllers = Detect(in, opts)
		return d
	}
	d.Controllers = *opts.Controllers
	d.InPlay = both(Dialects(), d.InPlay)
	return d
}

// detected is what an Ingress is: its dialect, or why it has none.
type detected struct {
	dialect  Dialect
	why      string
	findings []diag.Diagnostic
}

// detect decides, of the controllers in play that serve the Ingress:
//
//	none                                          no dialect, the Ingress is skipped
//	one                                           that one
//	several, the class names the controller       that one
//	several, all annotations are of one dialect   that one
//	several                                       the first in the order of Dialects, a guess
//
// Where several serve it, all but one answer differently from the output.
func (d *detector) detect(ing *networkingv1.Ingress, object diag.Object) detected {
	var serving []Dialect
	var refusals []string
	for _, one := range d.InPlay {
		if why := d.serve.refusal(one, ing); why != "" {
			refusals = append(refusals, string(one)+": "+why)
		} else {
			serving = append(serving, one)
		}
	}
	mine := spoken(ing, d.opts)
	switch len(serving) {
	case 0:
		return d.nobody(ing, object, refusals)
	case 1:
		return d.single(ing, object, serving[0], mine)
	}
	others := func(one Dialect) string {
		var names []string
		for _, other := range serving {
			if other != one {
				names = append(names, other.Controller())
			}
		}
		return strings.Join(names, " and ")
	}
	one := d.meant(ing, serving, mine)
	if one != "" {
		return detected{dialect: one, findings: []diag.Diagnostic{diag.New(diag.IDialectShared, object, "",
			others(one)+" serves it as well; it is converted as "+one.Controller()+" serves it")}}
	}
	one = serving[0]
	return detected{dialect: one, findings: []diag.Diagnostic{diag.New(diag.WDialectGuess, object, "",
		others(one)+" serves it as well, and neither class nor annotations say which is meant: converted as "+string(one))}}
}

// meant is the dialect that class or annotations ask for; empty: they do not say.
func (d *detector) meant(ing *networkingv1.Ingress, serving, mine []Dialect) Dialect {
	mine = both(mine, serving)
	one := classDialect(ing, &d.serve)
	switch {
	case !slices.Contains(serving, one):
		return only(mine)
	case one == FromTraefik && only(mine) == FromTraefikV1:
		// The class says Traefik, the annotations which one.
		return FromTraefikV1
	}
	return one
}

// single is for the only controller in play that serves the Ingress.
func (d *detector) single(ing *networkingv1.Ingress, object diag.Object, one Dialect, mine []Dialect) detected {
	out := detected{dialect: one}
	say := func(code diag.Code, text string) {
		out.findings = append(out.findings, diag.New(code, object, "", text))
	}
	switch {
	case slices.Contains(d.Seen, one), slices.Contains(mine, one), classDialect(ing, &d.serve) == one:
	case ing.Spec.IngressClassName != nil && *ing.Spec.IngressClassName != "":
		say(diag.WDialectGuess, "ingressClassName "+strconv.Quote(*ing.Spec.IngressClassName)+" is another controller's, but "+one.Controller()+
			" does not read that field: converted as "+string(one))
	case len(mine) > 0:
		say(diag.WDialectGuess, "its annotations are of "+mine[0].Controller()+", which does not serve it by its class: converted as "+string(one))
	case slices.Contains(d.Guessed, one):
		say(diag.WDialectGuess, "nothing says which controller serves it: converted as "+string(one))
	default:
		say(diag.IDialectInput, "other Ingresses of the input are of "+one.Controller())
	}
	return out
}

// nobody is for an Ingress that no controller in play serves. One without a
// class may have been meant for any of them.
func (d *detector) nobody(ing *networkingv1.Ingress, object diag.Object, refusals []string) detected {
	if len(d.InPlay) == 0 {
		for _, one := range Dialects() {
			if why := d.serve.refusal(one, ing); why != "" {
				refusals = append(refusals, string(one)+": "+why)
			}
		}
	}
	out := detected{why: strings.Join(refusals, "; ")}
	if !hasClass(ing) {
		out.findings = []diag.Diagnostic{diag.New(diag.WDialectNone, object, "", "no controller in play serves it: "+out.why)}
	}
	return out
}
