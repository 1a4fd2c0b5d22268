package static

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// tlsOptions gives TLS options to entry points. One TLSOption called default
// counts for every route; others only for routes that name them, so an entry
// point that asks for client certificates and differs from another is left out.
func (r *conversion) tlsOptions() {
	var names []string
	for _, name := range r.members("entrypoints") {
		if r.has("entrypoints."+name+".tls") && !r.blocked[name] {
			names = append(names, name)
		}
	}
	same := !slices.ContainsFunc(names, func(name string) bool { return !reflect.DeepEqual(r.tlsKeys(name), r.tlsKeys(names[0])) })
	for i, name := range names {
		root := "entrypoints." + name + ".tls"
		clients := r.asksForCertificates(name)
		switch {
		case len(r.tlsKeys(name)) == 0:
			continue
		case !r.has("kubernetes"):
			r.find(diag.EStaticTLSOption, r.first(root), "without the Kubernetes provider there is nowhere to put them")
		case same && i == 0:
			r.objects = append(r.objects, r.object("TLSOption", "default", r.tlsSpec(name, "entrypoint-client-ca")))
			r.find(diag.IStaticCheck, r.first(root), "the TLSOption is called default and counts for every route; with another one of that name in the cluster neither counts")
		case !same && clients:
			r.leave(name, root+".clientca", "it asks for client certificates and other entry points with TLS do not ask for the same: routes with a tls section of their own would be served without the check")
			continue
		case !same:
			option := r.objectName(name, "tls")
			r.objects = append(r.objects, r.object("TLSOption", option, r.tlsSpec(name, "")))
			r.tlsReference(name, option)
		}
		for _, key := range []string{".minversion", ".ciphersuites", ".snistrict", ".clientca.files", ".clientca.optional"} {
			r.done(root+key, "TLSOption")
		}
	}
}

// leave keeps an entry point out of the output.
func (r *conversion) leave(name, path, text string) {
	r.blocked[name] = true
	r.block(diag.EStaticEntryPoint, r.first(path), text)
}

// tlsKeys are the TLS settings of an entry point that count for connections.
func (r *conversion) tlsKeys(name string) map[string]any {
	root, keys := "entrypoints."+name+".tls", map[string]any{}
	for _, key := range []string{".minversion", ".ciphersuites", ".clientca.files"} {
		if s := r.settings[root+key]; s != nil && s.value != "" && len(r.list(s.Path)) > 0 == (s.kind == "list") {
			keys[key] = s.value
		}
	}
	if r.flag(root+".snistrict", false) {
		keys[".snistrict"] = true
	}
	if keys[".clientca.files"] != nil && r.flag(root+".clientca.optional", false) {
		keys[".clientca.optional"] = true
	}
	return keys
}

func (r *conversion) tlsReference(name, option string) {
	r.tree.set(r.reference(option), "entryPoints", r.targets[name], "http", "tls", "options")
	r.find(diag.EStaticTLSOption, r.first("entrypoints."+name+".tls"), "routes with a tls section of their own need tls.options: {name: "+option+", namespace: "+r.opts.Namespace+"}")
}

func (r *conversion) tlsSpec(name, secret string) map[string]any {
	root, spec := "entrypoints."+name+".tls", map[string]any{}
	if version := r.text(root + ".minversion"); version != "" {
		spec["minVersion"] = version
	}
	if suites := r.list(root + ".ciphersuites"); len(suites) > 0 {
		spec["cipherSuites"] = texts(suites)
	}
	if r.flag(root+".snistrict", false) {
		spec["sniStrict"] = true
	}
	if s := r.settings[root+".clientca.files"]; s != nil && len(r.list(s.Path)) > 0 {
		check := "RequireAndVerifyClientCert"
		if r.flag(root+".clientca.optional", false) {
			check = "VerifyClientCertIfGiven"
		}
		spec["clientAuth"] = map[string]any{"secretNames": []any{secret}, "clientAuthType": check}
		r.find(diag.EStaticFile, s, fmt.Sprintf("put the authorities into the key tls.ca of Secret %s/%s", r.opts.Namespace, secret))
	}
	return spec
}

// secure makes an entry point speak TLS on every route, as it does in Traefik 1.7.
func (r *conversion) secure(name string, at func(...string) []string) {
	root := "entrypoints." + name + ".tls"
	r.tree.set(Tree{}, at("http", "tls")...)
	r.done(root, dotted(at("http", "tls")))
	if r.text("acme.entrypoint") == name && r.tree["certificatesResolvers"] != nil {
		r.tree.set(r.opts.Resolver, at("http", "tls", "certResolver")...)
	}
	if r.settings[root+".minversion"] == nil {
		r.find(diag.WTLSVersion, r.first(root), "")
	}
	for _, s := range r.below(root) {
		if s.kind == "text" && !s.taken && strings.HasSuffix(s.Path, "file") {
			r.find(diag.EStaticCertificate, s, path(r.text(s.Path)))
		}
	}
	for _, key := range []string{".snistrict", ".clientca.optional", ".clientca.files", ".ciphersuites", ".minversion", ".clientcafiles"} {
		if s := r.settings[root+key]; s != nil && !s.taken {
			r.find(diag.IStaticIgnored, s, "the value is the default")
		}
	}
}

// path shows the name of a file; a certificate may stand there itself.
func path(fileOrContent string) string {
	if strings.ContainsAny(fileOrContent, "\n\r") || strings.Contains(fileOrContent, "-----") || len(fileOrContent) > 200 {
		return "(content)"
	}
	return fileOrContent
}
