package decide_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

const self = "system:serviceaccount:ingress-migrate:ingress-migrate-webhook"

// alone converts with the real library, as if the cluster had no other Ingress.
type alone struct{ taken string }

func (a alone) Translate(ctx context.Context, ingress *networkingv1.Ingress) (translate.Translation, error) {
	if ingress.Name == "broken-cache" {
		return translate.Translation{}, errors.New("cache is not there")
	}
	if ingress.Name == "many-peers" {
		return translate.Translation{}, translate.ErrTooMany
	}
	return translator().Translate(ctx, ingress)
}

func (a alone) Alone(ctx context.Context, ingress *networkingv1.Ingress) (translate.Translation, error) {
	return translator().Alone(ctx, ingress)
}

func translator() *translate.Translator {
	engine := translate.Engine{Convert: convert.Convert, HostKeys: convert.HostKeys, PeerKeys: convert.PeerKeys}
	return translate.New(engine, convert.Options{From: convert.FromTraefikV1}, nobodyElse{})
}

func (a alone) TakenBy(context.Context, string, string, string) (string, error) { return a.taken, nil }

func judge() *decide.Judge {
	return &decide.Judge{Mode: decide.Mirror, Self: self, Translator: alone{}, Routes: alone{}}
}

const v1 = `{"apiVersion":"networking.k8s.io/v1","kind":"Ingress","metadata":{"name":"web","namespace":"shop"%s},
"spec":{"rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"service":{"name":"web","port":{"number":80}}}}]}}]}}`

const v1beta1 = `{"apiVersion":"networking.k8s.io/v1beta1","kind":"Ingress","metadata":{"name":"web","namespace":"shop"},
"spec":{"rules":[{"host":"a.example.com","http":{"paths":[{"path":"/","backend":{"serviceName":"web","servicePort":80}}]}}]}}`

func withMeta(meta string) string { return strings.Replace(v1, "%s", meta, 1) }

func annotated(pairs ...string) string {
	annotations := map[string]string{}
	for _, pair := range pairs {
		key, value, _ := strings.Cut(pair, "=")
		annotations[key] = value
	}
	raw, err := json.Marshal(annotations)
	if err != nil {
		panic(err)
	}
	return withMeta(`,"annotations":` + string(raw))
}

type change func(*admissionv1.AdmissionRequest)

func request(object string, changes ...change) *admissionv1.AdmissionRequest {
	r := &admissionv1.AdmissionRequest{
		UID: "1", Operation: admissionv1.Create, Namespace: "shop", Name: "web",
		Resource: metav1.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"},
		UserInfo: authenticationv1.UserInfo{Username: "deployer"},
		Object:   runtime.RawExtension{Raw: []byte(object)},
	}
	for _, change := range changes {
		change(r)
	}
	return r
}

func dryRun(r *admissionv1.AdmissionRequest)      { r.DryRun = new(true) }
func update(r *admissionv1.AdmissionRequest)      { r.Operation = admissionv1.Update }
func byOurselves(r *admissionv1.AdmissionRequest) { r.UserInfo.Username = self }
func inV1beta1(group string) change {
	return func(r *admissionv1.AdmissionRequest) { r.Resource.Group, r.Resource.Version = group, "v1beta1" }
}

const (
	stampWithoutAnnotations = `[{"op":"add","path":"/metadata/annotations","value":{"ingress-migrate.io/route":"IngressRoute/web"}}]`
	stampBesideOthers       = `[{"op":"add","path":"/metadata/annotations/ingress-migrate.io~1route","value":"IngressRoute/web"}]`
	stampRemoved            = `[{"op":"remove","path":"/metadata/annotations/ingress-migrate.io~1route"}]`
	blockedStamp            = `[{"op":"add","path":"/metadata/annotations/ingress-migrate.io~1route","value":"unconvertible: E-WHITELIST-XFF"}]`
	selfTestStamp           = `[{"op":"add","path":"/metadata/annotations","value":{"ingress-migrate.io/route":"self-test"}}]`
)

// outcome is a Verdict without the texts of the conversion library, whose own
// tests are about them.
type outcome struct {
	Reason   decide.Reason
	Patch    string
	HandOver string
	Warned   []string // codes
}

func outcomeOf(v decide.Verdict) outcome {
	o := outcome{Reason: v.Reason, Patch: string(v.Patch), HandOver: v.HandOver}
	for _, w := range v.Warnings {
		for _, info := range diag.All() {
			if strings.Contains(w, "("+string(info.Code)+")") {
				o.Warned = append(o.Warned, string(info.Code))
			}
		}
	}
	return o
}

func TestDecide(t *testing.T) {
	cases := map[string]struct {
		request *admissionv1.AdmissionRequest
		want    outcome
	}{
		"create": {
			request(withMeta("")),
			outcome{Reason: decide.Converted, Patch: stampWithoutAnnotations, HandOver: "shop/web"},
		},
		"update": {
			request(withMeta(""), update),
			outcome{Reason: decide.Converted, Patch: stampWithoutAnnotations, HandOver: "shop/web"},
		},
		"networking.k8s.io/v1beta1": {
			request(v1beta1, inV1beta1("networking.k8s.io")),
			outcome{Reason: decide.Converted, Patch: stampWithoutAnnotations, HandOver: "shop/web"},
		},
		"extensions/v1beta1": {
			request(v1beta1, inV1beta1("extensions")),
			outcome{Reason: decide.Converted, Patch: stampWithoutAnnotations, HandOver: "shop/web"},
		},
		"dry run has the same answer and hands nothing over": {
			request(withMeta(""), dryRun),
			outcome{Reason: decide.Converted, Patch: stampWithoutAnnotations},
		},
		"stamped already": {
			request(annotated("ingress-migrate.io/route=IngressRoute/web"), update),
			outcome{Reason: decide.Converted, HandOver: "shop/web"},
		},
		"stamp of another time": {
			request(annotated("ingress-migrate.io/route=unconvertible: E-X"), update),
			outcome{Reason: decide.Converted, Patch: stampBesideOthers, HandOver: "shop/web"},
		},
		"other annotations stay": {
			request(annotated("team=cart")),
			outcome{Reason: decide.Converted, Patch: stampBesideOthers, HandOver: "shop/web"},
		},
		"something differs": {
			request(annotated("ingress.kubernetes.io/rate-limit=extractorfunc: client.ip\nrateset:\n  a: {period: 3s, average: 6, burst: 9}\n")),
			outcome{Reason: decide.Converted, Patch: stampBesideOthers, HandOver: "shop/web", Warned: []string{"W-RATELIMIT"}},
		},
		"blocked": {
			request(annotated("ingress.kubernetes.io/whitelist-source-range=10.0.0.0/8", "ingress.kubernetes.io/whitelist-x-forwarded-for=true")),
			outcome{Reason: decide.Unconvertible, Patch: blockedStamp, HandOver: "shop/web", Warned: []string{"E-WHITELIST-XFF"}},
		},
		"a Service that does not exist yet": {
			request(strings.Replace(withMeta(""), `"service":{"name":"web"`, `"service":{"name":"later"`, 1)),
			// The stamp is that of later on: nobody applies the Ingress again for it.
			outcome{Reason: decide.NotServed, Patch: stampWithoutAnnotations, HandOver: "shop/web", Warned: []string{"W-NO-SERVICE"}},
		},
		"generated name": {
			request(strings.Replace(withMeta(""), `"name":"web"`, `"generateName":"web-"`, 1), func(r *admissionv1.AdmissionRequest) { r.Name = "" }),
			outcome{Reason: decide.Converted},
		},
		"opted out": {
			request(annotated("ingress-migrate.io/mode=ignore")),
			outcome{Reason: decide.OptedOut},
		},
		"opts out later": {
			request(annotated("ingress-migrate.io/mode=ignore", "ingress-migrate.io/route=IngressRoute/web"), update),
			outcome{Reason: decide.OptedOut, Patch: stampRemoved},
		},
		"another class": {
			request(annotated("kubernetes.io/ingress.class=nginx")),
			outcome{Reason: decide.NotOurs},
		},
		"leaves our class": {
			request(annotated("kubernetes.io/ingress.class=nginx", "ingress-migrate.io/route=IngressRoute/web"), update),
			outcome{Reason: decide.NotOurs, Patch: stampRemoved},
		},
		"our own write": {
			request(withMeta(""), byOurselves),
			outcome{Reason: decide.OwnWrite},
		},
		"self-test": {
			request(withMeta(`,"labels":{"ingress-migrate.io/self-test":"true"}`), dryRun),
			outcome{Reason: decide.SelfTest, Patch: selfTestStamp},
		},
		"delete": {
			request("", func(r *admissionv1.AdmissionRequest) {
				r.Operation, r.OldObject, r.Object = admissionv1.Delete, runtime.RawExtension{Raw: []byte(withMeta(""))}, runtime.RawExtension{}
			}),
			outcome{Reason: decide.NoChange},
		},
		"connect": {
			request(withMeta(""), func(r *admissionv1.AdmissionRequest) { r.Operation = admissionv1.Connect }),
			outcome{Reason: decide.NoChange},
		},
		"status": {
			request(withMeta(""), update, func(r *admissionv1.AdmissionRequest) { r.SubResource = "status" }),
			outcome{Reason: decide.NotAnIngress},
		},
		"another resource": {
			request(`{}`, func(r *admissionv1.AdmissionRequest) { r.Resource.Resource = "ingressclasses" }),
			outcome{Reason: decide.NotAnIngress},
		},
		"an Ingress of somebody else's API": {
			request(withMeta(""), func(r *admissionv1.AdmissionRequest) { r.Resource.Group = "config.example.com" }),
			outcome{Reason: decide.NotAnIngress},
		},
		"unknown version": {
			request(withMeta(""), func(r *admissionv1.AdmissionRequest) { r.Resource.Version = "v2" }),
			outcome{Reason: decide.Undecodable},
		},
		"no object": {
			request(""),
			outcome{Reason: decide.Undecodable},
		},
		"not JSON": {
			request("{"),
			outcome{Reason: decide.Undecodable},
		},
		"wrong types": {
			request(`{"metadata":{"annotations":{"a":1}}}`),
			outcome{Reason: decide.Undecodable},
		},
		"huge": {
			request(annotated("a=" + strings.Repeat("x", decide.MaxObjectBytes))),
			outcome{Reason: decide.TooLarge},
		},
		"shares requests with thousands": {
			request(strings.Replace(withMeta(""), `"web"`, `"many-peers"`, 1)),
			outcome{Reason: decide.TooMany, Patch: strings.Replace(stampWithoutAnnotations, "/web", "/many-peers", 1), HandOver: "shop/many-peers"},
		},
		"a cache that fails": {
			request(strings.Replace(withMeta(""), `"web"`, `"broken-cache"`, 1)),
			outcome{Reason: decide.Failed, HandOver: "shop/broken-cache"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			verdict := judge().Decide(t.Context(), c.request)
			if diff := cmp.Diff(c.want, outcomeOf(verdict)); diff != "" {
				t.Errorf("verdict (-want +got):\n%s", diff)
			}
			if again := judge().Decide(t.Context(), c.request); !cmp.Equal(outcomeOf(verdict), outcomeOf(again)) {
				t.Error("another answer the second time")
			}
			trial := c.request.DeepCopy()
			trial.DryRun = new(true)
			dry := judge().Decide(t.Context(), trial)
			if string(dry.Patch) != string(verdict.Patch) || !cmp.Equal(dry.Warnings, verdict.Warnings) || dry.HandOver != "" {
				t.Errorf("dry run: %+v", outcomeOf(dry))
			}
		})
	}
}

func TestModes(t *testing.T) {
	r := request(annotated("ingress.kubernetes.io/rate-limit=extractorfunc: client.ip\nrateset:\n  a: {period: 3s, average: 6, burst: 9}\n"))
	want := map[decide.Mode]outcome{
		decide.Observe: {Reason: decide.Converted},
		decide.Warn:    {Reason: decide.Converted, Warned: []string{"W-RATELIMIT"}},
		decide.Mirror:  {Reason: decide.Converted, Warned: []string{"W-RATELIMIT"}, Patch: stampBesideOthers, HandOver: "shop/web"},
		decide.Enforce: {Reason: decide.Converted, Warned: []string{"W-RATELIMIT"}, Patch: stampBesideOthers, HandOver: "shop/web"},
	}
	for _, mode := range decide.Modes() {
		j := judge()
		j.Mode = mode
		if diff := cmp.Diff(want[mode], outcomeOf(j.Decide(t.Context(), r))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", mode, diff)
		}
	}
}

func TestTakenName(t *testing.T) {
	j := judge()
	j.Routes = alone{taken: "it was made for Ingress \x1b[2J\"" + strings.Repeat("x", 200)}
	warnings := j.Decide(t.Context(), request(withMeta(""))).Warnings
	if len(warnings) != 1 || !strings.HasPrefix(warnings[0], `ingress-migrate: IngressRoute web is left alone: it was made for Ingress \x1b[2J\"xx`) || len(warnings[0]) > 120 {
		t.Errorf("warnings %q", warnings)
	}
}

// noisy finds nine things that differ.
type noisy struct{ alone }

func (n noisy) Translate(ctx context.Context, ingress *networkingv1.Ingress) (translate.Translation, error) {
	translation, err := n.alone.Translate(ctx, ingress)
	for i := range 9 {
		translation.Diagnostics = append(translation.Diagnostics, diag.New(diag.WDRR, diag.Object{Namespace: "shop", Name: fmt.Sprintf("web-%d", i)}, "", ""))
	}
	return translation, err
}

// TestWarningsAreFew: whatever an Ingress is like, the API server cuts nothing.
func TestWarningsAreFew(t *testing.T) {
	j := judge()
	j.Translator, j.Routes = noisy{}, alone{taken: "it was not made by ingress-migrate"}
	warnings := j.Decide(t.Context(), request(withMeta(""))).Warnings
	if len(warnings) != 8 || !strings.Contains(warnings[0], "is left alone") || !strings.Contains(warnings[7], "and 3 more") {
		t.Errorf("%d warnings: %q", len(warnings), warnings)
	}
}
