package journal

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox"
)

// worst is a journal of so many nodes in the longest state that each can be in: names
// as long as the API allows, every field set, texts longer than there is room for.
func worst(nodes int) *Journal {
	at := time.Date(2026, 12, 31, 23, 59, 59, 999999999, time.UTC)
	template := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "traefik", Image: strings.Repeat("i", 200)}}}}
	for i := range 200 {
		c := &template.Spec.Containers[0]
		c.Args = append(c.Args, fmt.Sprintf("--entrypoints.point-%d.transport.lifecycle.requestacceptgracetimeout=22", i))
	}
	original := Original{
		Name: types.NamespacedName{Namespace: strings.Repeat("n", 63), Name: strings.Repeat("d", 253)}, UID: "00000000-0000-0000-0000-000000000000",
		Revision: strings.Repeat("r", 253), Strategy: appsv1.DaemonSetUpdateStrategy{Type: appsv1.RollingUpdateDaemonSetStrategyType}, Template: template,
	}
	j := &Journal{
		ID: "7f3a99", Sequence: 1 << 40, Fence: 1 << 30, Holder: strings.Repeat("h", 300), Started: at, Phase: RollingBack,
		Old: original, New: original, Settings: json.RawMessage(`"` + strings.Repeat("s", 4000) + `"`), Floor: 750, Stopped: strings.Repeat("<why>", 5000),
	}
	for i := range nodes {
		name := fmt.Sprintf("%0*d", 253, i)
		j.Nodes = append(j.Nodes, Node{
			Name: name, Phase: SwitchingTo, To: "new", Since: at, Begun: &at, Ended: &at, Dark: 12345.678901234567, Drained: true,
			Why: "routes differ: " + strings.Repeat("\x01<\"é", 500),
		})
	}
	return j
}

// answers are as large as those of two hundred routes, which is how many are compared
// unless more are asked for: long hosts, paths, redirects and names of certificates.
func answers() []map[string]string {
	var all []map[string]string
	for i := range 200 {
		all = append(all, map[string]string{
			"host": fmt.Sprintf("%0*d.example.com", 100, i), "path": strings.Repeat("/segment", 12), "location": "https://" + strings.Repeat("l", 250), "certificate": strings.Repeat("c", 250),
		})
	}
	return all
}

// A real API server takes the largest journal of a thousand nodes, when it is made and
// when it is changed.
func TestLargestJournal(t *testing.T) {
	s, err := sandbox.Start(t.Context(), sandbox.Options{Dir: t.TempDir(), Log: os.Stderr})
	must(t, err)
	defer func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	}()
	client, err := kubernetes.NewForConfig(s.RESTConfig())
	must(t, err)
	store, j := NewStore(client, "default"), worst(1000)
	must(t, store.Create(t.Context(), j))
	must(t, store.WriteBaseline(t.Context(), j, answers()))
	j.Node(j.Nodes[999].Name).Phase = Failed
	must(t, store.Write(t.Context(), j))

	cm, err := client.CoreV1().ConfigMaps("default").Get(t.Context(), Name(j.ID), metav1.GetOptions{})
	must(t, err)
	size := 0
	for _, value := range cm.Data {
		size += len(value)
	}
	t.Logf("%d bytes, %.0f per node", size, float64(size)/1000)
	if size >= 1<<20 {
		t.Errorf("%d bytes do not fit into a ConfigMap", size)
	}
	stored, err := Parse(cm)
	must(t, err)
	if n := stored.Nodes[999]; n.Phase != Failed || !strings.HasPrefix(n.Why, "routes differ: ") || !strings.HasSuffix(n.Why, "…") {
		t.Errorf("stored %+v", n)
	}
}

// What is cut is a beginning, and fits; what fits is left alone.
func TestTrimmed(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[<>&"\\\x00-\x1f]*`), rapid.Custom(func(t *rapid.T) string {
			return string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))
		})).Draw(t, "text")
		most := rapid.IntRange(3, 300).Draw(t, "most")
		got := trimmed(text, most)
		raw, err := json.Marshal(got)
		if err != nil {
			t.Fatal(err)
		}
		if len(raw)-2 > most {
			t.Fatalf("%d bytes of JSON, room for %d: %s", len(raw)-2, most, raw)
		}
		whole, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		beginning, cut := strings.CutSuffix(got, "…")
		if got != text && (!cut || !strings.HasPrefix(text, beginning)) {
			t.Fatalf("%q became %q", text, got)
		}
		if len(whole)-2 <= most && got != text {
			t.Fatalf("%q fits and became %q", text, got)
		}
	})
}
