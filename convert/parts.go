package convert

import (
	"cmp"
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

// translated is a group of Ingresses, each in its own dialect.
type translated struct {
	ir.Translation
	// dialects of the Ingresses, in input order; empty for those of no dialect.
	dialects []Dialect
	parts    []part
}

// conversion is one input on its way through the dialects.
type conversion struct {
	in   Input
	opts Options
	// dialects of the Ingresses, in input order; empty for those of no dialect.
	dialects []Dialect
	// detected is how they were found out; nil when the dialect is given.
	detected []detected
	// inPlay are the dialects that Ingresses are in, or the one that is given.
	inPlay []Dialect
	// v1 is nil until the dialect is asked for.
	v1 *traefikv1.Translator
}

func newConversion(in Input, opts Options) *conversion {
	c := &conversion{in: in, opts: opts}
	if opts.From != Auto {
		from := cmp.Or(opts.From, FromTraefikV1)
		c.dialects, c.inPlay = slices.Repeat([]Dialect{from}, len(in.Ingresses)), []Dialect{from}
		return c
	}
	d := newDetector(in, opts)
	c.dialects = make([]Dialect, len(in.Ingresses))
	c.detected = make([]detected, len(in.Ingresses))
	for i, ing := range in.Ingresses {
		c.detected[i] = d.detect(ing.Ingress, diag.Object{Kind: "Ingress", Namespace: ing.Namespace, Name: ing.Name, File: ing.File})
		c.dialects[i] = c.detected[i].dialect
	}
	c.inPlay = both(Dialects(), c.dialects)
	return c
}

// translate divides a group, whose first Ingress is at start, among the dialects and
// joins what they say.
func (c *conversion) translate(group Input, start int) translated {
	if c.detected == nil {
		from := c.inPlay[0]
		translation := c.translateAs(from, group)
		return translated{translation, c.dialects[start : start+len(group.Ingresses)], []part{{from, translation}}}
	}
	out := translated{dialects: c.dialects[start : start+len(group.Ingresses)]}
	outcomes := make([]ir.Outcome, len(group.Ingresses))
	members := map[Dialect][]int{}
	for i, ing := range group.Ingresses {
		found := c.detected[start+i]
		if found.dialect == "" {
			outcomes[i] = unserved(ing, found)
			continue
		}
		members[found.dialect] = append(members[found.dialect], i)
	}
	for _, dialect := range c.inPlay {
		mine := members[dialect]
		if len(mine) == 0 {
			continue
		}
		own := group
		own.Ingresses = make([]ir.Ingress, 0, len(mine))
		for _, i := range mine {
			own.Ingresses = append(own.Ingresses, group.Ingresses[i])
		}
		p := part{dialect, c.translateAs(dialect, own)}
		for n, i := range mine {
			outcomes[i] = p.translation.Ingresses[n]
			outcomes[i].Diagnostics = append(outcomes[i].Diagnostics, c.detected[start+i].findings...)
		}
		out.parts = append(out.parts, p)
	}
	out.Ingresses = outcomes
	if len(out.parts) > 1 {
		newMixture(group, &out).reconcile()
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
func (c *conversion) translateAs(dialect Dialect, in Input) ir.Translation {
	switch dialect {
	case FromTraefikV1:
		if c.v1 == nil {
			c.v1 = traefikv1.NewTranslator(in, c.opts.TraefikV1)
		}
		return c.v1.Translate(in.Ingresses)
	case FromTraefik:
		return traefikingress.Translate(in, c.opts.Traefik)
	case FromNginx:
		return nginx.Translate(in, c.opts.Nginx)
	}
	return ir.Translation{}
}

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
func (c *conversion) settings() []diag.Diagnostic {
	var list []diag.Diagnostic
	for _, dialect := range c.inPlay {
		var own []diag.Diagnostic
		switch dialect {
		case FromTraefikV1:
			own = traefikv1.Checklist(c.opts.TraefikV1, c.v1 != nil && c.v1.TakesExact())
		case FromTraefik:
			own = traefikingress.Settings(c.opts.Traefik)
		case FromNginx:
			own = nginx.Settings(c.opts.Nginx)
		}
		own = append(own, contentType(dialect, c.opts)...)
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
