package decide_test

import "testing"

// BenchmarkDecide is one admission without transport.
func BenchmarkDecide(b *testing.B) {
	j := judge()
	r := request(annotated("ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8"))
	for b.Loop() {
		j.Decide(b.Context(), r)
	}
}
