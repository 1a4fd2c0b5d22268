package cutover

import (
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Once the lease is taken, an API server that fails is waited for, whatever it is asked: a
// command that ended there would leave the cutover to nobody.
func TestOpenRidesOutErrors(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, how := range map[string]begin{"a new cutover": beginNew, "one that goes on": beginResume} {
		t.Run(name, func(t *testing.T) {
			for n := 1; ; n++ {
				clock := &jumping{now: start}
				client := fake.NewClientset(append(edge(fleet.Old, "traefik:1.7"), edge(fleet.New, "traefik:2.11")...)...)
				e := &Engine{Client: client, Reader: &fleet.Reader{Client: client, Now: clock.Now}, Clock: clock, Observer: deaf{}, Settings: DefaultSettings(), Holder: "a@x/1"}
				e.Settings.LeaseDuration = 24 * time.Hour
				if how == beginResume {
					j := &journal.Journal{ID: "7f3a", Started: start, Phase: journal.Switching, Stopped: "paused as asked"}
					if err := journal.NewStore(client, "edge").Create(t.Context(), j); err != nil {
						t.Fatal(err)
					}
					if err := journal.Request(t.Context(), client, "edge", j.ID, journal.RequestPause); err != nil {
						t.Fatal(err)
					}
				}
				taken, calls := false, 0
				client.PrependReactor("*", "*", func(action clienttesting.Action) (bool, runtime.Object, error) {
					if action.GetResource().Resource == "leases" && action.GetVerb() != "get" {
						taken = true
						return false, nil, nil
					}
					if !taken {
						return false, nil, nil
					}
					calls++
					return calls == n, nil, apierrors.NewServiceUnavailable("not now")
				})
				s, f, err := e.open(t.Context(), how, lock.Cutover)
				if err != nil {
					t.Fatalf("call %d failed: %v", n, err)
				}
				opened := calls
				s.close(t.Context())
				if s.j == nil || s.j.Stopped != "" || f.Old == nil {
					t.Errorf("call %d failed: opened %+v", n, s.j)
				}
				if opened < n {
					if n < 5 {
						t.Errorf("only %d calls", opened)
					}
					return
				}
			}
		})
	}
}
