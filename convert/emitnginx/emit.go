package emitnginx

import (
	"cmp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Emit writes the Ingresses for t, sorted by the Ingress of the source that each
// belongs to and by name. Of in only what is known of Services and Secrets is
// looked at. Every finding names the Ingress; settings are what the controller's
// ConfigMap has to say for the output to mean what it says.
func Emit(in ir.Input, t ir.Translation, target Target) (out []emit.Output, findings, settings []diag.Diagnostic) {
	all := newOwners(in, t, target)
	servers := all.servers(t.Routes)
	for _, s := range servers {
		s.locate()
	}
	shareUpstreams(servers)
	for _, s := range servers {
		s.write()
	}
	all.loadCertificates(t)
	for _, s := range servers {
		s.file()
	}
	slices.SortStableFunc(all.list, func(a, b *owner) int {
		return cmp.Or(strings.Compare(a.ref.Namespace, b.ref.Namespace), strings.Compare(a.ref.Name, b.ref.Name))
	})
	for _, o := range all.list {
		o.write()
		for _, object := range o.objects {
			out = append(out, emit.Output{Owner: o.ref, Object: object})
		}
		findings = append(findings, o.findings()...)
	}
	return out, findings, all.settings(len(out) > 0)
}
