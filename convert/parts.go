package convert

import (
	"maps"
	"slices"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// part is what one dialect makes of its Ingresses.
type part struct {
	dialect     Dialect
	translation ir.Translation
}

// translated is a whole input, each Ingress in its own dialect.
type translated struct {
	ir.Translation
	// dialects of the Ingresses, in input order; empty for those of no dialect.
	dialects []Dialect
	parts    []part
}

// translateAll divides the input among the dialects and joins what they say.
func translateAll(in Input, opts Options) translated {
	if opts.From != Auto {
		from := opts.From
		if from == "" {
			from = FromTraefikV1
		}
		translation := translateAs(from, in, opts)
		return translated{translation, slices.Repeat([]Dialect{from}, len(in.Ingresses)), []part{{from, translation}}}
	}
	d := newDetector(in, opts)
	out := translated{dialects: make([]Dialect, len(in.Ingresses))}
	outcomes := make([]ir.Outcome, len(in.Ingresses))
	findings := make([][]diag.Diagnostic, len(in.Ingresses))
	members := map[Dialect][]int{}
	for i, ing := range in.Ingresses {
		found := d.detect(ing.Ingress, diag.Object{Kind: "Ingress", Namespace: ing.Namespace, Name: ing.Name, File: ing.File})
		out.dialects[i], findings[i] = found.dialect, found.findings
		if found.dialect == "" {
			outcomes[i] = unserved(ing, found)
			continue
		}
		members[found.dialect] = append(members[found.dialect], i)
	}
	for _, dialect := range Dialects() {
		mine := members[dialect]
		if len(mine) == 0 {
			continue
		}
		own := in
		own.Ingresses = make([]ir.Ingress, 0, len(mine))
		for _, i := range mine {
			own.Ingresses = append(own.Ingresses, in.Ingresses[i])
		}
		p := part{dialect, translateAs(dialect, own, opts)}
		for n, i := range mine {
			outcomes[i] = p.translation.Ingresses[n]
			outcomes[i].Diagnostics = append(outcomes[i].Diagnostics, findings[i]...)
		}
		out.parts = append(out.parts, p)
	}
	out.Ingresses = outcomes
	if len(out.parts) > 1 {
		newMixture(in, &out).reconcile()
	}
	if len(out.parts) == 1 { // the usual case, without a copy
		only := out.parts[0].translation
		out.Routes, out.Certificates, out.Passthroughs = only.Routes, only.Certificates, only.Passthroughs
		return out
	}
	for _, p := range out.parts {
		out.Routes = append(out.Routes, p.translation.Routes...)
		out.Certificates = append(out.Certificates, p.translation.Certificates...)
		out.Passthroughs = append(out.Passthroughs, p.translation.Passthroughs...)
	}
	return out
}

// translateAs asks one dialect.
func translateAs(dialect Dialect, in Input, opts Options) ir.Translation {
	switch dialect {
	case FromTraefikV1:
		return traefikv1.Translate(in, opts.TraefikV1)
	case FromTraefik:
		return traefikingress.Translate(in, opts.Traefik)
	case FromNginx:
		return nginx.Translate(in, opts.Nginx)
	}
	return ir.Translation{}
}

// translate is what the dialects say, without their names.
func translate(in Input, opts Options) ir.Translation { return translateAll(in, opts).Translation }

// unserved is the outcome of an Ingress of no dialect: each annotation is named.
func unserved(ing ir.Ingress, found detected) ir.Outcome {
	out := ir.Outcome{
		Ingress: ir.Ref{Namespace: ing.Namespace, Name: ing.Name}, File: ing.File, Why: found.why, Diagnostics: found.findings,
	}
	for _, key := range slices.Sorted(maps.Keys(ing.Annotations)) {
		out.Annotations = append(out.Annotations, ir.Annotation{Key: key, Note: "no controller in play serves the Ingress"})
	}
	return out
}

// settings asks each dialect in play about its installation as a whole. What two
// of them say in the same words is said once.
func settings(all translated, opts Options) []diag.Diagnostic {
	var list []diag.Diagnostic
	for _, p := range all.parts {
		var own []diag.Diagnostic
		switch p.dialect {
		case FromTraefikV1:
			own = traefikv1.Checklist(opts.TraefikV1, p.translation)
		case FromTraefik:
			own = traefikingress.Settings(opts.Traefik)
		case FromNginx:
			own = nginx.Settings(opts.Nginx)
		}
		own = append(own, contentType(p.dialect, opts)...)
		for _, d := range own {
			if !slices.ContainsFunc(list, func(other diag.Diagnostic) bool {
				return other.Code == d.Code && other.Field == d.Field && other.Text == d.Text
			}) {
				list = append(list, d)
			}
		}
	}
	return list
}

// contentType is about answers of applications without a Content-Type: Traefik 1.7
// and 2 guess one, ingress-nginx and Traefik 3 do not.
func contentType(from Dialect, opts Options) []diag.Diagnostic {
	guesses := from == FromTraefikV1 || from == FromTraefik && !opts.Traefik.IsV3()
	controller := from.Controller()
	if from == FromTraefik {
		controller = "Traefik " + map[bool]string{true: "3", false: "2"}[opts.Traefik.IsV3()]
	}
	text := "the target adds a Content-Type to answers that have none, as " + controller + " does not"
	switch {
	case guesses == (opts.Target.Version == emit.V2):
		return nil
	case guesses:
		text = controller + " adds a Content-Type to answers that have none, the target does not unless a contentType middleware says so"
	}
	return []diag.Diagnostic{diag.New(diag.WContentType, diag.Object{Kind: "Installation", Name: string(from)}, "contentType", text)}
}
