package cutover_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// forgetful is a load balancer that knows nothing of a node that it has let go of.
type forgetful struct {
	rotation
	t *testing.T
}

func (f *forgetful) Remember(_ context.Context, t lb.Target) (json.RawMessage, error) {
	if f.isOut(t.Node) {
		f.t.Errorf("%s is asked for what is forgotten already", t.Node)
	}
	return fmt.Appendf(nil, `{"of":%q}`, t.Node), nil
}

func (f *forgetful) told(t lb.Target) {
	if want := fmt.Sprintf(`{"of":%q}`, t.Node); string(t.Original) != want {
		f.t.Errorf("of %s is remembered %s", t.Node, t.Original)
	}
}

func (f *forgetful) Drain(ctx context.Context, t lb.Target) error {
	f.told(t)
	return f.rotation.Drain(ctx, t)
}

func (f *forgetful) Undrain(ctx context.Context, t lb.Target) error {
	f.told(t)
	return f.rotation.Undrain(ctx, t)
}

// TestRemembers: what a load balancer forgets is kept while a node is out, also beyond its
// operator's death, and not for longer.
func TestRemembers(t *testing.T) {
	for name, heir := range map[string]func(*cutover.Engine, context.Context) error{
		"resume": (*cutover.Engine).Resume,
		"abort": func(e *cutover.Engine, ctx context.Context) error {
			_, err := e.Abort(ctx)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := rig.New(t)
			r.Deploy(rig.OldSet(), rig.NewSet())
			balancer := &forgetful{t: t}
			ctx, kill := context.WithCancel(t.Context())
			e, d := r.Engine()
			e.Drainer = balancer
			d.On = func(e cutover.Event) {
				if e.Kind == cutover.Passed && e.Text == "drained" {
					kill()
				}
			}
			if err := e.Run(ctx); !errors.Is(err, context.Canceled) {
				t.Fatalf("run: %v", err)
			}
			if n := r.Fleet().Journal.Node("edge-1"); !n.Drained || len(n.Original) == 0 {
				t.Fatalf("recorded: %+v", n)
			}
			next, _ := r.Engine()
			next.Drainer = balancer
			var stopped *cutover.Stopped
			if err := heir(next, t.Context()); err != nil && !errors.As(err, &stopped) {
				t.Fatal(err)
			}
			for _, n := range r.Fleet().Journal.Nodes {
				if balancer.isOut(n.Name) || n.Drained || n.Original != nil {
					t.Errorf("in the end: %+v", n)
				}
			}
		})
	}
}
