package emit

import (
	"slices"
	"strconv"
	"strings"

	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (o *owner) sticky(s *ir.Sticky) *dynamic.Sticky {
	if lost := lostByV2(s); o.all.target.Version == V2 && lost != "" {
		o.loseSticky(lost)
	}
	if o.all.target.Version == V3 && !s.KeepsTerminating {
		o.once(diag.ITerminating)
	}
	return &dynamic.Sticky{Cookie: &dynamic.Cookie{
		Name: s.CookieName, Secure: s.Secure, HTTPOnly: s.HTTPOnly, SameSite: s.SameSite,
	}}
}

func (o *owner) loseSticky(lost string) {
	if !slices.Contains(o.stickyLost, lost) {
		o.stickyLost = append(o.stickyLost, lost)
	}
}

// lostByV2 says what of a cookie Traefik 2 cannot set.
func lostByV2(s *ir.Sticky) string {
	var lost []string
	if s.Path != "" {
		lost = append(lost, "path "+s.Path)
	}
	if s.Domain != "" {
		lost = append(lost, "domain "+s.Domain)
	}
	if s.MaxAge != 0 {
		lost = append(lost, "age of "+strconv.Itoa(s.MaxAge)+" seconds")
	}
	return strings.Join(lost, ", ")
}

// onlyV3 reports whether the cookie has fields that Traefik 2 has not.
func onlyV3(s *ir.Sticky) bool {
	return s != nil && (s.Path != "" || s.Domain != "" || s.MaxAge != 0)
}

// cookie is a sticky cookie with fields of Traefik 3 and the place of its section
// in an object: names of fields and indices of lists.
//
// Other fields of Traefik 3 travel the same way: sticky is nil then.
type cookie struct {
	sticky *ir.Sticky
	place  []any
	fields map[string]any
}

func weightedCookies(b ir.Backend) []cookie {
	var out []cookie
	if onlyV3(b.Sticky) {
		out = append(out, cookie{sticky: b.Sticky, place: []any{"spec", "weighted", "sticky", "cookie"}})
	}
	for i := range b.Services {
		if onlyV3(b.Services[i].Sticky) {
			out = append(out, cookie{sticky: b.Services[i].Sticky, place: []any{"spec", "weighted", "services", i, "sticky", "cookie"}})
		}
	}
	return out
}

// routeCookies is for the route at index i of an IngressRoute, when its backend
// is written there and not in a TraefikService.
func routeCookies(i int, b ir.Backend) []cookie {
	if len(b.Services) != 1 || b.Sticky != nil || b.Mirror != nil || !onlyV3(b.Services[0].Sticky) {
		return nil
	}
	return []cookie{{sticky: b.Services[0].Sticky, place: []any{"spec", "routes", i, "services", 0, "sticky", "cookie"}}}
}

func v3Cookies(b ir.Backend) []ir.Sticky {
	var out []ir.Sticky
	for _, c := range weightedCookies(b) {
		out = append(out, *c.sticky)
	}
	return out
}

// withCookies returns object with the fields that only Traefik 3 knows, which
// makes it unstructured: the types are those of Traefik 2. This is the one place
// for such fields.
func withCookies(object Object, cookies []cookie, target Target) Object {
	if len(cookies) == 0 || target.Version == V2 {
		return object
	}
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
	if err != nil {
		return object
	}
	for _, c := range cookies {
		section, ok := descend(fields, c.place).(map[string]any)
		if !ok {
			continue
		}
		for name, value := range c.fields {
			section[name] = value
		}
		if c.sticky == nil {
			continue
		}
		if c.sticky.Path != "" {
			section["path"] = c.sticky.Path
		}
		if c.sticky.Domain != "" {
			section["domain"] = c.sticky.Domain
		}
		if c.sticky.MaxAge != 0 {
			section["maxAge"] = int64(c.sticky.MaxAge)
		}
	}
	return &unstructured.Unstructured{Object: fields}
}

// descend returns what is at place, nil when there is nothing.
func descend(value any, place []any) any {
	for _, step := range place {
		switch step := step.(type) {
		case string:
			fields, _ := value.(map[string]any)
			value = fields[step]
		case int:
			list, _ := value.([]any)
			if step >= len(list) {
				return nil
			}
			value = list[step]
		}
	}
	return value
}
