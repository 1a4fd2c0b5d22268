package handler_test

import (
	"net/http"
	"testing"
)

// BenchmarkHandle is one admission from the body of a request to that of its answer.
func BenchmarkHandle(b *testing.B) {
	s := serve(realJudge())
	body := review("v1", ingress)
	for b.Loop() {
		s.desk.keys, s.record.reasons = s.desk.keys[:0], s.record.reasons[:0]
		if status, response := s.post(b, body); status != http.StatusOK || response.Patch == nil {
			b.Fatalf("status %d, %+v", status, response)
		}
	}
}
