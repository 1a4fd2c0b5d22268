package traefikv1

import (
	"crypto/sha1" // the name that Traefik 1.7 gives its cookie, not a signature
	"encoding/hex"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v2"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// readService reads the annotations of the last Service of a backend, which hold
// for the whole backend. What makes the server refuse them leaves the frontend
// without a route.
func (b *backend) readService() []finding {
	if b.last == nil {
		return nil
	}
	r := serviceReader{b: b, ann: newAnnotations(b.last.Annotations)}
	r.balancer()
	r.maxConn()
	r.breaker()
	r.buffering()
	r.flush()
	r.report()
	return r.problems
}

type serviceReader struct {
	b        *backend
	ann      annotations
	problems []finding
}

func (r *serviceReader) say(code diag.Code, key, text string) {
	d := diag.New(code, diag.Object{Kind: "Service", Namespace: r.b.namespace, Name: r.b.last.Name}, annotationField(key), text)
	r.b.lastAt.src.add(d.WithValue(r.ann.value(key)))
}

// refuse notes a reason why the frontend is dropped.
func (r *serviceReader) refuse(f finding, name, text string) {
	key := r.ann.key(name)
	f.field = ""
	f.value = r.ann.value(key)
	f.text = "annotation " + key + " of Service " + r.b.last.Name + ": " + text
	r.problems = append(r.problems, f)
}

// text reads a string and unescapes it.
func (r *serviceReader) text(name string) string {
	value, err := tomlString(r.ann.str(name, ""))
	if err != nil {
		r.refuse(brokenTOML("", "", err), name, "the value cannot be read back by Traefik 1.7 ("+err.Error()+"), which then refuses every change of every Ingress")
	}
	return value
}

// balancer reads the balancing method and stickiness.
func (r *serviceReader) balancer() {
	switch method := r.ann.str("load-balancer-method", ""); method {
	case "", "wrr":
	case "drr":
		r.say(diag.WDRR, r.ann.key("load-balancer-method"), "the target has no dynamic weights: requests are spread evenly")
	default:
		r.say(diag.IAnnIgnored, r.ann.key("load-balancer-method"), "Traefik 1.7 only knows wrr and drr and takes wrr")
	}
	if strings.EqualFold(strings.TrimSpace(r.ann.str("sticky", "")), "true") {
		r.b.sticky = &ir.Sticky{CookieName: "_TRAEFIK_BACKEND"}
	}
	if !r.ann.boolean("affinity", false) {
		return
	}
	key, _ := tomlString(r.b.key)
	r.b.sticky = &ir.Sticky{
		CookieName: cookieName(r.text("session-cookie-name"), key),
		Secure:     r.ann.boolean("session-secure", false),
		HTTPOnly:   r.ann.boolean("session-http-only", false),
	}
	switch sameSite := r.text("session-same-site"); sameSite {
	case "", "none", "lax", "strict":
		r.b.sticky.SameSite = sameSite
	default:
		r.say(diag.IAnnIgnored, r.ann.key("session-same-site"), "Traefik 1.7 only knows none, lax and strict in lower case")
	}
}

// cookieName is the name of the sticky cookie: characters that are not allowed in
// a token become underscores; without a name it is a hash of the backend's key.
// It is always written out, so that sessions survive the move.
func cookieName(name, key string) string {
	if name == "" {
		sum := sha1.Sum([]byte("_TRAEFIK_BACKEND_" + key))
		return ("_" + hex.EncodeToString(sum[:]))[:6]
	}
	return strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', strings.ContainsRune("!#$%&'*+-.^`|~", r):
			return r
		}
		return '_'
	}, name)
}

func (r *serviceReader) maxConn() {
	amount, source := r.ann.integer64("max-conn-amount", -1), r.text("max-conn-extractor-func")
	if amount < 0 || source == "" {
		for _, name := range [...]string{"max-conn-amount", "max-conn-extractor-func"} {
			if a := r.ann.find(name); a != nil {
				r.say(diag.IAnnIgnored, a.key, "max-conn-amount (not negative) and max-conn-extractor-func only work together")
			}
		}
		return
	}
	if amount == 0 {
		r.say(diag.IAnnIgnored, r.ann.key("max-conn-amount"), "0 means no limit")
		return
	}
	criterion, ok := parseExtractor(source)
	if !ok {
		r.refuse(dropped("", ""), "max-conn-extractor-func", "none of client.ip, request.host, request.header.NAME, so Traefik 1.7 drops the route")
		return
	}
	r.b.maxConn = &ir.InFlightReq{Amount: amount, Source: criterion}
}

// parseExtractor reads what counts as one source.
func parseExtractor(text string) (ir.SourceCriterion, bool) {
	switch {
	case text == "client.ip":
		return ir.SourceCriterion{ClientIP: true}, true
	case text == "request.host":
		return ir.SourceCriterion{RequestHost: true}, true
	}
	header, ok := strings.CutPrefix(text, "request.header.")
	return ir.SourceCriterion{RequestHeader: header}, ok && header != ""
}

func (r *serviceReader) breaker() {
	expression := r.text("circuit-breaker-expression")
	if expression == "" {
		return
	}
	if !validBreaker(expression) {
		r.refuse(dropped("", ""), "circuit-breaker-expression", "the expression is refused, so Traefik 1.7 drops the route")
		return
	}
	r.b.breaker = &ir.CircuitBreaker{Expression: expression}
}

// bufferingYAML has the keys that Traefik 1.7 reads: its field names in lower case.
type bufferingYAML struct {
	MaxRequestBodyBytes  int64
	MemRequestBodyBytes  int64
	MaxResponseBodyBytes int64
	MemResponseBodyBytes int64
	RetryExpression      string
}

func (r *serviceReader) buffering() {
	raw := r.ann.str("buffering", "")
	if raw == "" {
		return
	}
	var y bufferingYAML
	if err := yaml.Unmarshal([]byte(raw), &y); err != nil {
		r.say(diag.IAnnIgnored, r.ann.key("buffering"), "not the YAML that Traefik 1.7 expects, so it does not buffer")
		return
	}
	for _, key := range unknownKeys(raw, bufferingYAML{}) {
		r.say(diag.IAnnIgnored, r.ann.key("buffering"), "key "+key+" is not known (keys are all lower case)")
	}
	expression, err := tomlString(y.RetryExpression)
	if err != nil {
		r.refuse(brokenTOML("", "", err), "buffering", "the retry expression cannot be read back by Traefik 1.7 ("+err.Error()+")")
		return
	}
	if expression != "" && !validRetry(expression) {
		r.refuse(dropped("", ""), "buffering", "the retry expression is refused, so Traefik 1.7 drops the route")
		return
	}
	for _, bytes := range [...]int64{y.MaxRequestBodyBytes, y.MemRequestBodyBytes, y.MaxResponseBodyBytes, y.MemResponseBodyBytes} {
		if bytes < 0 {
			r.refuse(dropped("", ""), "buffering", "a negative size ("+strconv.FormatInt(bytes, 10)+") is refused, so Traefik 1.7 drops the route")
			return
		}
	}
	r.b.buffering = &ir.Buffering{
		MaxRequestBodyBytes: y.MaxRequestBodyBytes, MemRequestBodyBytes: y.MemRequestBodyBytes,
		MaxResponseBodyBytes: y.MaxResponseBodyBytes, MemResponseBodyBytes: y.MemResponseBodyBytes,
		RetryExpression: expression,
	}
}

func (r *serviceReader) flush() {
	raw := r.text("responseforwarding-flushinterval")
	if raw == "" {
		return
	}
	interval, err := parseDuration(raw)
	if err != nil {
		r.refuse(dropped("", ""), "responseforwarding-flushinterval", "not a duration, so Traefik 1.7 drops the route")
		return
	}
	r.b.flush = interval.String()
}

// report says which annotations of the Service could not be parsed or have no effect.
func (r *serviceReader) report() {
	for i := range r.ann {
		switch a := &r.ann[i]; {
		case a.known == nil:
		case a.malformed != "":
			r.say(diag.IAnnIgnored, a.key, a.malformed)
		case a.known.Family != familyService:
			r.say(diag.IAnnIgnored, a.key, "read from Ingresses, not from Services")
		case !a.read:
			r.say(diag.IAnnIgnored, a.key, "has no effect beside the other annotations of the Service")
		}
	}
}
