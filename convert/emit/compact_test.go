package emit

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// One expression matches what the paths match one by one, in both versions.
func TestCompactPathsMatchTheSame(t *testing.T) {
	values := rapid.SampledFrom([]string{
		"/", "//", "/a", "/a/", "/a//", "/ab", "/a.b", "/axb", "/a/b", "/a/b/", "/b", "/b-c", "/b~c", "/b_c", "/{x}", "/{x", "/a+b", "/a b", "/é", "/(", "/a|b", "/a$", `/a\`, "/a\nb",
	})
	kinds := rapid.SampledFrom([]ir.PathKind{ir.PathExact, ir.PathPrefix, ir.PathSegmentPrefix, ir.PathExact, ir.PathPrefix, ir.PathRegexp})
	expressions := 0
	rapid.Check(t, func(t *rapid.T) {
		var paths []ir.Path
		for range rapid.IntRange(1, 8).Draw(t, "paths") {
			p := ir.Path{Kind: kinds.Draw(t, "kind"), Value: values.Draw(t, "value")}
			if p.Kind == ir.PathRegexp {
				p.Value = "^/[bc]"
			}
			paths = append(paths, p)
		}
		short := compact(paths)
		if slices.ContainsFunc(short, func(p ir.Path) bool { return p.Kind == ir.PathRegexp && p.Value != "^/[bc]" }) {
			expressions++
		}
		for _, v := range []Version{V2, V3} {
			long, _, err := rule(ir.Match{Paths: paths}, v)
			if err != nil {
				t.Fatal(err)
			}
			one, _, err := rule(ir.Match{Paths: short}, v)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range []string{"/", "//", "/a", "/a/", "/a//", "/a//x", "/ab", "/abc", "/a.b", "/axb", "/a/b", "/a/b/c", "/b", "/bc", "/b-c", "/b~c", "/b_c/d", "/{x}", "/a+b", "/a b", "/é", "/a|b", "/a$", `/a\`, "/A", "/a\n", "/a\nb", "/c", "/zzz"} {
				r := request{path: path}
				want, err := evaluate(long, v, r)
				if err != nil {
					t.Fatal(err)
				}
				if got, err := evaluate(one, v, r); err != nil || got != want {
					t.Fatalf("Traefik %d, %q: %v of %s, want %v of %s (%v)", v, path, got, one, want, long, err)
				}
			}
		}
	})
	if expressions == 0 {
		t.Error("no expression was written, so nothing was tested")
	}
}
