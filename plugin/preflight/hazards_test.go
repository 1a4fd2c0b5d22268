package preflight

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
)

// TestStoryHazards: they are this cluster's, and another cluster has another id.
func TestStoryHazards(t *testing.T) {
	hazards := func(spoil func(*world)) ([]cutover.Hazard, string) {
		w := well()
		spoil(w)
		return w.facts(t).StoryHazards()
	}
	calm, forbidden := hazards(func(*world) {})
	if forbidden != "" {
		t.Fatal(forbidden)
	}
	var codes []string
	for _, h := range calm {
		codes = append(codes, h.Code)
	}
	if got := strings.Join(codes, " "); got != "E2 E7 E9 E10 E12 E21" {
		t.Errorf("hazards %s", got)
	}
	if again, _ := hazards(func(*world) {}); cutover.HazardsID(again) != cutover.HazardsID(calm) {
		t.Error("the same cluster has another id")
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
			got, forbidden := hazards(test.spoil)
			if forbidden != "" {
				t.Fatal(forbidden)
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
	all, forbidden := hazards(func(w *world) {
		w.others = append(w.others, class("edge-critical", 1000000, false, corev1.PreemptLowerPriority))
		w.new.Spec.Template.Spec.PriorityClassName = "edge-critical"
	})
	if !strings.Contains(forbidden, "would preempt") || !strings.Contains(forbidden, "nothing lets this pass") {
		t.Errorf("a higher priority: %q", forbidden)
	}
	if len(all) != len(calm) || !strings.Contains(all[1].What, "traefik2 (edge-critical, 1000000) would preempt") {
		t.Errorf("with a higher priority the hazards are %v", all)
	}
}
