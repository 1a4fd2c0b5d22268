package fleet

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
)

// Guard is how a DaemonSet is kept to its side's nodes: an expression on the
// node label in every term of its required node affinity, and OnDelete, so that
// changing the template replaces no pod.
type Guard struct {
	// Present: every term has the expression of the set's side.
	Present bool
	// Story: the set is held the story's way. Present then means that it leaves out all of
	// Out, which may be nothing.
	Story bool
	// Out are the host names that it leaves out.
	Out []string
	// Retired: every term has an expression that no node fulfils.
	Retired bool
	// Record is what was written when the guard was set; nil when the guard was
	// not set by us (a manifest may carry it) or the annotation is lost.
	Record *GuardRecord
}

// GuardRecord is the content of GuardAnnotation: everything that the guard
// replaced and that cannot be told from the guarded object.
type GuardRecord struct {
	Note
	Side Side `json:"side"`
	// Way is the strategy that set it, Out what it leaves out by the story's.
	Way      journal.Strategy               `json:"way,omitempty"`
	Out      []string                       `json:"out,omitempty"`
	Revision string                         `json:"revision"`
	Strategy appsv1.DaemonSetUpdateStrategy `json:"strategy"`
	Affinity *corev1.Affinity               `json:"affinity,omitempty"`
	// Guarded is the controller's hash of the template with the guard in it, "" until it
	// has made one: another one means that somebody edited the template. By the story's
	// way, where every node changes the template, it is our own hash of it without our
	// expression.
	Guarded string `json:"guarded,omitempty"`
}

// Note is what a guard says of the cutover that it belongs to, for the day on
// which the journal is lost.
type Note struct {
	ID string `json:"id"`
	// Toward is the side to which the cutover moves nodes; "" when none goes on: a
	// recycle set the guard, or the cutover was aborted or rolled back.
	Toward Side `json:"toward,omitempty"`
	// Home is the namespace of journal and Lease.
	Home string `json:"home,omitempty"`
}

// expression of a side. Terms are ORed and their expressions ANDed, so a guard
// has to be part of every term; a term of its own would widen the set.
func expression(side Side) corev1.NodeSelectorRequirement {
	op := corev1.NodeSelectorOpNotIn
	if side == New {
		op = corev1.NodeSelectorOpIn
	}
	return corev1.NodeSelectorRequirement{Key: NodeLabel, Operator: op, Values: []string{LabelNew}}
}

func isEmpty(t corev1.NodeSelectorTerm) bool {
	return len(t.MatchExpressions) == 0 && len(t.MatchFields) == 0
}

func isGuard(e corev1.NodeSelectorRequirement) bool { return e.Key == NodeLabel }

// guardOf reads the guard of a live DaemonSet.
func guardOf(ds *appsv1.DaemonSet, side Side) (Guard, error) {
	var g Guard
	if required := requiredTerms(ds.Spec.Template.Spec.Affinity); required != nil {
		for _, t := range required.NodeSelectorTerms {
			if isEmpty(t) {
				continue
			}
			g.Present, g.Retired = contains(t, expression(side)), contains(t, nowhere())
			if !g.Present && !g.Retired {
				break
			}
		}
	}
	if raw := ds.Annotations[GuardAnnotation]; raw != "" {
		g.Record = &GuardRecord{}
		if err := json.Unmarshal([]byte(raw), g.Record); err != nil {
			return g, fmt.Errorf("reading the annotation %s of daemonset %s/%s: %w", GuardAnnotation, ds.Namespace, ds.Name, err)
		}
		if g.Record.Way == journal.Story && g.Record.Side == side {
			g.Story, g.Present = true, false
			if leavesOut(ds.Spec.Template.Spec.Affinity, g.Record.Out) {
				g.Present, g.Out = !g.Retired, g.Record.Out
			}
		}
	}
	return g, nil
}

// nowhere is true of no node: the label has no such value.
func nowhere() corev1.NodeSelectorRequirement {
	return corev1.NodeSelectorRequirement{Key: NodeLabel, Operator: corev1.NodeSelectorOpIn, Values: []string{"retired"}}
}

func contains(t corev1.NodeSelectorTerm, e corev1.NodeSelectorRequirement) bool {
	return slices.ContainsFunc(t.MatchExpressions, func(other corev1.NodeSelectorRequirement) bool { return reflect.DeepEqual(e, other) })
}

// guarded returns the affinity with the side's expression in every term.
func guarded(a *corev1.Affinity, side Side) *corev1.Affinity { return with(a, expression(side)) }

// with returns the affinity with an expression of ours in every term, and no other one on
// the label.
func with(a *corev1.Affinity, e corev1.NodeSelectorRequirement) *corev1.Affinity {
	out := unguarded(a)
	if out == nil {
		out = &corev1.Affinity{}
	}
	if out.NodeAffinity == nil {
		out.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := out.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil {
		required = &corev1.NodeSelector{}
		out.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = required
	}
	if len(required.NodeSelectorTerms) == 0 {
		required.NodeSelectorTerms = []corev1.NodeSelectorTerm{{MatchExpressions: []corev1.NodeSelectorRequirement{e}}}
		return out
	}
	for i := range required.NodeSelectorTerms {
		t := &required.NodeSelectorTerms[i]
		// An empty term matches nothing, and must go on doing so.
		if !isEmpty(*t) {
			t.MatchExpressions = append(t.MatchExpressions, e)
		}
	}
	return out
}

// unguarded returns the affinity without any expression of ours: what the
// DaemonSet would be without a migration.
func unguarded(a *corev1.Affinity) *corev1.Affinity { return stripped(a, withoutLabel) }

// withoutLabel leaves out what names our label.
func withoutLabel(of []corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement {
	return slices.DeleteFunc(of, isGuard)
}

// stripped returns the affinity with what strip leaves of each term's expressions, and
// without the terms that were made for ours.
func stripped(a *corev1.Affinity, strip func([]corev1.NodeSelectorRequirement) []corev1.NodeSelectorRequirement) *corev1.Affinity {
	if a == nil {
		return nil
	}
	out := a.DeepCopy()
	required := requiredTerms(out)
	if required == nil {
		return out
	}
	kept := required.NodeSelectorTerms[:0]
	for _, t := range required.NodeSelectorTerms {
		before := len(t.MatchExpressions)
		t.MatchExpressions = strip(t.MatchExpressions)
		if len(t.MatchExpressions) == 0 {
			t.MatchExpressions = nil
		}
		// A term that was nothing but the guard was made by us.
		if before > 0 && isEmpty(t) {
			continue
		}
		kept = append(kept, t)
	}
	required.NodeSelectorTerms = kept
	if len(kept) > 0 {
		return out
	}
	out.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution = nil
	if reflect.DeepEqual(out.NodeAffinity, &corev1.NodeAffinity{}) {
		out.NodeAffinity = nil
	}
	if reflect.DeepEqual(out, &corev1.Affinity{}) {
		return nil
	}
	return out
}

// GuardedAffinity is the affinity that a manifest must have so that applying it takes
// no guard off.
func (s *Set) GuardedAffinity() *corev1.Affinity {
	return guarded(s.Object.Spec.Template.Spec.Affinity, s.Side)
}

// Terms are the alternatives of the required node affinity that match anything, and
// how many of them have the guard's expression.
func (s *Set) Terms() (all, guarded int) {
	required := requiredTerms(s.Object.Spec.Template.Spec.Affinity)
	if required == nil {
		return 0, 0
	}
	for _, t := range required.NodeSelectorTerms {
		if isEmpty(t) {
			continue
		}
		all++
		if contains(t, expression(s.Side)) {
			guarded++
		}
	}
	return all, guarded
}

// newRecord is what to write on a set that is guarded.
func newRecord(s *Set, n Note) GuardRecord {
	record := GuardRecord{
		Note:     n,
		Side:     s.Side,
		Revision: s.RevisionName,
		Strategy: s.Object.Spec.UpdateStrategy,
		Affinity: s.Unguarded().Spec.Affinity,
	}
	// The first guard knows the original; a repeated one keeps its word for it.
	if kept := s.Guard.Record; kept != nil {
		record.Revision, record.Strategy, record.Affinity = kept.Revision, kept.Strategy, kept.Affinity
		if n.Toward == "" && n.ID == kept.ID {
			record.Toward = kept.Toward // mended in the middle of it
		}
	}
	return record
}

// GuardPatch is the one merge patch that guards a DaemonSet: expression and
// OnDelete together, conditional on the version that was read. Only what changes
// is named, so fields that this client does not know survive.
func GuardPatch(s *Set, n Note) ([]byte, error) {
	record := newRecord(s, n)
	note, err := record.encode(s)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{
			"resourceVersion": s.Object.ResourceVersion,
			"annotations":     map[string]any{GuardAnnotation: note},
		},
		"spec": map[string]any{
			"updateStrategy": map[string]any{"type": appsv1.OnDeleteDaemonSetStrategyType, "rollingUpdate": nil},
			"template": map[string]any{"spec": map[string]any{
				"affinity": guarded(s.Object.Spec.Template.Spec.Affinity, s.Side),
			}},
		},
	})
}

func (r GuardRecord) encode(s *Set) (string, error) {
	raw, err := json.Marshal(r)
	if err != nil {
		return "", fmt.Errorf("encoding the guard of daemonset %s: %w", s.Name, err)
	}
	return string(raw), nil
}

// NotePatch changes what the guard says of its cutover, and no pod; nil when the
// set has no guard of ours or says so already.
func NotePatch(s *Set, n Note) ([]byte, error) {
	if s.Guard.Record == nil || s.Guard.Record.Note == n {
		return nil, nil
	}
	record := *s.Guard.Record
	record.Note = n
	return recordPatch(s, record)
}

// recordPatch writes what a guard says, conditional on the version that was read.
func recordPatch(s *Set, record GuardRecord) ([]byte, error) {
	note, err := record.encode(s)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": s.Object.ResourceVersion,
		"annotations":     map[string]any{GuardAnnotation: note},
	}})
}

// Heading is the side to which the guards say that nodes are moved; "" when they
// do not say, or not the same.
func (f *Fleet) Heading() Side {
	heading, first := Side(""), true
	for _, set := range []*Set{f.Old, f.New} {
		switch {
		case set == nil || set.Guard.Record == nil:
		case first:
			heading, first = set.Guard.Record.Toward, false
		case heading != set.Guard.Record.Toward:
			return ""
		}
	}
	return heading
}

// UnguardPatch takes the guard off and leaves OnDelete on, so that no pod is
// replaced: the template is again the one whose ControllerRevision exists.
func UnguardPatch(s *Set) ([]byte, error) {
	affinity := s.withoutGuard()
	if r := s.Guard.Record; r != nil && (affinity == nil || reflect.DeepEqual(affinity, r.Affinity)) {
		// An empty affinity is not the same template as none.
		affinity = r.Affinity
	}
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": s.Object.ResourceVersion},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"affinity": affinityPatch(s.Object.Spec.Template.Spec.Affinity, affinity),
		}}},
	})
}

// affinityPatch is the merge patch between two affinities that differ in their
// required node terms only.
func affinityPatch(from, to *corev1.Affinity) any {
	switch {
	case to == nil:
		return nil
	case from == nil:
		return to
	case to.NodeAffinity == nil:
		return map[string]any{"nodeAffinity": nil}
	case to.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution == nil:
		return map[string]any{"nodeAffinity": map[string]any{"requiredDuringSchedulingIgnoredDuringExecution": nil}}
	}
	return map[string]any{"nodeAffinity": map[string]any{
		"requiredDuringSchedulingIgnoredDuringExecution": to.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution,
	}}
}

// RetirePatch keeps a DaemonSet off every node, those to come, too; it stays OnDelete.
func RetirePatch(s *Set) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{"resourceVersion": s.Object.ResourceVersion},
		"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
			"affinity": with(s.Object.Spec.Template.Spec.Affinity, nowhere()),
		}}},
	})
}

// StrategyPatch puts an update strategy back and removes our annotation.
func StrategyPatch(s *Set, strategy appsv1.DaemonSetUpdateStrategy) ([]byte, error) {
	return json.Marshal(map[string]any{
		"metadata": map[string]any{
			"resourceVersion": s.Object.ResourceVersion,
			"annotations":     map[string]any{GuardAnnotation: nil},
		},
		"spec": map[string]any{"updateStrategy": map[string]any{"type": strategy.Type, "rollingUpdate": strategy.RollingUpdate}},
	})
}

// LabelPatch gives a node to a side; conditional on the version that was read.
func LabelPatch(n *Node, side Side) ([]byte, error) {
	var value any
	if side == New {
		value = LabelNew
	}
	return json.Marshal(map[string]any{"metadata": map[string]any{
		"resourceVersion": n.ResourceVersion,
		"labels":          map[string]any{NodeLabel: value},
	}})
}

// Unguarded returns the template as it would be without our guard.
func (s *Set) Unguarded() corev1.PodTemplateSpec {
	template := s.Object.Spec.Template.DeepCopy()
	affinity := s.withoutGuard()
	if r := s.Guard.Record; r != nil && affinity == nil {
		affinity = r.Affinity.DeepCopy()
	}
	template.Spec.Affinity = affinity
	template.CreationTimestamp = metav1.Time{}
	return *template
}
