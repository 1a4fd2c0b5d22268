package fleet

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
)

// The story's way: no label, but lists of host names. A node that neither set leaves out is
// wanted by both, and whoever has the ports serves.

// without is the expression that keeps a set off nodes by their host names.
func without(out []string) corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: corev1.LabelHostname, Operator: corev1.NodeSelectorOpNotIn, Values: out}
}

// leavesOut tells whether every term has the expression; one that matches nothing needs
// none.
func leavesOut(a *corev1.Affinity, out []string) bool {
	if len(out) == 0 {
		return true
	}
	required := requiredTerms(a)
	return required != nil && len(required.NodeSelectorTerms) > 0 &&
		!slices.ContainsFunc(required.NodeSelectorTerms, func(t corev1.NodeSelectorTerm) bool { return !isEmpty(t) && !contains(t, without(out)) })
}

// withoutGuard is the set's affinity without any expression of ours.
func (s *Set) withoutGuard() *corev1.Affinity {
	a := s.Object.Spec.Template.Spec.Affinity
	if !s.Guard.Story || len(s.Guard.Out) == 0 {
		return unguarded(a)
	}
	ours := without(s.Guard.Out)
	return stripped(a, func(of []corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement {
		of = withoutLabel(of)
		// Ours was appended; one of the set's own may say the same.
		for i, e := range slices.Backward(of) {
			if reflect.DeepEqual(e, ours) {
				return slices.Delete(of, i, i+1)
			}
		}
		return of
	})
}

// StoryPatch holds a set the story's way in one conditional merge patch: OnDelete, and the
// host names that change makes of those that it leaves out. It is nil when all is so
// already. A set that is held is changed in what it leaves out alone.
func StoryPatch(s *Set, n Note, change func(out []string) []string) ([]byte, error) {
	record := newRecord(s, n)
	record.Way = journal.Story
	held := s.Guard.Story && s.Guard.Present && !s.Rolling()
	if kept := s.Guard.Record; kept != nil && s.Guard.Story {
		record.Guarded = kept.Guarded
		record.Out = slices.Clone(kept.Out)
	}
	if record.Out = change(record.Out); held && slices.Equal(record.Out, s.Guard.Out) {
		return nil, nil
	}
	note, err := record.encode(s)
	if err != nil {
		return nil, err
	}
	spec := map[string]any{
		"updateStrategy": map[string]any{"type": appsv1.OnDeleteDaemonSetStrategyType, "rollingUpdate": nil},
	}
	live, want := s.Object.Spec.Template.Spec.Affinity, s.Unguarded().Spec.Affinity
	if len(record.Out) > 0 {
		want = with(want, without(record.Out))
	}
	// An unchanged template makes no new revision.
	if !reflect.DeepEqual(live, want) {
		spec["template"] = map[string]any{"spec": map[string]any{"affinity": affinityPatch(live, want)}}
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{
			"resourceVersion": s.Object.ResourceVersion,
			"annotations":     map[string]any{GuardAnnotation: note},
		},
		"spec": spec,
	})
}

// Excludes tells whether the set's guard keeps it off the node.
func (s *Set) Excludes(n *Node) bool {
	switch {
	case s.Guard.Story && s.Guard.Retired:
		return true
	case !s.Guard.Present:
		return false
	case s.Guard.Story:
		return slices.Contains(s.Guard.Out, n.Hostname)
	}
	return n.Side() != s.Side
}

// byStory tells whether a set is held the story's way.
func (f *Fleet) byStory() bool {
	return f.Old != nil && f.Old.Guard.Story || f.New != nil && f.New.Guard.Story
}

// Strategy of the cutover that is recorded, also after its journal was lost.
func (f *Fleet) Strategy() journal.Strategy {
	switch j := f.Journal; {
	case j != nil && j.Phase != journal.RolledBack:
		return j.Strategy
	case f.byStory():
		return journal.Story
	}
	return journal.ByLabel
}

// place says whose the node is where host names decide it.
func (f *Fleet) place(n *Node) {
	if !f.byStory() {
		return
	}
	n.NotOld = f.Old == nil || f.Old.Guard.Story && f.Old.Excludes(n)
	n.NotNew = f.New == nil || f.New.Guard.Story && f.New.Excludes(n)
	n.Contested = !n.NotOld && !n.NotNew && n.WantedByOld && n.WantedByNew
}

// placeNow is place by what the sets leave out at this moment.
func (r *Reader) placeNow(ctx context.Context, f *Fleet, n *Node) error {
	if !f.byStory() {
		return nil
	}
	now := Fleet{}
	for _, side := range []Side{Old, New} {
		set := f.Set(side)
		if set == nil {
			continue
		}
		ds, err := r.Client.AppsV1().DaemonSets(set.Name.Namespace).Get(ctx, set.Name.Name, metav1.GetOptions{})
		if err != nil {
			return fmt.Errorf("reading daemonset %s: %w", set.Name, err)
		}
		guard, err := guardOf(ds, side)
		if err != nil {
			return err
		}
		live := &Set{Side: side, Guard: guard, Object: ds}
		if side == Old {
			now.Old = live
		} else {
			now.New = live
		}
	}
	now.place(n)
	return nil
}

// fingerprint stands for a template.
func fingerprint(template corev1.PodTemplateSpec) string {
	raw, err := json.Marshal(template)
	if err != nil {
		return "" // plain data, cannot fail
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:8])
}
