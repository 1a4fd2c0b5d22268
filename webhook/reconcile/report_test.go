package reconcile

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
)

// counted counts nothing.
type counted struct{}

func (counted) Wrote(int, int) {}
func (counted) Failed()        {}

// TestEventsArePlain: what somebody wrote on an object is read on terminals.
func TestEventsArePlain(t *testing.T) {
	recorder := events.NewFakeRecorder(4)
	r := &Reporter{Ledger: NewLedger(time.Now), Recorder: recorder, Counter: counted{}, Leads: func() bool { return true }}
	ingress := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "web"}}
	r.Passed(context.Background(), ingress, Outcome{State: Foreign, Findings: []Finding{
		{State: Foreign, Object: "IngressRoute/web", Text: "made for \x1b[2J\u202e\nNormal " + strings.Repeat("x", 2000)},
	}})
	r.Failed(context.Background(), ingress, Outcome{Removed: []string{"IngressRoute/web"}}, errors.New("no\x07"))
	for range 2 {
		note := <-recorder.Events
		if strings.ContainsAny(note, "\x1b\n\x07\u202e") || len(note) > 1100 {
			t.Errorf("%d bytes: %q", len(note), note)
		}
	}
}
