package preflight

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
)

// TestStoryHazards: they are this cluster's, and another cluster has another id.
func TestStoryHazards(t *testing.T) {
	hazards := func(spoil func(*world)) ([]cutover.Hazard, error) {
		w := well()
		spoil(w)
		return w.facts(t).StoryHazards()
	}
	calm, err := hazards(func(*world) {})
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	for _, h := range calm {
		codes = append(codes, h.Code)
	}
	if got := strings.Join(codes, " "); got != "E2 E7 E9 E10 E12 E21" {
		t.Errorf("hazards %s", got)
	}
	again, err := hazards(func(*world) {})
	if err != nil || cutover.HazardsID(again) != cutover.HazardsID(calm) {
		t.Errorf("the same cluster has another id, %v", err)
	}
	for name, test := range map[string]struct {
		spoil      func(*world)
		code, says string
	}{
		"pods wait": {
			func(w *world) { w.newPods = append(w.newPods, waiting(w.new, "edge-1"), waiting(w.new, "edge-2")) },
			"E10", "2 pods of edge/traefik2 wait now",
		},
		"another strategy": {
			func(w *world) {
				w.old.Spec.UpdateStrategy.Type = "OnDelete"
				w.old.Spec.UpdateStrategy.RollingUpdate = nil
			},
			"E2", "traefik1 is OnDelete now",
		},
		"a lower priority": {
			func(w *world) {
				w.others = append(w.others, class("low", -10, false, corev1.PreemptLowerPriority))
				w.new.Spec.Template.Spec.PriorityClassName = "low"
			},
			"E7", "traefik2 has priority -10 (low)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := hazards(test.spoil)
			if err != nil {
				t.Fatal(err)
			}
			if cutover.HazardsID(got) == cutover.HazardsID(calm) {
				t.Error("it has the same id")
			}
			for _, h := range got {
				if h.Code == test.code && !strings.Contains(h.What, test.says) {
					t.Errorf("%s says %q, not %q", h.Code, h.What, test.says)
				}
			}
		})
	}
	_, err = hazards(func(w *world) {
		w.others = append(w.others, class("edge-critical", 1000000, false, corev1.PreemptLowerPriority))
		w.new.Spec.Template.Spec.PriorityClassName = "edge-critical"
	})
	if err == nil || !strings.Contains(err.Error(), "would preempt") || !strings.Contains(err.Error(), "nothing lets this pass") {
		t.Errorf("a higher priority: %v", err)
	}
}
