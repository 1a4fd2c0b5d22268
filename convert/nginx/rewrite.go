package nginx

import (
	"regexp"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// rewrite is what reaches the backend instead of the requested path and host.
type rewrite struct {
	target   string
	useRegex bool
}

// slashed tells whether what is sent to pods begins with a slash.
func (r rewrite) slashed() bool {
	return r.target == "" || strings.ContainsAny(r.target[:1], "/$") || r.absolute()
}

// active tells whether the target changes a location of this path. Such a
// location turns its whole host into regular expressions.
func (r rewrite) active(path string) bool { return r.target != "" && r.target != path }

// absolute tells whether the target is another URL, so that nginx redirects.
func (r rewrite) absolute() bool {
	return strings.HasPrefix(r.target, "http://") || strings.HasPrefix(r.target, "https://")
}

var (
	// pathWithCapture is what the controller accepts in rewrite-target and app-root.
	pathWithCapture = regexp.MustCompile(`^[-._~a-zA-Z0-9/:$]*$`)
	// capture is $1 to $9: nginx reads one digit, so $10 is the first group and a zero.
	capture = regexp.MustCompile(`\$([0-9])`)
	// variable is any other use of a dollar sign.
	variable = regexp.MustCompile(`\$([^0-9]|$)`)
	// aliasRegexp begins a server-alias that is an expression.
	hostName = regexp.MustCompile(`^(\*\.)?[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
)

func (t *translator) readRewrite(s *source, x *settings) {
	x.rewrite.useRegex = s.ann.boolean("use-regex", false)
	if target, ok := s.ann.find("rewrite-target"); ok {
		switch {
		case !pathWithCapture.MatchString(target):
			s.ann.ignore("rewrite-target", "the controller ignores a target with such characters")
		case variable.MatchString(target):
			x.rewrite.target = target
			x.withhold(s.of("rewrite-target", finding{code: diag.ENginxRewrite, text: "the target contains a variable of nginx"}))
		default:
			x.rewrite.target = target
			if !x.rewrite.slashed() {
				s.sayOf(diag.WNginxRewrite, "rewrite-target", "a path without a leading slash reaches pods as it is, which answer 400; Traefik 2 sends / instead, Traefik 3 answers 400")
			} else {
				s.sayOf(diag.WNginxRewrite, "rewrite-target", "")
			}
			if x.rewrite.absolute() {
				s.otherMethods("rewrite-target", 302)
			}
		}
	}
	if root, ok := s.ann.find("app-root"); ok {
		switch {
		case !strings.HasPrefix(root, "/") || !pathWithCapture.MatchString(root) || strings.Contains(root, "$"):
			s.ann.ignore("app-root", "not a path, so the controller ignores it")
		case root == "/":
			s.sayOf(diag.WNginxRedirect, "app-root", "nginx redirects / to itself for ever; the target answers it as if there were no app-root")
		default:
			x.appRoot = root
			s.otherMethods("app-root", 302)
		}
	}
	if host, ok := s.ann.find("upstream-vhost"); ok {
		if strings.Contains(host, "$") {
			x.withhold(s.of("upstream-vhost", finding{code: diag.ENginxRewrite, text: "the host contains a variable of nginx"}))
		}
		x.setRequest("Host", host)
	}
	if prefix, ok := s.ann.find("x-forwarded-prefix"); ok {
		switch {
		case x.rewrite.target == "":
			s.ann.ignore("x-forwarded-prefix", "sent only where the path is rewritten")
		case strings.Contains(prefix, "$"):
			s.sayOf(diag.ENginxRewrite, "x-forwarded-prefix", "the header is not sent: its value contains a variable of nginx")
		}
	}
	x.aliases = s.ann.list("server-alias")
}

// forwardedPrefix is the X-Forwarded-Prefix of a rewritten location.
func (s *source) forwardedPrefix() string {
	prefix := s.ann.str("x-forwarded-prefix", "")
	if strings.Contains(prefix, "$") {
		return ""
	}
	return prefix
}

// replacement writes a rewrite-target for Go: $1abc would read as the group
// named 1abc there.
func replacement(target string) string { return capture.ReplaceAllString(target, "$${$1}") }

// literal writes text that goes into a replacement as it is.
func literal(text string) string { return strings.ReplaceAll(text, "$", "$$") }

func (x *settings) setRequest(name, value string) {
	if x.request == nil {
		x.request = map[string]string{}
	}
	x.request[name] = value
}

func (x *settings) setResponse(name, value string) {
	if x.response == nil {
		x.response = map[string]string{}
	}
	x.response[name] = value
}
