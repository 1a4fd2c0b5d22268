package handler_test

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/handler"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// desk and record remember what they were told.
type desk struct{ keys []string }

func (d *desk) HandOver(key string) { d.keys = append(d.keys, key) }

type record struct{ reasons []decide.Reason }

func (r *record) Admitted(reason decide.Reason, _ time.Duration) {
	r.reasons = append(r.reasons, reason)
}

// served is a webhook over HTTP, as the API server calls it.
type served struct {
	http.Handler
	desk   desk
	record record
}

func serve(judge handler.Judge) *served {
	s := &served{}
	s.Handler = &admission.Webhook{Handler: &handler.Handler{Judge: judge, Desk: &s.desk, Recorder: &s.record, Now: time.Now}}
	return s
}

func realJudge() *decide.Judge {
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	return &decide.Judge{
		Mode: decide.Mirror, Self: "system:serviceaccount:ingress-migrate:ingress-migrate-webhook",
		Translator: translate.New(engine, convert.Options{From: convert.FromTraefikV1}, empty{}),
	}
}

func (s *served) post(t testing.TB, body string) (int, *admissionv1.AdmissionResponse) {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, handler.Path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	recorder := httptest.NewRecorder()
	s.ServeHTTP(recorder, request)
	var review admissionv1.AdmissionReview
	if err := json.Unmarshal(recorder.Body.Bytes(), &review); err != nil {
		return recorder.Code, nil
	}
	return recorder.Code, review.Response
}

const ingress = `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"shop","annotations":{"team":"cart"}},"spec":{"rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}`

func review(version, object string) string {
	return `{"apiVersion":"admission.k8s.io/` + version + `","kind":"AdmissionReview","request":{"uid":"u","operation":"CREATE","namespace":"shop","name":"web",
"kind":{"group":"networking.k8s.io","version":"v1","kind":"Ingress"},"resource":{"group":"networking.k8s.io","version":"v1","resource":"ingresses"},
"userInfo":{"username":"deployer"},"object":` + object + `}}`
}

func TestPatchAppliedIsTheObjectWithOneMoreAnnotation(t *testing.T) {
	for _, version := range []string{"v1", "v1beta1"} {
		s := serve(realJudge())
		status, response := s.post(t, review(version, ingress))
		if status != http.StatusOK || response == nil || !response.Allowed || response.UID != "u" {
			t.Fatalf("%s: status %d, %+v", version, status, response)
		}
		patch, err := jsonpatch.DecodePatch(response.Patch)
		if err != nil {
			t.Fatal(err)
		}
		patched, err := patch.Apply([]byte(ingress))
		if err != nil {
			t.Fatal(err)
		}
		want := strings.Replace(ingress, `"team":"cart"`, `"team":"cart","ingress-migrate.io/route":"IngressRoute/web"`, 1)
		if !jsonpatch.Equal(patched, []byte(want)) {
			t.Errorf("%s: patched %s", version, patched)
		}
		if diff := cmp.Diff([]string{"shop/web"}, s.desk.keys); diff != "" {
			t.Errorf("handed over (-want +got):\n%s", diff)
		}
		// The patched object asked again needs no patch.
		if _, again := s.post(t, review(version, string(patched))); again.Patch != nil {
			t.Errorf("%s: patched twice: %s", version, again.Patch)
		}
	}
}

type panics struct{}

func (panics) Decide(context.Context, *admissionv1.AdmissionRequest) decide.Verdict {
	panic("a fault of ours")
}

func TestPanicAllows(t *testing.T) {
	s := serve(panics{})
	status, response := s.post(t, review("v1", ingress))
	if status != http.StatusOK || response == nil || !response.Allowed || response.Patch != nil {
		t.Errorf("status %d, %+v", status, response)
	}
	if diff := cmp.Diff([]decide.Reason{decide.Failed}, s.record.reasons); diff != "" {
		t.Errorf("counted (-want +got):\n%s", diff)
	}
}

type denies struct{}

func (denies) Decide(context.Context, *admissionv1.AdmissionRequest) decide.Verdict {
	return decide.Verdict{Reason: decide.Refused, Denied: "shop/web: because (E-X)"}
}

func TestDenied(t *testing.T) {
	s := serve(denies{})
	status, response := s.post(t, review("v1", ingress))
	if status != http.StatusOK || response == nil || response.Allowed || response.Result == nil || response.Result.Code != http.StatusForbidden ||
		response.Result.Message != "ingress-migrate: shop/web: because (E-X)" {
		t.Errorf("status %d, %+v", status, response)
	}
}

// FuzzAdmissionReview: whatever is sent, nothing panics and nothing is refused,
// and a patch touches our annotation only.
func FuzzAdmissionReview(f *testing.F) {
	for _, seed := range []string{
		review("v1", ingress), review("v1beta1", ingress), review("v1", "null"), review("v1", `{"metadata":null,"spec":{"rules":[{}]}}`),
		review("v1", `{"metadata":{"generateName":"a-"},"spec":{"defaultBackend":{}}}`), `{}`, ``, `[]`, `{"request":{}}`,
		strings.ReplaceAll(review("v1", `{"spec":{"backend":{"serviceName":"a"},"rules":[{"http":{"paths":[{"backend":{"servicePort":"x"}}]}}]}}`), `"version":"v1"`, `"version":"v1beta1"`),
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		s := serve(realJudge())
		_, response := s.post(t, body)
		if response == nil || len(s.record.reasons) == 0 {
			return // not a request of admission at all
		}
		if !response.Allowed {
			t.Fatalf("refused: %+v", response)
		}
		if response.Patch == nil {
			return
		}
		var operations []struct{ Op, Path string }
		if err := json.Unmarshal(response.Patch, &operations); err != nil || len(operations) != 1 {
			t.Fatalf("patch %s: %v", response.Patch, err)
		}
		switch operations[0].Path {
		case "/metadata/annotations/ingress-migrate.io~1route":
		case "/metadata/annotations":
			var request admissionv1.AdmissionReview
			object := networkingv1.Ingress{}
			if json.Unmarshal([]byte(body), &request) == nil && json.Unmarshal(request.Request.Object.Raw, &object) == nil && len(object.Annotations) > 0 {
				t.Fatalf("annotations %v are replaced by %s", object.Annotations, response.Patch)
			}
		default:
			t.Fatalf("patch %s", response.Patch)
		}
		if bytes.Count(response.Patch, []byte("ingress-migrate.io")) != 1 {
			t.Fatalf("patch %s", response.Patch)
		}
	})
}
