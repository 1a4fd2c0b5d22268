package emit

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"

	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	"k8s.io/apimachinery/pkg/util/validation"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestPlainNames(t *testing.T) {
	long := strings.Repeat("a", 253)
	for name, tc := range map[string]struct {
		ingress string
		same    bool
	}{
		"usual":                 {"cart", true},
		"dots":                  {"cart.v1", true},
		"ends in a date":        {"promo-20240101", true},
		"ends like a hash":      {"cart-tls-deadbeef", true},
		"is the name of a twin": {taggedName("shop", "cart", "tls"), false},
		"of a certificate":      {taggedName("shop", "cart", "cert-my-secret"), false},
		"of another namespace":  {taggedName("blog", "cart", "tls"), true},
		"longest":               {long, false},
		"not a name":            {"Not A Name_", false},
		"empty":                 {"", false},
	} {
		got := plainName("shop", tc.ingress)
		if (got == tc.ingress) != tc.same {
			t.Errorf("%s: got %q for %q", name, got, tc.ingress)
		}
		if errs := validation.IsDNS1123Subdomain(got); errs != nil {
			t.Errorf("%s: %q: %v", name, got, errs)
		}
	}
}

func TestSubdomain(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOfN(rapid.SampledFrom([]rune("ab1-.A_/é ")), 0, 12, -1).Draw(t, "s")
		got := subdomain(s)
		if errs := validation.IsDNS1123Subdomain(got); errs != nil {
			t.Fatalf("%q gives %q: %v", s, got, errs)
		}
		if valid := len(validation.IsDNS1123Subdomain(s)) == 0; valid != (got == s) {
			t.Fatalf("%q gives %q", s, got)
		}
	})
}

// Traefik's identities (provider.Normalize of namespace-name, for routers with a
// hash of the match) are different for different objects, and all names are
// valid and unique per kind and namespace.
func TestObjectsNeverShareAnIdentity(t *testing.T) {
	namespaces := rapid.SampledFrom([]string{"a", "a-b", "a--b", "a-b-c"})
	names := rapid.SampledFrom([]string{"b-c", "b.c", "c", "b-c-d", "c-d", "d", "b-c.d", "c-tls"})
	rapid.Check(t, func(t *rapid.T) {
		var in ir.Translation
		for range rapid.IntRange(1, 12).Draw(t, "routes") {
			r := at(rapid.SampledFrom([]string{"/a", "/b"}).Draw(t, "path"))
			r.Owner = ir.Ref{Namespace: namespaces.Draw(t, "namespace"), Name: names.Draw(t, "name")}
			if rapid.Bool().Draw(t, "tls") {
				r.TLS = &ir.TLS{SecretName: rapid.SampledFrom([]string{"", "x", "y"}).Draw(t, "secret")}
			}
			if rapid.Bool().Draw(t, "twin name") {
				r.Owner.Name = taggedName(r.Owner.Namespace, r.Owner.Name, "tls")
			}
			r.EntryPoints = rapid.SampledFrom([][]string{{"web"}, {"alt"}, {"web", "alt"}, {"web-alt"}}).Draw(t, "entry points")
			if rapid.Bool().Draw(t, "auth") {
				r.Filters = []ir.Filter{ir.BasicAuth{Secret: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "users")}, ir.RateLimit{Average: 1, Burst: 1}}
			}
			in.Routes = append(in.Routes, r)
		}
		out, problems := Emit(in, Target{Version: rapid.SampledFrom([]Version{V2, V3}).Draw(t, "version")})
		if len(problems) > 0 {
			t.Fatalf("problems: %v", problems)
		}
		identities := map[string]string{}
		unique := func(id, what string) {
			if other, taken := identities[id]; taken {
				t.Fatalf("%s and %s are both %s", other, what, id)
			}
			identities[id] = what
		}
		for _, o := range out {
			kind := o.Object.GetObjectKind().GroupVersionKind().Kind
			what := kind + " " + o.Object.GetNamespace() + "/" + o.Object.GetName()
			if errs := validation.IsDNS1123Subdomain(o.Object.GetName()); errs != nil {
				t.Fatalf("%s: %v", what, errs)
			}
			unique(what, what)
			route, ok := o.Object.(*v1alpha1.IngressRoute)
			if !ok {
				unique(kind+normalize(o.Object.GetNamespace()+"-"+o.Object.GetName()), what)
				continue
			}
			for _, r := range route.Spec.Routes {
				key := fmt.Sprintf("%s-%.10x", route.Name, sha256.Sum256([]byte(r.Match)))
				unique("router "+normalize(route.Namespace+"-"+key), what+" "+r.Match)
			}
		}
	})
}

// normalize is what Traefik does to names: every run of other characters than
// letters and digits is one dash.
func normalize(s string) string {
	return strings.Join(strings.FieldsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9')
	}), "-")
}

func TestEqualHashesGetDifferentNames(t *testing.T) {
	o := &owner{ref: ir.Ref{Namespace: "n", Name: "i"}}
	first, isNew := o.named("auth", []byte("one"))
	if !isNew {
		t.Fatal("the first name is not new")
	}
	// As if the hash of "two" were that of "one".
	o.names[ContentName("n", "i", "auth", []byte("two"))] = []byte("one")
	second, isNew := o.named("auth", []byte("two"))
	if !isNew || second == first {
		t.Errorf("got %s, new %v", second, isNew)
	}
	if again, isNew := o.named("auth", []byte("two")); isNew || again != second {
		t.Errorf("got %s, new %v, want %s again", again, isNew, second)
	}
}

// An IngressRoute with fields of Traefik 3 alone is renamed as any other.
func TestClashOfIngressRoutesWithFieldsOfV3(t *testing.T) {
	sticky := func(r *ir.Route) {
		r.Backend.Services = []ir.Service{{Name: "web", PortNumber: 80, Sticky: &ir.Sticky{CookieName: "c", Path: "/"}}}
	}
	first, second := at("/", sticky), at("/", sticky)
	first.Owner, second.Owner = ir.Ref{Namespace: "a", Name: "b-c"}, ir.Ref{Namespace: "a-b", Name: "c"}
	out, _ := Emit(ir.Translation{Routes: []ir.Route{second, first}}, Target{Version: V3})
	if len(out) != 2 || out[0].Object.GetName() != "b-c" || out[1].Object.GetName() == "c" {
		t.Errorf("got %v", out)
	}
}
