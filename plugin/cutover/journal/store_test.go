package journal

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func sample(holder string, fence int32) *Journal {
	j := &Journal{ID: "7f3a", Holder: holder, Fence: fence, Phase: Switching, Started: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	j.Plan(j.Started, "edge-1", "edge-2")
	return j
}

func TestWriteAndReadBack(t *testing.T) {
	client := fake.NewClientset()
	s := NewStore(client, "edge")
	j := sample("a", 1)
	must(t, s.Create(t.Context(), j))
	must(t, s.WriteBaseline(t.Context(), j, []string{"answer"}))
	must(t, Request(t.Context(), client, "edge", "7f3a", RequestPause))
	j.Node("edge-2").Phase = Done
	must(t, s.Write(t.Context(), j))

	other := NewStore(client, "edge")
	got, err := other.Open(t.Context(), "7f3a")
	must(t, err)
	if diff := cmp.Diff(j, got); diff != "" {
		t.Error(diff)
	}
	var baseline []string
	if ok, err := other.ReadBaseline(&baseline); err != nil || !ok || len(baseline) != 1 {
		t.Errorf("baseline %v %v %v", baseline, ok, err)
	}
	cm, err := client.CoreV1().ConfigMaps("edge").Get(t.Context(), Name("7f3a"), metav1.GetOptions{})
	must(t, err)
	if asked := cm.Annotations[RequestAnnotation]; asked != RequestPause {
		t.Errorf("requested %q", asked)
	}
	if none, err := other.Open(t.Context(), "none"); none != nil || err != nil {
		t.Errorf("a journal that is not there: %v %v", none, err)
	}
}

// TestDeletedMeanwhile: the record is written anew, baseline included.
func TestDeletedMeanwhile(t *testing.T) {
	client := fake.NewClientset()
	s := NewStore(client, "edge")
	j := sample("a", 1)
	must(t, s.Create(t.Context(), j))
	must(t, s.WriteBaseline(t.Context(), j, []string{"answer"}))
	must(t, client.CoreV1().ConfigMaps("edge").Delete(t.Context(), Name("7f3a"), metav1.DeleteOptions{}))
	j.Phase = Switched
	must(t, s.Write(t.Context(), j))
	other := NewStore(client, "edge")
	got, err := other.Open(t.Context(), "7f3a")
	must(t, err)
	var baseline []string
	if ok, err := other.ReadBaseline(&baseline); got.Phase != Switched || !ok || err != nil {
		t.Errorf("phase %s, baseline %v %v", got.Phase, ok, err)
	}
}

// The record is deleted just before the baseline is written: that is stored too.
func TestDeletedBeforeTheBaseline(t *testing.T) {
	client := fake.NewClientset()
	s := NewStore(client, "edge")
	j := sample("a", 1)
	must(t, s.Create(t.Context(), j))
	must(t, client.CoreV1().ConfigMaps("edge").Delete(t.Context(), Name("7f3a"), metav1.DeleteOptions{}))
	must(t, s.WriteBaseline(t.Context(), j, []string{"answer"}))
	other := NewStore(client, "edge")
	_, err := other.Open(t.Context(), "7f3a")
	must(t, err)
	var baseline []string
	if ok, err := other.ReadBaseline(&baseline); !ok || err != nil {
		t.Errorf("baseline %v %v %v", baseline, ok, err)
	}
}

func TestTwoJournalsOfOneName(t *testing.T) {
	client := fake.NewClientset()
	must(t, NewStore(client, "edge").Create(t.Context(), sample("a", 1)))
	if err := NewStore(client, "edge").Create(t.Context(), sample("b", 2)); !errors.Is(err, ErrFenced) {
		t.Errorf("a second journal of the same name: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	for name, text := range map[string]string{"no journal": "", "newer": fmt.Sprintf(`{"version": %d}`, Version+1)} {
		t.Run(name, func(t *testing.T) {
			cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Namespace: "edge", Name: "x"}, Data: map[string]string{journalKey: text}}
			if _, err := Parse(cm); err == nil {
				t.Error("accepted")
			}
		})
	}
}

// TestSize: a thousand nodes fit into a ConfigMap (1 MiB) many times over.
func TestSize(t *testing.T) {
	client := fake.NewClientset()
	j := sample("a", 1)
	for i := range 1000 {
		j.Plan(j.Started, fmt.Sprintf("ip-10-0-%d-%d.eu-central-1.compute.internal", i/250, i%250))
		n := &j.Nodes[len(j.Nodes)-1]
		n.Phase, n.To, n.Dark, n.Begun, n.Ended = Done, "new", 2.25, &j.Started, &j.Started
	}
	must(t, NewStore(client, "edge").Create(t.Context(), j))
	cm, err := client.CoreV1().ConfigMaps("edge").Get(t.Context(), Name("7f3a"), metav1.GetOptions{})
	must(t, err)
	if size := len(cm.Data[journalKey]); size > 300_000 {
		t.Errorf("%d bytes for 1,000 nodes", size)
	}
}

// TestSteps: a move that begins takes the place of the one before, one that goes on
// or back is a part of it, and the record stays small.
func TestSteps(t *testing.T) {
	begun := time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)
	steps := func(phases ...NodePhase) []Step {
		var out []Step
		for i, phase := range phases {
			out = append(out, Step{phase, begun.Truncate(time.Millisecond).Add(time.Duration(i) * time.Second)})
		}
		return out
	}
	enter := func(phases ...NodePhase) *Node {
		n := &Node{Name: "edge-1", Phase: Waiting}
		for i, phase := range phases {
			n.Enter(phase, begun.Add(time.Duration(i)*time.Second))
		}
		return n
	}
	put := enter(Draining, SwitchingTo, Gating, SwitchingTo, Gating, Done, Failed)
	if diff := cmp.Diff(steps(Draining, SwitchingTo, Gating, SwitchingTo, Gating, Done, Failed), put.Steps); diff != "" {
		t.Error("put back", diff)
	}
	again := enter(Draining, SwitchingTo, Done, SwitchingTo, Gating)
	if diff := cmp.Diff(steps(Draining, SwitchingTo, Done, SwitchingTo, Gating)[3:], again.Steps); diff != "" {
		t.Error("moved again", diff)
	}
	if again.Phase != Gating || !again.Since.Equal(begun.Add(4*time.Second).Truncate(time.Second)) {
		t.Errorf("phase %s since %s", again.Phase, again.Since)
	}
	n := &Node{Phase: Waiting}
	for range 50 {
		n.Enter(SwitchingTo, begun)
		n.Enter(Gating, begun)
	}
	if len(n.Steps) != MaxSteps || n.Steps[MaxSteps-1].Phase != Gating {
		t.Errorf("%d steps, the last %v", len(n.Steps), n.Steps[len(n.Steps)-1])
	}
}

// refuse has a fake API server answer so many calls with an error, after having obeyed
// them when obeyed is set.
func refuse(client *fake.Clientset, verb string, times int, obeyed bool, err error) {
	client.PrependReactor(verb, "configmaps", func(action clienttesting.Action) (bool, runtime.Object, error) {
		if times == 0 {
			return false, nil, nil
		}
		times--
		if write, ok := action.(clienttesting.CreateAction); ok && obeyed {
			cm := write.GetObject().(*corev1.ConfigMap)
			cm.ResourceVersion = "lost"
			if err := client.Tracker().Create(action.GetResource(), cm, cm.Namespace); err != nil {
				return true, nil, err
			}
		}
		return true, nil, err
	})
}

// The answer to a create is lost, and when it is looked for, the API server fails: that
// says nothing of somebody else. A moment later the journal turns out to be one's own.
func TestCreateUnanswered(t *testing.T) {
	client := fake.NewClientset()
	s, j := NewStore(client, "edge"), sample("a", 1)
	refuse(client, "create", 1, true, apierrors.NewServiceUnavailable("the answer was lost"))
	if err := s.Create(t.Context(), j); !apierrors.IsServiceUnavailable(err) {
		t.Fatalf("the first time: %v", err)
	}
	refuse(client, "get", 1, false, apierrors.NewInternalError(errors.New("not now")))
	if err := s.Create(t.Context(), j); errors.Is(err, ErrFenced) || !apierrors.IsInternalError(err) {
		t.Fatalf("the second time: %v", err)
	}
	must(t, s.Create(t.Context(), j))
	j.Phase = Switched
	must(t, s.Write(t.Context(), j))
}

// What exists already is deleted before it can be looked at: it was nobody's who works here.
func TestDeletedWhileItIsCreated(t *testing.T) {
	client := fake.NewClientset()
	must(t, NewStore(client, "edge").Create(t.Context(), sample("b", 1)))
	client.PrependReactor("get", "configmaps", func(action clienttesting.Action) (bool, runtime.Object, error) {
		return false, nil, client.Tracker().Delete(action.GetResource(), "edge", Name("7f3a"))
	})
	s, j := NewStore(client, "edge"), sample("a", 2)
	must(t, s.Create(t.Context(), j))
	must(t, s.Write(t.Context(), j))
}

// The same holder's journal of an earlier lease is not the one that was to be created.
func TestCreateOfAnEarlierLease(t *testing.T) {
	client := fake.NewClientset()
	must(t, NewStore(client, "edge").Create(t.Context(), sample("a", 1)))
	if err := NewStore(client, "edge").Create(t.Context(), sample("a", 2)); !errors.Is(err, ErrFenced) {
		t.Errorf("want it fenced, got %v", err)
	}
}

// A record that is deleted is written anew with its baseline, whatever answers are lost.
func TestDeletedAndUnanswered(t *testing.T) {
	client := fake.NewClientset()
	s, j := NewStore(client, "edge"), sample("a", 1)
	must(t, s.Create(t.Context(), j))
	must(t, s.WriteBaseline(t.Context(), j, []string{"answer"}))
	must(t, client.CoreV1().ConfigMaps("edge").Delete(t.Context(), Name("7f3a"), metav1.DeleteOptions{}))
	refuse(client, "create", 1, true, apierrors.NewServiceUnavailable("the answer was lost"))
	j.Phase = Switched
	if err := s.Write(t.Context(), j); !apierrors.IsServiceUnavailable(err) {
		t.Fatalf("the first time: %v", err)
	}
	must(t, s.Write(t.Context(), j))
	other := NewStore(client, "edge")
	got, err := other.Open(t.Context(), "7f3a")
	must(t, err)
	var baseline []string
	if ok, err := other.ReadBaseline(&baseline); got.Phase != Switched || !ok || err != nil {
		t.Errorf("phase %s, baseline %v %v %v", got.Phase, baseline, ok, err)
	}
}

// A write meets another one, and the record is deleted before it can be looked at again.
func TestDeletedAfterAConflict(t *testing.T) {
	client := fake.NewClientset()
	s, j := NewStore(client, "edge"), sample("a", 1)
	must(t, s.Create(t.Context(), j))
	must(t, client.CoreV1().ConfigMaps("edge").Delete(t.Context(), Name("7f3a"), metav1.DeleteOptions{}))
	refuse(client, "patch", 1, false, apierrors.NewConflict(corev1.Resource("configmaps"), Name("7f3a"), errors.New("another one wrote")))
	j.Phase = Switched
	must(t, s.Write(t.Context(), j))
	got, err := NewStore(client, "edge").Open(t.Context(), "7f3a")
	must(t, err)
	if got.Phase != Switched {
		t.Errorf("phase %s", got.Phase)
	}
}
