package nginx

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (t *translator) readObservability(s *source, x *settings) {
	observe := ir.Observability{}
	off := false
	if !s.ann.boolean("enable-access-log", true) {
		observe.AccessLogs = &off
	}
	if s.ann.has("enable-opentelemetry") {
		global := t.config.boolean("enable-opentelemetry", false)
		switch own := s.ann.boolean("enable-opentelemetry", global); {
		case !own:
			observe.Tracing = &off
		case !global:
			s.sayOf(diag.EAnnUnconverted, "enable-opentelemetry", "traces are a matter of the target's static configuration (tracing)")
		}
	}
	if observe.AccessLogs != nil || observe.Tracing != nil {
		x.observe = &observe
	}
}
