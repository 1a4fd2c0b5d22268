package decide_test

import (
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
)

func TestEnforce(t *testing.T) {
	const list = "ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8"
	good, bad := annotated(list), annotated(list, "ingress.kubernetes.io/whitelist-x-forwarded-for=true")
	otherHost := strings.Replace(bad, "a.example.com", "b.example.com", 1)
	from := func(object string) change {
		return func(r *admissionv1.AdmissionRequest) {
			r.Operation, r.OldObject = admissionv1.Update, runtime.RawExtension{Raw: []byte(object)}
		}
	}
	for name, c := range map[string]struct {
		request *admissionv1.AdmissionRequest
		denied  bool
	}{
		"created":                                 {request(bad), true},
		"created, in a dry run":                   {request(bad, dryRun), true},
		"created, convertible":                    {request(good), false},
		"created, opted out":                      {request(annotated(list, "ingress.kubernetes.io/whitelist-x-forwarded-for=true", "ingress-migrate.io/mode=ignore")), false},
		"created, of another class":               {request(annotated("kubernetes.io/ingress.class=nginx", "ingress.kubernetes.io/whitelist-x-forwarded-for=true")), false},
		"created, its Service comes later":        {request(strings.Replace(good, `"service":{"name":"web"`, `"service":{"name":"later"`, 1)), false},
		"created, too large to be judged":         {request(annotated("a=" + strings.Repeat("x", decide.MaxObjectBytes))), false},
		"its spec changes":                        {request(otherHost, from(bad)), true},
		"its spec changes, and it gets better":    {request(good, from(otherHost)), false},
		"an annotation makes it so":               {request(bad, from(good)), true},
		"it was so, and an annotation is written": {request(strings.Replace(bad, `"annotations":{`, `"annotations":{"team":"cart",`, 1), from(bad)), false},
		"it was so, and a finalizer goes":         {request(bad, from(strings.Replace(bad, `"name":"web"`, `"name":"web","finalizers":["x/y"]`, 1))), false},
		"what it was cannot be read":              {request(bad, from("{")), false},
		"our own write":                           {request(bad, byOurselves), false},
	} {
		t.Run(name, func(t *testing.T) {
			j := judge()
			j.Mode = decide.Enforce
			v := j.Decide(t.Context(), c.request)
			if (v.Denied != "") != c.denied || c.denied && (v.Patch != nil || v.HandOver != "" || v.Reason != decide.Refused) {
				t.Errorf("%+v", v)
			}
			if c.denied && !strings.Contains(v.Denied, "(E-WHITELIST-XFF)") {
				t.Errorf("the reason is %q", v.Denied)
			}
			j.Mode = decide.Mirror
			if v := j.Decide(t.Context(), c.request); v.Denied != "" {
				t.Errorf("refused in mode mirror: %s", v.Denied)
			}
		})
	}
}
