package traefikv1

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParsePercentage(t *testing.T) {
	tests := map[string]struct {
		want int
		ok   bool
	}{
		"12.5%": {12_500, true}, "12.5": {12_500, true}, "100%": {hundred, true}, "0%": {0, true}, "90%": {90_000, true},
		"0.0019": {1, true}, "33.3333%": {33_333, true}, "0.29": {290, true}, "1e1%": {10_000, true}, "-0.5%": {-500, true},
		"1e300": {1e12, true}, "-1e300": {-1e12, true},
		"x%": {}, "": {}, "NaN": {}, "Inf%": {}, "10 %": {}, "10%%": {},
	}
	for raw, want := range tests {
		got, ok := parsePercentage(raw)
		if got != want.want || ok != want.ok {
			t.Errorf("%q: %d, %v", raw, got, ok)
		}
	}
}

func TestLowestTerms(t *testing.T) {
	for _, tc := range [][2][]int{
		{{90_000, 10_000}, {9, 1}}, {{12_500, 87_500}, {1, 7}}, {{33_333, 66_667}, {33_333, 66_667}},
		{{0, hundred}, {0, 1}}, {{0, 0}, {1, 1}}, {{3}, {1}}, {nil, nil},
	} {
		if diff := cmp.Diff(tc[1], lowestTerms(tc[0])); diff != "" {
			t.Error(diff)
		}
	}
}
