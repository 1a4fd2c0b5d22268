package webhook_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/handler"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// The attacks of docs/threat-model.md that need no cluster.

// small is a cluster whose only Service is web, in every namespace.
type small struct {
	peers   []*networkingv1.Ingress
	service corev1.ServiceSpec
}

func (s small) Peers(context.Context, []string) ([]*networkingv1.Ingress, error) { return s.peers, nil }
func (small) IngressClasses(context.Context) ([]*networkingv1.IngressClass, error) {
	return nil, nil
}
func (s small) Service(_ context.Context, key types.NamespacedName) (*corev1.Service, error) {
	if key.Name != "web" {
		return nil, nil
	}
	service := &corev1.Service{Spec: s.service}
	service.Namespace, service.Name = key.Namespace, key.Name
	service.Spec.Ports = []corev1.ServicePort{{Port: 80}}
	return service, nil
}

func (s small) translator(from convert.Dialect) *translate.Translator {
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	return translate.New(engine, convert.Options{From: from}, s)
}

func parsed(t *testing.T, manifest string) *networkingv1.Ingress {
	t.Helper()
	var object networkingv1.Ingress
	if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
		t.Fatal(err)
	}
	return &object
}

func TestExternalName(t *testing.T) {
	cluster := small{service: corev1.ServiceSpec{Type: corev1.ServiceTypeExternalName, ExternalName: "metadata.internal"}}
	got, err := cluster.translator(convert.FromTraefikV1).Translate(t.Context(), parsed(t, ingress("tenant", "web", "a.example.com")))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(got.Objects)
	if err != nil || len(got.Objects) == 0 {
		t.Fatalf("%d objects, %v", len(got.Objects), err)
	}
	// Where the Service leads stays Traefik's to look up, and to refuse.
	if strings.Contains(string(raw), "metadata.internal") {
		t.Errorf("the address is in the output: %s", raw)
	}
}

func TestNamesDoNotCollide(t *testing.T) {
	const list = "ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8"
	made := map[string]string{}
	for _, of := range [][2]string{{"a", "b-c"}, {"a-b", "c"}, {"a", "b"}, {"a", "b-c-d"}, {"a-b-c", "d"}, {"a", "c"}} {
		got, err := small{}.translator(convert.FromTraefikV1).Translate(t.Context(), parsed(t, ingress(of[0], of[1], "same.test", list)))
		if err != nil || len(got.Objects) < 2 {
			t.Fatalf("%d objects, %v", len(got.Objects), err)
		}
		for _, o := range got.Objects {
			key := o.GetObjectKind().GroupVersionKind().Kind + " " + o.GetNamespace() + "/" + o.GetName()
			if o.GetNamespace() != of[0] {
				t.Errorf("%s of Ingress %s/%s", key, of[0], of[1])
			}
			if other := made[key]; other != "" {
				t.Errorf("%s is wanted by %s and by %s/%s", key, other, of[0], of[1])
			}
			made[key] = of[0] + "/" + of[1]
		}
	}
}

// What takes for ever fails by the limit of the test run.
func TestExpressionsTakeLinearTime(t *testing.T) {
	bombs := []string{
		"^/(a+)+$", "^/(a|aa)+$", "(((((a{100}){100}){100}){100}){100})", strings.Repeat("(", 5000) + "a" + strings.Repeat(")", 5000),
		strings.Repeat("a?", 20000) + strings.Repeat("a", 20000), "/" + strings.Repeat("{x:.*}", 5000), "/[" + strings.Repeat("a-z", 20000) + "]",
	}
	for from, class := range map[convert.Dialect]string{convert.FromTraefikV1: "traefik", convert.FromTraefik: "traefik", convert.FromNginx: "nginx"} {
		for _, bomb := range bombs {
			begin := time.Now()
			object := parsed(t, ingress("tenant", "web", "a.example.com", "kubernetes.io/ingress.class="+class, "nginx.ingress.kubernetes.io/use-regex=true",
				"nginx.ingress.kubernetes.io/rewrite-target=/$1", "traefik.ingress.kubernetes.io/redirect-replacement=$1", "ingress.kubernetes.io/rule-type=ReplacePathRegex"))
			object.Spec.Rules[0].HTTP.Paths[0].Path = bomb
			for _, key := range []string{"traefik.ingress.kubernetes.io/redirect-regex", "traefik.ingress.kubernetes.io/request-modifier", "nginx.ingress.kubernetes.io/server-alias"} {
				object.Annotations[key] = bomb
			}
			if _, err := (small{}).translator(from).Translate(t.Context(), object); err != nil {
				t.Error(err)
			}
			t.Logf("%s, %.20s: %s", from, bomb, time.Since(begin))
		}
	}
}

// TestHugeObjects: what is large is judged later or refused by the server, and what
// people are told stays short.
func TestHugeObjects(t *testing.T) {
	translator := small{}.translator(convert.FromTraefikV1)
	object := parsed(t, ingress("tenant", "web", "a.example.com"))
	object.Annotations = map[string]string{}
	for _, key := range []string{"whitelist-source-range", "rate-limit", "auth-type", "error-pages", "request-modifier", "redirect-regex", "custom-request-headers"} {
		object.Annotations["ingress.kubernetes.io/"+key] = strings.Repeat("10.0.0.0/8,\n", 90_000)
	}
	got, err := translator.Translate(t.Context(), object)
	if err != nil {
		t.Fatal(err)
	}
	warnings := diag.Warnings(got.Diagnostics)
	if len(warnings) > 8 {
		t.Errorf("%d warnings", len(warnings))
	}
	for _, w := range warnings {
		if len(w) > 120 {
			t.Errorf("a warning of %d characters", len(w))
		}
	}
	desk := &noDesk{}
	server := httptest.NewServer(&admission.Webhook{Handler: &handler.Handler{
		Judge: &decide.Judge{Mode: decide.Enforce, Translator: translator}, Desk: desk, Recorder: desk, Now: time.Now,
	}})
	defer server.Close()
	for size, want := range map[int]string{2 << 20: `"allowed":true`, 16 << 20: `"allowed":false`} {
		response, err := http.Post(server.URL, "application/json", strings.NewReader(forged("evil", strings.Repeat("x", size))))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !strings.Contains(string(answer), want) {
			t.Errorf("%d bytes: %.300s, %v", size, answer, err)
		}
	}
	if len(desk.keys) > 0 {
		t.Errorf("handed over: %v", desk.keys)
	}
}

type noDesk struct{ keys []string }

func (d *noDesk) HandOver(key string)                   { d.keys = append(d.keys, key) }
func (d *noDesk) Admitted(decide.Reason, time.Duration) {}

// forged is an AdmissionReview that no API server sent.
func forged(name, annotation string) string {
	return fmt.Sprintf(`{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","namespace":"default","name":%q,
"kind":{"group":"networking.k8s.io","version":"v1","kind":"Ingress"},"resource":{"group":"networking.k8s.io","version":"v1","resource":"ingresses"},
"userInfo":{"username":"system:admin"},"object":{"metadata":{"name":%q,"namespace":"default","uid":"made-up","annotations":{"a":%q}},
"spec":{"rules":[{"host":"forged.test","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"kubernetes","port":{"number":443}}}}]}}]}}}}`, name, name, annotation)
}

// testForged speaks to the replicas as the API server does.
func (r *rig) testForged() {
	ns := r.namespace(nil)
	for _, pod := range r.webhookPods() {
		address := pod.Status.PodIP + ":9443"
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}}
		response, err := client.Post("https://"+address+handler.Path, "application/json", strings.NewReader(forged("forged", "x")))
		if err != nil {
			r.t.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !bytes.Contains(answer, []byte(`"allowed":true`)) {
			r.t.Errorf("%s, %v", answer, err)
		}
		dialer := &tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}}
		if conn, err := dialer.DialContext(r.ctx, "tcp", address); err == nil {
			conn.Close()
			r.t.Error("TLS 1.1 is spoken")
		}
		if response, err := http.Post("http://"+address+handler.Path, "application/json", strings.NewReader(forged("forged", "x"))); err == nil {
			response.Body.Close()
			if response.StatusCode < 400 {
				r.t.Errorf("plain HTTP is answered with %d", response.StatusCode)
			}
		}
	}
	// Something real afterwards: when its route is there, the other would be too.
	r.marker(ns)
	if r.route("default", "forged") != nil {
		r.t.Error("a forged review left a route")
	}
}

// testMetricsNameNobody: who may read metrics learns no name.
func (r *rig) testMetricsNameNobody() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "very-secret-name", "metrics.example.com", rateLimit))
	r.waitRoute(ns, "very-secret-name")
	for _, pod := range r.webhookPods() {
		response, err := http.Get("http://" + pod.Status.PodIP + ":8080/metrics")
		if err != nil {
			r.t.Fatal(err)
		}
		text, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || !bytes.Contains(text, []byte("ingress_migrate_")) {
			r.t.Fatalf("%d bytes, %v", len(text), err)
		}
		for _, word := range []string{"very-secret-name", ns} {
			for line := range strings.SplitSeq(string(text), "\n") {
				if !strings.HasPrefix(line, "#") && strings.Contains(line, word) {
					r.t.Errorf("the metrics name %s: %s", word, line)
				}
			}
		}
	}
}
