package reconcile

import (
	"context"
	"fmt"
	"strings"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/tools/events"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
)

// Counter counts what a Reporter sees.
type Counter interface {
	Wrote(objects, removed int)
	Failed()
}

// Reporter tells people about passes: Events on the Ingress when something
// changed, numbers in between. It never writes to the Ingress itself: each write
// there wakes every ingress controller of the cluster.
type Reporter struct {
	Ledger   *Ledger
	Recorder events.EventRecorder
	Counter  Counter
	// Leads tells whether this replica leads. The others write what they admitted
	// and leave findings to the leader, so that nothing is said twice.
	Leads func() bool
}

var _ Observer = (*Reporter)(nil)

// Reasons of Events.
const (
	reasonWritten  = "RouteWritten"
	reasonRemoved  = "RouteRemoved"
	reasonDetached = "RouteDetached"
)

// findingReasons are the Events' reasons of findings.
func findingReason(s State) string {
	switch s {
	case Drifted:
		return "RouteDrifted"
	case Diverged:
		return "RouteDiverged"
	case Foreign:
		return "RouteNameTaken"
	case Outdated:
		return "RouteOutdated"
	case Blocked:
		return "RouteBlocked"
	case Current, Unrouted, NotOurs, OptedOut, Failed:
	}
	return "RouteNotCurrent"
}

// Passed implements Observer.
func (r *Reporter) Passed(_ context.Context, ingress *networkingv1.Ingress, outcome Outcome) {
	news := r.Ledger.Passed(keyOf(ingress), outcome)
	r.Counter.Wrote(len(outcome.Written), len(outcome.Removed))
	if len(outcome.Written) > 0 {
		reason, verb := reasonWritten, "wrote "
		if outcome.State == OptedOut {
			reason, verb = reasonDetached, "left as they are, no longer managed: "
		}
		note := verb + strings.Join(outcome.Written, ", ")
		if reason == reasonWritten && unseen(ingress) {
			note += "; its apply was not seen by the webhook"
		}
		r.event(ingress, corev1.EventTypeNormal, reason, "Write", note)
	}
	if len(outcome.Removed) > 0 {
		r.event(ingress, corev1.EventTypeNormal, reasonRemoved, "Remove", "removed "+strings.Join(outcome.Removed, ", "))
	}
	if !news || !r.Leads() {
		return
	}
	for _, f := range outcome.Findings {
		r.event(ingress, corev1.EventTypeWarning, findingReason(f.State), "Compare", fmt.Sprintf("%s %s", f.Object, f.Text))
	}
}

// unseen tells whether an Ingress has no stamp: it is older than the webhook, or
// was applied while the webhook was away. With generateName there is never one.
func unseen(ingress *networkingv1.Ingress) bool {
	return ingress.GenerateName == "" && ingress.Annotations[decide.StampAnnotation] == ""
}

// Gone implements Observer.
func (r *Reporter) Gone(key types.NamespacedName) { r.Ledger.Gone(key) }

// Failed implements Observer. The error itself is logged by the controller; people
// are told when a route was closed for it.
func (r *Reporter) Failed(_ context.Context, ingress *networkingv1.Ingress, outcome Outcome, err error) {
	r.Ledger.Failed(keyOf(ingress))
	r.Counter.Failed()
	r.Counter.Wrote(len(outcome.Written), len(outcome.Removed))
	if len(outcome.Removed) > 0 {
		r.event(ingress, corev1.EventTypeWarning, reasonRemoved, "Remove",
			fmt.Sprintf("removed %s, because what protects it cannot be written: %v", strings.Join(outcome.Removed, ", "), err))
	}
}

// event is plain text: what users wrote must not steer the terminal of those who read
// it. It is cut to what the API server accepts as a note (1,024 bytes,
// k8s.io/kubernetes pkg/apis/core/validation/events.go).
func (r *Reporter) event(ingress *networkingv1.Ingress, kind, reason, action, note string) {
	const room = 1000
	note = strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return ' '
		}
		return c
	}, note)
	if len(note) > room {
		note = strings.ToValidUTF8(note[:room-3], "") + "..."
	}
	r.Recorder.Eventf(ingress, nil, kind, reason, action, "%s", note)
}

func keyOf(ingress *networkingv1.Ingress) types.NamespacedName {
	return types.NamespacedName{Namespace: ingress.Namespace, Name: ingress.Name}
}
