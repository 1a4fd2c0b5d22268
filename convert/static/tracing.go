package static

import (
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// tracing carries the one backend that Traefik 1.7 uses; Traefik 3 has OTLP alone.
func (r *conversion) tracing() {
	s := r.first("tracing")
	if s == nil {
		return
	}
	if r.opts.Target == V3 {
		r.all(diag.EStaticTracing, "tracing", s, "")
		return
	}
	backend := r.text("tracing.backend")
	if r.settings["tracing.backend"] == nil {
		backend = "jaeger"
	}
	chosen, ok := map[string]string{"jaeger": "jaeger", "zipkin": "zipkin", "datadog": "datadog"}[backend]
	if !ok {
		r.all(diag.EStaticValue, "tracing", r.settings["tracing.backend"], "no tracer of Traefik 1.7: nothing is traced")
		return
	}
	r.done("tracing.backend", "tracing."+chosen)
	r.tree.set(Tree{}, "tracing", chosen)
	r.carryAll("tracing", []string{"tracing"}, [2]string{"servicename", "serviceName"}, [2]string{"spannamelimit", "spanNameLimit"})
	for _, other := range []string{"jaeger", "zipkin", "datadog"} {
		if other != chosen {
			r.ignore("tracing."+other, "Traefik 1.7 uses "+chosen)
		}
	}
	to := []string{"tracing", chosen}
	switch chosen {
	case "jaeger":
		r.carryAll("tracing.jaeger", to, [2]string{"samplingserverurl", "samplingServerURL"}, [2]string{"samplingtype", "samplingType"},
			[2]string{"samplingparam", "samplingParam"}, [2]string{"localagenthostport", "localAgentHostPort"}, [2]string{"tracecontextheadername", "traceContextHeaderName"})
	case "zipkin":
		r.zipkin()
	case "datadog":
		r.carryAll("tracing.datadog", to, [2]string{"localagenthostport", "localAgentHostPort"}, [2]string{"debug", "debug"},
			[2]string{"prioritysampling", "prioritySampling"}, [2]string{"traceidheadername", "traceIDHeaderName"},
			[2]string{"parentidheadername", "parentIDHeaderName"}, [2]string{"samplingpriorityheadername", "samplingPriorityHeaderName"},
			[2]string{"bagageprefixheadername", "bagagePrefixHeaderName"})
		r.globalTag()
	}
}

// zipkin speaks version 2 of the protocol since Traefik 2.
func (r *conversion) zipkin() {
	r.carryAll("tracing.zipkin", []string{"tracing", "zipkin"}, [2]string{"samespan", "sameSpan"}, [2]string{"id128bit", "id128Bit"})
	if s := r.settings["tracing.zipkin.debug"]; s != nil {
		r.find(diag.IStaticDropped, s, "Traefik 2 has no debugging of Zipkin")
	}
	s := r.settings["tracing.zipkin.httpendpoint"]
	if s == nil {
		return
	}
	endpoint := r.text(s.Path)
	if v2 := strings.Replace(endpoint, "/api/v1/spans", "/api/v2/spans", 1); v2 != endpoint {
		r.find(diag.WStaticOption, s, "the address ends in /api/v2/spans in the output, since Traefik 2 speaks that version")
		endpoint = v2
	}
	r.tree.set(endpoint, "tracing", "zipkin", "httpEndpoint")
	r.done(s.Path, "tracing.zipkin.httpEndpoint")
}

// globalTag is key:value in one text.
func (r *conversion) globalTag() {
	s := r.settings["tracing.datadog.globaltag"]
	if s == nil {
		return
	}
	key, tag, ok := strings.Cut(r.text(s.Path), ":")
	if !ok || key == "" || strings.Contains(key, ".") {
		r.find(diag.EStaticValue, s, "want key:value; Traefik 1.7 sets no tag")
		return
	}
	r.tree.set(tag, "tracing", "datadog", "globalTags", key)
	r.done(s.Path, "tracing.datadog.globalTags")
}
