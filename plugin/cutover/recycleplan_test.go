package cutover

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// A recycle that was interrupted left a frozen set. It is rolled when no cutover
// has it, and only then: a guarded set that rolls replaces its pods by itself.
func TestFrozenSetUnderAGuard(t *testing.T) {
	frozen := func(guarded bool) *fleet.Fleet {
		return &fleet.Fleet{New: &fleet.Set{
			Side: fleet.New, Guard: fleet.Guard{Present: guarded},
			Object: &appsv1.DaemonSet{
				ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{frozenAnnotation: "true"}},
				Spec:       appsv1.DaemonSetSpec{UpdateStrategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.OnDeleteDaemonSetStrategyType}},
			},
		}}
	}
	for guarded, want := range map[bool][]ActionKind{false: {RollSet}, true: nil} {
		var got []ActionKind
		for _, a := range PlanRecycle(frozen(guarded)) {
			got = append(got, a.Kind)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("guarded %v:\n%s", guarded, diff)
		}
	}
}
