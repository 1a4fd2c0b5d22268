package manifest_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/traefik/traefik/v2/pkg/config/dynamic"
	"github.com/traefik/traefik/v2/pkg/provider/kubernetes/crd/traefikio/v1alpha1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/cli-runtime/pkg/printers"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/manifest"
)

// printed is what kubectl's printer makes of object: the judge of this package.
func printed(t fatal, object runtime.Object) string {
	u, ok := object.(*unstructured.Unstructured)
	if !ok {
		content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(object)
		if err != nil {
			t.Fatalf("encoding: %v", err)
		}
		u = &unstructured.Unstructured{Object: content}
		unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
		unstructured.RemoveNestedField(u.Object, "status")
	}
	var out bytes.Buffer
	if err := (&printers.YAMLPrinter{}).PrintObj(u, &out); err != nil {
		t.Fatalf("printing: %v", err)
	}
	return out.String()
}

type fatal interface {
	Fatalf(format string, args ...any)
}

// compare wants the printer's text, or none, of w.
func compare(t fatal, w *manifest.Writer, object runtime.Object) (written bool) {
	text, written := w.Append([]byte("before\n"), object)
	want := "before\n"
	if written {
		want += printed(t, object)
	}
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Fatalf("-printer +writer (written: %v):\n%s", written, diff)
	}
	return written
}

func meta(kind string) (metav1.TypeMeta, metav1.ObjectMeta) {
	return metav1.TypeMeta{APIVersion: "traefik.io/v1alpha1", Kind: kind},
		metav1.ObjectMeta{Namespace: "shop", Name: "cart", Labels: map[string]string{"a/b": "true", "a": "1.0", "Z": "x y"}}
}

// What a conversion emits day in, day out must take the short way.
func TestWritten(t *testing.T) {
	route := &v1alpha1.IngressRoute{}
	route.TypeMeta, route.ObjectMeta = meta("IngressRoute")
	weight := 0
	route.Spec = v1alpha1.IngressRouteSpec{
		EntryPoints: []string{"web"}, TLS: &v1alpha1.TLS{},
		Routes: []v1alpha1.Route{{
			Match: "Host(`a.example.com`, `a-very-long-name.example.com`) && PathPrefix(`/`) && !Header(`X-Forwarded-Proto`, `https`)", Kind: "Rule", Priority: 23,
			Middlewares: []v1alpha1.MiddlewareRef{{Name: "m"}},
			Services: []v1alpha1.Service{
				{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: "web", Port: intstr.FromInt32(80), Weight: &weight}},
				{LoadBalancerSpec: v1alpha1.LoadBalancerSpec{Name: "no", Port: intstr.FromString("8080"), Sticky: &dynamic.Sticky{Cookie: &dynamic.Cookie{}}}},
			},
		}},
	}
	empty := &v1alpha1.IngressRoute{}
	empty.TypeMeta, empty.ObjectMeta = meta("IngressRoute")
	empty.Spec.Routes = []v1alpha1.Route{}
	nameless := &v1alpha1.Middleware{}
	nameless.TypeMeta, _ = meta("Middleware")
	headers := &v1alpha1.Middleware{}
	headers.TypeMeta, headers.ObjectMeta = meta("Middleware")
	headers.Spec.Headers = &dynamic.Headers{CustomRequestHeaders: map[string]string{"X-Team": "shop", "X-Empty": "", "X": ": # '"}, FrameDeny: true}
	tree := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "v1", "kind": "X", "metadata": map[string]any{"name": "x", "creationTimestamp": nil},
		"spec": map[string]any{"none": nil, "lists": []any{[]any{"a", []any{}}, map[string]any{"b": int64(1), "c": []any{map[string]any{}}}}, "flag": false},
	}}
	w := manifest.NewWriter()
	for name, object := range map[string]runtime.Object{
		"route": route, "no routes": empty, "no metadata": nameless, "headers": headers, "unstructured": tree,
	} {
		if !compare(t, w, object) {
			t.Errorf("%s: left to the printer", name)
		}
	}
}

// What the writer does not understand is the printer's: each of these would
// otherwise be printed wrongly or has a form that is not worth knowing.
func TestLeftToThePrinter(t *testing.T) {
	object := func(spec any) *unstructured.Unstructured {
		return &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "X", "spec": spec}}
	}
	plugin := &v1alpha1.Middleware{}
	plugin.TypeMeta, plugin.ObjectMeta = meta("Middleware")
	plugin.Spec.Plugin = map[string]apiextensionsv1.JSON{"p": {Raw: []byte(`{"a":1}`)}}
	managed := object("x")
	managed.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: "kubectl"}})
	w := manifest.NewWriter()
	for name, object := range map[string]runtime.Object{
		"lines":          object("a\nb"),
		"other letters":  object("münchen"),
		"fraction":       object(1.5),
		"numbered keys":  object(map[string]any{"a10": "x", "a9": "y"}),
		"merge key":      object(map[string]any{"<<": "x"}),
		"own JSON":       plugin,
		"managed fields": managed,
		"no kind":        &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1"}},
		"a list":         &unstructured.UnstructuredList{},
	} {
		if text, written := w.Append(nil, object); written {
			t.Errorf("%s: written as\n%s", name, text)
		}
	}
}

// nasty are words that look like something else, or have to be quoted in one of
// YAML's ways.
var nasty = rapid.OneOf(
	rapid.SampledFrom([]string{
		"", " ", "~", "null", "Null", "true", "True", "yes", "No", "on", "OFF", "y", "N", "0", "1", "-1", "+1", "0x1F", "0o7", "010", "0b1",
		"1e3", "1.5", ".5", "-.inf", ".nan", "1_000", "12:30:45", "2001-01-01", "2001-1-1T1:1:1Z", "<<", "=", "-", "- a", "--- a", "...", "? a", ": a", "a:", "a: b", "a:b",
		"#a", "a #b", "a#b", "&a", "*a", "!a", "|", ">", "'", "\"", "%a", "@a", "`a`", "{}", "[]", "a,b", "[a", "a]", "a\tb", "a\nb", "a\n", "\na", "a\r", "ä", "\u2028",
		"\x00", "\x7f", "\u0085", "\ufeff", "\xff", "10.0.0.0/8", "1/2", "100r/s", "$1", "^a$", "\\d+", "a ", " a", "a  b", "truely", "false ", "nothing", "of", "Host(`a`)",
	}),
	rapid.StringMatching(`[ -~]{0,12}`),
	rapid.StringMatching(`[0-9+_.eExob:TZ-]{1,10}`),
	rapid.String(),
	long,
)

// long texts are broken into lines, at some of their spaces.
var long = rapid.OneOf(
	rapid.StringMatching("(Host|!Path|[a-z]{1,30})(\\(`[a-z]{1,20}`, ?`[a-z/]{1,20}`\\) && [a-z]{1,20} {1,2}){1,6}[a-z]{1,40}"),
	rapid.StringMatching(`[a-z"'0-9]([ -~]{1,30} {1,2}){2,8}[a-z]`),
)

func tree(depth int) *rapid.Generator[any] {
	leaf := rapid.OneOf(
		rapid.Map(nasty, func(s string) any { return s }),
		rapid.Map(rapid.Int64(), func(n int64) any { return n }),
		rapid.Map(rapid.Float64Range(-1e9, 1e9), func(n float64) any { return n }),
		rapid.Map(rapid.Bool(), func(b bool) any { return b }),
		rapid.Just[any](nil),
	)
	if depth == 0 {
		return leaf
	}
	below := rapid.Deferred(func() *rapid.Generator[any] { return tree(depth - 1) })
	return rapid.OneOf(
		leaf,
		rapid.Map(rapid.SliceOfN(below, 0, 3), func(list []any) any { return list }),
		rapid.Map(rapid.MapOfN(rapid.OneOf(nasty, rapid.StringMatching(`[a-zA-Z./-]{1,3}[0-9]?`)), below, 0, 4), func(m map[string]any) any { return m }),
	)
}

// Whatever is written is what the printer prints, whatever the words.
func TestSameAsThePrinter(t *testing.T) {
	w := manifest.NewWriter()
	rapid.Check(t, func(t *rapid.T) {
		compare(t, w, &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "X", "metadata": map[string]any{"name": nasty.Draw(t, "name")}, "spec": tree(4).Draw(t, "spec"),
		}})
		typed := &v1alpha1.Middleware{}
		typed.TypeMeta, typed.ObjectMeta = meta("Middleware")
		words := rapid.MapOfN(nasty, nasty, 0, 4)
		typed.Annotations = words.Draw(t, "annotations")
		typed.Spec.Headers = &dynamic.Headers{CustomRequestHeaders: words.Draw(t, "headers"), STSSeconds: rapid.Int64().Draw(t, "seconds")}
		typed.Spec.IPAllowList = &dynamic.IPAllowList{SourceRange: rapid.SliceOfN(nasty, 0, 3).Draw(t, "ranges")}
		typed.Spec.RedirectRegex = &dynamic.RedirectRegex{Regex: long.Draw(t, "regex")}
		compare(t, w, typed)
	})
}

// A word means the same the second time, and the memory for words has an end.
func TestManyWords(t *testing.T) {
	w := manifest.NewWriter()
	for i := range 10000 {
		for range 2 {
			object := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "X", "spec": fmt.Sprintf("%d", i)}}
			text, written := w.Append(nil, object)
			if want := fmt.Sprintf("apiVersion: v1\nkind: X\nspec: \"%d\"\n", i); !written || string(text) != want {
				t.Fatalf("%v %s", written, text)
			}
		}
	}
}
