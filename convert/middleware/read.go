package middleware

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Source is the Traefik that runs the Middleware.
type Source struct {
	// V3: Traefik 3 ignores sslRedirect and its like, Traefik 2 obeys them.
	V3 bool
}

// Filters reads the JSON of a Middleware's spec. References of a chain are
// ir.ExistingMiddleware with the namespace they name, if any.
func Filters(spec string, source Source) ([]ir.Filter, error) {
	var kinds map[string]json.RawMessage
	if err := json.Unmarshal([]byte(spec), &kinds); err != nil {
		return nil, errors.New("its spec cannot be read")
	}
	names := slices.Sorted(maps.Keys(kinds))
	switch len(names) {
	case 0:
		return nil, errors.New("its spec is empty")
	case 1:
	default:
		return nil, fmt.Errorf("it is of several kinds (%s), which Traefik refuses", strings.Join(names, ", "))
	}
	kind := names[0]
	read, known := readers()[kind]
	if !known {
		return nil, fmt.Errorf("nothing here does what %s does", kind)
	}
	filters, err := read(kinds[kind], source)
	if err != nil {
		return nil, fmt.Errorf("%s %w", kind, err)
	}
	return filters, nil
}

type reader func(json.RawMessage, Source) ([]ir.Filter, error)

// readers are the kinds that can be read, by their name in the spec.
func readers() map[string]reader {
	return map[string]reader{
		"addPrefix":        plain(func(f struct{ Prefix string }) ir.Filter { return ir.AddPrefix{Prefix: f.Prefix} }),
		"basicAuth":        plain(func(f users) ir.Filter { return ir.BasicAuth(f) }),
		"buffering":        plain(func(f buffering) ir.Filter { return ir.Buffering(f) }),
		"chain":            chain,
		"circuitBreaker":   circuitBreaker,
		"compress":         unfiltered,
		"contentType":      unfiltered,
		"digestAuth":       plain(func(f users) ir.Filter { return ir.DigestAuth(f) }),
		"errors":           errorPages,
		"forwardAuth":      forwardAuth,
		"headers":          headers,
		"inFlightReq":      inFlight,
		"ipAllowList":      allowList,
		"ipWhiteList":      allowList,
		"rateLimit":        rateLimit,
		"redirectRegex":    plain(func(f redirectRegex) ir.Filter { return ir.RedirectRegex(f) }),
		"redirectScheme":   plain(func(f redirectScheme) ir.Filter { return ir.RedirectScheme(f) }),
		"replacePath":      plain(func(f struct{ Path string }) ir.Filter { return ir.ReplacePath{Path: f.Path} }),
		"replacePathRegex": plain(func(f struct{ Regex, Replacement string }) ir.Filter { return ir.ReplacePathRegex(f) }),
		"retry":            plain(func(f struct{ Attempts int }) ir.Filter { return ir.Retry{Attempts: f.Attempts} }),
		"stripPrefix":      plain(func(f stripPrefix) ir.Filter { return ir.StripPrefix(f) }),
	}
}

type (
	users struct {
		Secret, HeaderField, Realm string
		RemoveHeader               bool
	}
	buffering struct {
		MaxRequestBodyBytes, MemRequestBodyBytes   int64
		MaxResponseBodyBytes, MemResponseBodyBytes int64
		RetryExpression                            string
	}
	redirectRegex struct {
		Regex, Replacement string
		Permanent          bool
	}
	redirectScheme struct {
		Scheme, Port string
		Permanent    bool
	}
	stripPrefix struct {
		Prefixes   []string
		ForceSlash bool
	}
)

// plain reads a kind whose fields are those of one filter.
func plain[T any](filter func(T) ir.Filter) reader {
	return func(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
		var f T
		if err := strict(raw, &f); err != nil {
			return nil, err
		}
		return []ir.Filter{filter(f)}, nil
	}
}

// strict refuses fields that the caller does not know: what they do would be lost.
func strict(raw json.RawMessage, to any) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(to)
	if err == nil {
		return nil
	}
	if _, field, ok := strings.Cut(err.Error(), "unknown field "); ok {
		return fmt.Errorf("has the field %s, which nothing here does", strings.Trim(field, `"`))
	}
	return errors.New("has a value of another type than Traefik reads")
}

// unfiltered is for kinds that protect nothing and that package ir has no filter
// for; Kind names them.
func unfiltered(json.RawMessage, Source) ([]ir.Filter, error) { return nil, nil }

// Kind is the name of what a Middleware does; empty when there is not one thing.
func Kind(spec string) string {
	var kinds map[string]json.RawMessage
	if err := json.Unmarshal([]byte(spec), &kinds); err != nil || len(kinds) != 1 {
		return ""
	}
	return slices.Collect(maps.Keys(kinds))[0]
}

func errorPages(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		Status  []string
		Query   string
		Service struct {
			Name, Namespace, Kind string
			Port                  intstr.IntOrString
		}
	}
	switch err := strict(raw, &f); {
	case err != nil:
		return nil, err
	case f.Service.Namespace != "" || f.Service.Kind != "" && f.Service.Kind != "Service":
		return nil, errors.New("asks something else than a Service of its namespace")
	}
	service := ir.Service{Name: f.Service.Name, PortNumber: f.Service.Port.IntVal, PortName: f.Service.Port.StrVal}
	return []ir.Filter{ir.ErrorPages{Status: f.Status, Query: f.Query, Service: ir.Backend{Services: []ir.Service{service}}}}, nil
}

func chain(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		Middlewares []struct{ Name, Namespace string }
	}
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	var filters []ir.Filter
	for _, m := range f.Middlewares {
		filters = append(filters, ir.ExistingMiddleware{Namespace: m.Namespace, Name: m.Name})
	}
	return filters, nil
}

func circuitBreaker(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		Expression                                      string
		CheckPeriod, FallbackDuration, RecoveryDuration json.RawMessage
		ResponseCode                                    int
	}
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	return []ir.Filter{ir.CircuitBreaker{Expression: f.Expression}}, nil
}

type ipStrategy struct {
	Depth       int
	ExcludedIPs []string
	IPv6Subnet  *int
}

func allowList(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		SourceRange      []string
		IPStrategy       *ipStrategy
		RejectStatusCode int
	}
	switch err := strict(raw, &f); {
	case err != nil:
		return nil, err
	case f.RejectStatusCode != 0 && f.RejectStatusCode != 403:
		return nil, errors.New("refuses with another status than 403")
	case f.IPStrategy != nil && f.IPStrategy.IPv6Subnet != nil:
		return nil, errors.New("takes a whole IPv6 network for one client")
	}
	list := ir.IPAllowList{SourceRange: f.SourceRange}
	if f.IPStrategy != nil {
		list.Depth, list.ExcludedIPs = f.IPStrategy.Depth, f.IPStrategy.ExcludedIPs
	}
	return []ir.Filter{list}, nil
}

type sourceCriterion struct {
	IPStrategy        *ipStrategy
	RequestHeaderName string
	RequestHost       bool
}

// criterion is what counts as one source; without one standard does.
func criterion(f *sourceCriterion, standard ir.SourceCriterion) (ir.SourceCriterion, error) {
	switch {
	case f == nil:
		return standard, nil
	case f.IPStrategy != nil && (f.IPStrategy.Depth != 0 || len(f.IPStrategy.ExcludedIPs) > 0 || f.IPStrategy.IPv6Subnet != nil):
		return standard, errors.New("looks for the client in X-Forwarded-For")
	case f.RequestHeaderName != "":
		return ir.SourceCriterion{RequestHeader: f.RequestHeaderName}, nil
	case f.RequestHost:
		return ir.SourceCriterion{RequestHost: true}, nil
	case f.IPStrategy != nil:
		return ir.SourceCriterion{ClientIP: true}, nil
	}
	return standard, nil
}

func rateLimit(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	f := struct {
		Average         int64
		Period          *intstr.IntOrString
		Burst           int64
		SourceCriterion *sourceCriterion
	}{Burst: 1}
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	// pkg/middlewares/ratelimiter: the client's address by default.
	source, err := criterion(f.SourceCriterion, ir.SourceCriterion{ClientIP: true})
	if err != nil {
		return nil, err
	}
	limit := ir.RateLimit{Average: f.Average, Burst: f.Burst, Period: "1s", Source: source}
	if f.Period != nil {
		limit.Period = f.Period.String()
		if f.Period.Type == intstr.Int {
			limit.Period = (time.Duration(f.Period.IntVal) * time.Second).String()
		}
	}
	return []ir.Filter{limit}, nil
}

func inFlight(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		Amount          int64
		SourceCriterion *sourceCriterion
	}
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	// pkg/middlewares/inflightreq: the host by default.
	source, err := criterion(f.SourceCriterion, ir.SourceCriterion{RequestHost: true})
	if err != nil {
		return nil, err
	}
	return []ir.Filter{ir.InFlightReq{Amount: f.Amount, Source: source}}, nil
}

func forwardAuth(raw json.RawMessage, _ Source) ([]ir.Filter, error) {
	var f struct {
		Address                                 string
		AuthResponseHeaders, AuthRequestHeaders []string
		TrustForwardHeader                      bool
		TLS                                     *struct {
			CASecret, CertSecret           string
			CAOptional, InsecureSkipVerify bool
		}
	}
	if err := strict(raw, &f); err != nil {
		return nil, err
	}
	auth := ir.ForwardAuth{
		Address: f.Address, ResponseHeaders: f.AuthResponseHeaders, RequestHeaders: f.AuthRequestHeaders, TrustForwardHeader: f.TrustForwardHeader,
	}
	if f.TLS != nil {
		auth.TLS, auth.TLSCertSecret, auth.InsecureSkipVerify = true, f.TLS.CertSecret, f.TLS.InsecureSkipVerify
	}
	return []ir.Filter{auth}, nil
}
