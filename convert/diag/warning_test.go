package diag

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWarning(t *testing.T) {
	const annotation = "metadata.annotations[traefik.ingress.kubernetes.io/rate-limit]"
	for name, tc := range map[string]struct {
		d    Diagnostic
		want string
	}{
		"whole": {
			New(WDRR, Object{Namespace: "a", Name: "b"}, "", ""),
			"ingress-migrate: a/b: drr becomes plain round robin (W-DRR); kubectl ingress-migrate explain W-DRR",
		},
		"hint does not fit": {
			New(WRateLimit, Object{Namespace: "shop", Name: "cart"}, annotation, ""),
			"ingress-migrate: rate-limit on shop/cart: rate limiting differs in detail (W-RATELIMIT)",
		},
		"annotation does not fit": {
			New(WRateLimit, Object{Namespace: "shop", Name: strings.Repeat("c", 40)}, annotation, ""),
			"ingress-migrate: shop/" + strings.Repeat("c", 40) + ": rate limiting differs in detail (W-RATELIMIT)",
		},
		"name does not fit": {
			New(WRateLimit, Object{Namespace: "shop", Name: strings.Repeat("c", 253)}, annotation, ""),
			"ingress-migrate: shop/" + strings.Repeat("c", 48) + "...: rate limiting differs in detail (W-RATELIMIT)",
		},
		"unregistered code, hostile text": {
			Diagnostic{Code: "X-NEW", Object: Object{Name: "n\x1b[31m"}, Text: "bad\n\"thing\u202e"},
			`ingress-migrate: n\x1b[31m: bad\n\"thing\u202e (X-NEW); kubectl ingress-migrate explain X-NEW`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := Warning(tc.d)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestEveryWarningFits(t *testing.T) {
	for _, info := range All() {
		for _, length := range []int{1, 30, 63, 253} {
			object := Object{Namespace: strings.Repeat("n", min(length, 63)), Name: strings.Repeat("i", length)}
			got := Warning(New(info.Code, object, "metadata.annotations[traefik.ingress.kubernetes.io/"+strings.Repeat("a", length)+"]", ""))
			if len(got) > 120 || !strings.Contains(got, string(info.Code)) {
				t.Errorf("%d characters: %s", len(got), got)
			}
		}
	}
}

func TestWarnings(t *testing.T) {
	object := Object{Namespace: "shop", Name: "cart"}
	at := func(code Code, i int) Diagnostic {
		return New(code, Object{Namespace: "shop", Name: fmt.Sprintf("cart%d", i)}, "", "")
	}
	t.Run("worst first, information left out, repeats told once", func(t *testing.T) {
		got := Warnings([]Diagnostic{
			New(IAnnForeign, object, "", ""),
			New(WDRR, object, "", ""),
			New(WDRR, object, "other", ""),
			New(WDrop, object, "", ""),
			New(EWhitelistXFF, object, "", "").Block(),
		})
		want := []string{Warning(New(EWhitelistXFF, object, "", "")), Warning(New(WDrop, object, "", "")), Warning(New(WDRR, object, "", ""))}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
	t.Run("others count too and are cut", func(t *testing.T) {
		var ds []Diagnostic
		for i := range 8 {
			ds = append(ds, at(WDRR, i))
		}
		got := Warnings(ds, strings.Repeat("x", 200))
		if len(got) != 8 || got[0] != strings.Repeat("x", 117)+"..." || !strings.Contains(got[7], "and 2 more") {
			t.Errorf("%q", got)
		}
	})
	for n, want := range map[int]int{0: 0, 7: 7, 8: 8, 9: 8, 100: 8} {
		var ds []Diagnostic
		for i := range n {
			ds = append(ds, at(WDRR, i))
		}
		got := Warnings(ds)
		if len(got) != want {
			t.Errorf("%d diagnostics give %d warnings, want %d", n, len(got), want)
		}
		last := fmt.Sprintf("ingress-migrate: ... and %d more: kubectl ingress-migrate explain shop/cart0", n-7)
		if n > 8 && got[7] != last {
			t.Errorf("last warning of %d is %q, want %q", n, got[7], last)
		}
	}
}
