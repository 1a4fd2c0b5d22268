package static

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// guard decides whether an entry point has to be left out: when what it does to
// every request cannot be done in the target, so that requests would be let
// through that are refused, or sent elsewhere, today.
func (r *conversion) guard(name string) {
	root := "entrypoints." + name
	keep := func(code diag.Code, path, text string) {
		r.blocked[name] = true
		r.block(code, r.first(path), text)
	}
	if address := r.text(root + ".address"); !validAddress(address) {
		r.blocked[name] = true
		r.find(diag.EStaticValue, r.first(root), "the entry point has no address such as :80")
	}
	for _, s := range r.below(root) {
		if strings.Contains(s.Path, "?refused") {
			keep(diag.EStaticEntryPoint, s.Path, "entry point "+name+" is left out, since it is not known what is meant")
		}
	}
	if r.needsObjects(name) {
		r.roomForObjects(name, keep)
	}
	redirect := r.text(root + ".redirect.entrypoint")
	switch {
	case redirect != "" && !r.names["entrypoints"][redirect]:
		keep(diag.EStaticEntryPoint, root+".redirect.entrypoint", "it redirects to entry point "+redirect+", which does not exist: without the redirect its routes would be served in the clear")
		return
	case redirect != "" && (r.has(root+".auth") || r.has(root+".whitelist")) && r.hasPages(name):
		keep(diag.EStaticEntryPoint, root, "its users and allow list count for Traefik's own pages alone, since every other request is redirected")
		return
	case redirect != "":
		// Every request is redirected before users and addresses are looked at.
		for _, section := range []string{".auth", ".compress", ".whitelist"} {
			r.ignore(root+section, "every request is redirected before it counts")
		}
		return
	}
	if r.flag(root+".whitelist.usexforwardedfor", false) {
		keep(diag.EWhitelistXFF, root+".whitelist.usexforwardedfor", "entry point "+name+" is left out")
	}
	if r.has(root+".whitelist") && len(r.list(root+".whitelist.sourcerange")) == 0 {
		keep(diag.EStaticEntryPoint, root+".whitelist", "an allow list without ranges: Traefik 1.7 does not open the entry point")
	}
	if auth := root + ".auth"; r.has(auth) && !r.has(auth+".basic") && !r.has(auth+".digest") && !r.has(auth+".forward") {
		keep(diag.EStaticEntryPoint, auth, "the section says nothing about users: Traefik 1.7 answers no request")
	}
}

// hasPages tells whether Traefik's own pages are on an entry point, which are
// not redirected (configuration/router/internal_router.go).
func (r *conversion) hasPages(name string) bool {
	for _, section := range []string{"api", "metrics.prometheus", "rest"} {
		if on := r.text(section + ".entrypoint"); r.has(section) && (on == name || on == "" && name == defaultInternal) {
			return true
		}
	}
	return false
}

// roomForObjects keeps an entry point back whose objects nobody would see.
func (r *conversion) roomForObjects(name string, keep func(diag.Code, string, string)) {
	root := "entrypoints." + name
	if !r.has("kubernetes") {
		keep(diag.EStaticEntryPoint, root, "without the Kubernetes provider there is nowhere to put its middlewares and TLS options")
	}
	if namespaces := r.list("kubernetes.namespaces"); len(namespaces) > 0 && !slices.Contains(namespaces, r.opts.Namespace) {
		keep(diag.EStaticEntryPoint, root, fmt.Sprintf("its objects are in namespace %s, which is none of kubernetes.namespaces: name one of these with --namespace", r.opts.Namespace))
	}
}

// needsObjects tells whether an entry point is safe only with objects beside the
// configuration.
func (r *conversion) needsObjects(name string) bool {
	return r.guarded(name) || r.asksForCertificates(name)
}

// asksForCertificates tells whether clients have to show certificates.
func (r *conversion) asksForCertificates(name string) bool {
	return len(r.list("entrypoints."+name+".tls.clientca.files")) > 0
}

// guarded tells whether an entry point has middlewares.
func (r *conversion) guarded(name string) bool {
	root := "entrypoints." + name
	if r.text(root+".redirect.entrypoint") != "" {
		return false
	}
	return r.has(root+".auth") || r.has(root+".whitelist") || r.flag(root+".compress", false) || r.text(root+".redirect.regex") != ""
}

// protect makes Middlewares of what an entry point does to every request, in the
// order of Traefik 1.7 (server/server_middlewares.go): redirect, users, compress,
// allow list.
func (r *conversion) protect(name string, at func(...string) []string) {
	root := "entrypoints." + name
	var chain []string
	link := func(tag string, spec map[string]any) {
		object := r.object("Middleware", r.objectName(name, tag), spec)
		r.objects = append(r.objects, object)
		chain = append(chain, r.reference(object.GetName()))
	}
	if r.asksForCertificates(name) {
		// It admits everybody and is there for its name: without the objects, and so
		// without the TLSOption among them, no route of the entry point works.
		link("guard", map[string]any{"ipAllowList": map[string]any{"sourceRange": []any{"0.0.0.0/0", "::/0"}}})
	}
	if regex := r.text(root + ".redirect.regex"); regex != "" && r.text(root+".redirect.entrypoint") == "" {
		link("redirect", map[string]any{"redirectRegex": map[string]any{
			"regex": regex, "replacement": r.text(root + ".redirect.replacement"), "permanent": r.flag(root+".redirect.permanent", false),
		}})
		r.linked(root+".redirect", at)
	} else if regex == "" && r.text(root+".redirect.entrypoint") == "" {
		r.ignore(root+".redirect", "without entryPoint or regex nothing is redirected")
	}
	r.users(name, link)
	if r.has(root + ".auth") {
		r.linked(root+".auth", at)
	}
	if r.flag(root+".compress", false) {
		// Traefik 1.7 compresses answers from 1,400 bytes on, with gzip alone.
		compress := map[string]any{"minResponseBodyBytes": int64(1400)}
		if r.opts.Target == V3 {
			compress["encodings"] = []any{"gzip"}
		}
		link("compress", map[string]any{"compress": compress})
		r.linked(root+".compress", at)
	} else if s := r.settings[root+".compress"]; s != nil && !s.taken {
		r.find(diag.IStaticIgnored, s, "false is the default")
	}
	if ranges := r.list(root + ".whitelist.sourcerange"); len(ranges) > 0 && r.text(root+".redirect.entrypoint") == "" {
		link("allow", map[string]any{"ipAllowList": map[string]any{"sourceRange": texts(ranges)}})
		r.linked(root+".whitelist", at)
	}
	if len(chain) > 0 {
		r.tree.set(chain, at("http", "middlewares")...)
		r.find(diag.WStaticMiddleware, r.first(root), strings.Join(chain, ", "))
	}
}

// linked notes that everything in a section went into the chain.
func (r *conversion) linked(section string, at func(...string) []string) {
	r.done(section, dotted(at("http", "middlewares")))
	for _, s := range r.below(section) {
		r.done(s.Path, dotted(at("http", "middlewares")))
	}
}

// users makes a middleware of the users of an entry point: basic before digest
// before forward (middlewares/auth/authenticator.go).
func (r *conversion) users(name string, link func(string, map[string]any)) {
	root := "entrypoints." + name + ".auth"
	if r.text("entrypoints."+name+".redirect.entrypoint") != "" {
		return
	}
	for _, kind := range []string{"basic", "digest"} {
		section := root + "." + kind
		if !r.has(section) {
			continue
		}
		secret := r.objectName(name, "users")
		if s := r.settings[section+".usersfile"]; s != nil {
			text := fmt.Sprintf("put the lines of the file into the key users of Secret %s/%s", r.opts.Namespace, secret)
			if len(r.list(section+".users")) > 0 {
				text += ", and the users of the configuration with them"
			}
			r.find(diag.EStaticFile, s, text)
		} else {
			r.objects = append(r.objects, r.secret(secret, r.list(section+".users")))
		}
		spec := map[string]any{"secret": secret}
		if r.flag(section+".removeheader", false) {
			spec["removeHeader"] = true
		}
		if field := r.text(root + ".headerfield"); field != "" {
			spec["headerField"] = field
		}
		link(kind, map[string]any{kind + "Auth": spec})
		return
	}
	if !r.has(root + ".forward") {
		return
	}
	link("forward", map[string]any{"forwardAuth": r.forward(name, root+".forward")})
}

func (r *conversion) forward(name, section string) map[string]any {
	spec := map[string]any{"address": r.text(section + ".address")}
	if headers := r.list(section + ".authresponseheaders"); len(headers) > 0 {
		spec["authResponseHeaders"] = texts(headers)
	}
	if r.flag(section+".trustforwardheader", false) {
		spec["trustForwardHeader"] = true
	}
	if !r.has(section + ".tls") {
		return spec
	}
	tls := map[string]any{}
	if r.flag(section+".tls.insecureskipverify", false) {
		tls["insecureSkipVerify"] = true
	}
	for _, part := range []string{"ca", "cert", "key"} {
		if s := r.settings[section+".tls."+part]; s != nil {
			kind := strings.Replace(part, "key", "cert", 1)
			secret := r.objectName(name, "forward-"+kind)
			tls[kind+"Secret"] = secret
			r.find(diag.EStaticFile, s, fmt.Sprintf("put it into Secret %s/%s", r.opts.Namespace, secret))
		}
	}
	if s := r.settings[section+".tls.caoptional"]; s != nil {
		r.find(diag.IStaticDropped, s, "it means nothing to a client of the authentication server")
	}
	spec["tls"] = tls
	return spec
}

// objectName is the name of an object that belongs to an entry point.
func (r *conversion) objectName(entryPoint, tag string) string {
	clean := strings.Map(func(c rune) rune {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9':
			return c
		}
		return '-'
	}, strings.ToLower(r.targets[entryPoint]))
	return "entrypoint-" + strings.Trim(clean, "-") + "-" + tag
}

// reference names an object for the static configuration.
func (r *conversion) reference(name string) string {
	return r.opts.Namespace + "-" + name + "@kubernetescrd"
}

// object makes an object of Traefik's that the provider of the output sees.
func (r *conversion) object(kind, name string, spec map[string]any) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "traefik.io/v1alpha1", "kind": kind, "spec": spec}}
	u.SetNamespace(r.opts.Namespace)
	u.SetName(name)
	if class := r.text("kubernetes.ingressclass"); class != "" {
		u.SetAnnotations(map[string]string{"kubernetes.io/ingress.class": class})
	}
	if selector := r.text("kubernetes.labelselector"); selector != "" {
		// The selector filters Traefik's own objects as well.
		set, err := labels.ConvertSelectorToLabelsMap(selector)
		if err != nil {
			r.find(diag.EStaticLabels, r.settings["kubernetes.labelselector"], "")
		} else {
			u.SetLabels(set)
		}
	}
	return u
}

func (r *conversion) secret(name string, users []string) *corev1.Secret {
	return &corev1.Secret{
		TypeMeta:   metav1.TypeMeta{APIVersion: "v1", Kind: "Secret"},
		ObjectMeta: metav1.ObjectMeta{Namespace: r.opts.Namespace, Name: name},
		Type:       corev1.SecretTypeOpaque,
		Data:       map[string][]byte{"users": []byte(strings.Join(users, "\n") + "\n")},
	}
}

func texts(list []string) []any {
	var out []any
	for _, text := range list {
		out = append(out, text)
	}
	return out
}
