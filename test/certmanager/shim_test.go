// Package certmanager lets cert-manager itself judge the Certificates that the
// conversion prints.
package certmanager

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	cmapi "github.com/cert-manager/cert-manager/pkg/apis/certmanager/v1"
	"github.com/cert-manager/cert-manager/pkg/client/clientset/versioned/fake"
	"github.com/cert-manager/cert-manager/pkg/client/informers/externalversions"
	"github.com/cert-manager/cert-manager/pkg/controller"
	shimhelper "github.com/cert-manager/cert-manager/pkg/controller/certificate-shim"
	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/record"
	"pgregory.net/rapid"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/certmanager"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// values are by annotation: some that cert-manager takes and some that it refuses.
var values = map[string][]string{
	"acme.cert-manager.io/http01-edit-in-place":            {"true", "false", "1"},
	"acme.cert-manager.io/http01-ingress-class":            {"traefik", ""},
	"acme.cert-manager.io/http01-ingress-ingressclassname": {"traefik", ""},
	"cert-manager.io/alt-names":                            {"", "x.test", "x.test,y.test", "x.test, y.test"},
	"cert-manager.io/cluster-issuer":                       {"le", "le", "le", ""},
	"cert-manager.io/common-name":                          {"x.test", ""},
	"cert-manager.io/duration":                             {"2160h", "24h30m", "90d", "", "0"},
	"cert-manager.io/email-sans":                           {"a@x.test,b@x.test", ""},
	"cert-manager.io/ip-sans":                              {"10.0.0.9", "10.0.0.9,::1", ""},
	"cert-manager.io/issuer":                               {"own", "own", "own", ""},
	"cert-manager.io/issuer-group":                         {"g.example", ""},
	"cert-manager.io/issuer-kind":                          {"K", "ClusterIssuer", ""},
	"cert-manager.io/private-key-algorithm":                {"RSA", "ECDSA", "Ed25519", "rsa", ""},
	"cert-manager.io/private-key-encoding":                 {"PKCS1", "PKCS8", "pkcs8"},
	"cert-manager.io/private-key-rotation-policy":          {"Always", "Never", "always"},
	"cert-manager.io/private-key-size":                     {"2048", "256", "384", "512", "8193", "0", "x"},
	"cert-manager.io/renew-before":                         {"360h", "1d"},
	"cert-manager.io/renew-before-percentage":              {"25", "-1", "0", "99999999999", "x"},
	"cert-manager.io/revision-history-limit":               {"1", "7", "0", "-1", "x"},
	"cert-manager.io/secret-template":                      {`{}`, `{"labels":{"a":"b"}}`, `{"annotations":{"a":"b"}} x`, `{"annotations":{"cert-manager.io/x":"b"}}`, `{"other":1}`, `x`, ``},
	"cert-manager.io/subject-countries":                    {"DE,FR", ""},
	"cert-manager.io/subject-localities":                   {"Here"},
	"cert-manager.io/subject-organizations":                {`Shop,"Shop, Inc."`, `"x`, "a\nb", "Shop"},
	"cert-manager.io/subject-organizationalunits":          {"Web"},
	"cert-manager.io/subject-postalcodes":                  {"1"},
	"cert-manager.io/subject-provinces":                    {"P"},
	"cert-manager.io/subject-serialnumber":                 {"7", ""},
	"cert-manager.io/subject-streetaddresses":              {"S 1"},
	"cert-manager.io/unheard-of":                           {"x"},
	"cert-manager.io/uri-sans":                             {"spiffe://x"},
	"cert-manager.io/usages":                               {"server auth", "digital signature, key encipherment", "signing,any", "nonsense", ""},
	"kubernetes.io/tls-acme":                               {"true", "1", "false", "yes"},
}

func TestCertificatesAreThoseOfIngressShim(t *testing.T) {
	keys := slices.Sorted(maps.Keys(values))
	made, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		ing := ingress(t, keys)
		before, err := json.Marshal(ing)
		if err != nil {
			t.Fatal(err)
		}
		certificates, findings := certmanager.Certificates(ir.Ingress{Ingress: ing})
		if after, _ := json.Marshal(ing); string(after) != string(before) {
			t.Fatalf("the Ingress was changed: %s", cmp.Diff(string(before), string(after)))
		}
		want := shim(t, ing)
		got := map[string]string{}
		for _, c := range certificates {
			got[c.Name] = text(t, c)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("-cert-manager +ours:\n%s\n%s\n%v", diff, before, findings)
		}
		asks := slices.ContainsFunc([]string{"cert-manager.io/issuer", "cert-manager.io/cluster-issuer"}, func(key string) bool {
			_, ok := ing.Annotations[key]
			return ok
		})
		if len(got) < len(ing.Spec.TLS) && asks && !slices.ContainsFunc(findings, func(d diag.Diagnostic) bool { return d.Code == diag.WCertRefused }) {
			t.Fatalf("%d certificates for %d entries and nothing is said: %s", len(got), len(ing.Spec.TLS), before)
		}
		made += len(got)
		refused += len(ing.Spec.TLS) - len(got)
	})
	if made == 0 || refused == 0 {
		t.Errorf("%d certificates made and %d refused: the generator shows one side only", made, refused)
	}
}

func ingress(t *rapid.T, keys []string) *networkingv1.Ingress {
	ing := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Namespace: "t", Name: "i", UID: "1", Annotations: map[string]string{}}}
	if rapid.Bool().Draw(t, "labels") {
		ing.Labels = map[string]string{"team": "x", "applyset.kubernetes.io/part-of": "y"}
	}
	// Usually exactly one issuer, or most are refused.
	issuer := rapid.SampledFrom([]string{"cert-manager.io/issuer", "cert-manager.io/cluster-issuer", "kubernetes.io/tls-acme"}).Draw(t, "issuer")
	ing.Annotations[issuer] = rapid.SampledFrom(values[issuer]).Draw(t, "issuer value")
	for _, key := range rapid.SliceOfNDistinct(rapid.SampledFrom(keys), 0, 4, rapid.ID).Draw(t, "keys") {
		ing.Annotations[key] = rapid.SampledFrom(values[key]).Draw(t, key)
	}
	for range rapid.IntRange(1, 3).Draw(t, "entries") {
		ing.Spec.TLS = append(ing.Spec.TLS, networkingv1.IngressTLS{
			SecretName: rapid.SampledFrom([]string{"s", "s2", "s3", "s4", ""}).Draw(t, "secret"),
			Hosts:      rapid.SliceOfN(rapid.SampledFrom([]string{"a.test", "b.test", "*.c.test", "10.0.0.1", "::1", ""}), 0, 3).Draw(t, "hosts"),
		})
	}
	return ing
}

// shim is what cert-manager makes of the Ingress, without what the conversion
// leaves out on purpose.
func shim(t *rapid.T, ing *networkingv1.Ingress) map[string]string {
	client := fake.NewClientset()
	lister := externalversions.NewSharedInformerFactory(client, 0).Certmanager().V1().Certificates().Lister()
	sync := shimhelper.SyncFnFor(record.NewFakeRecorder(100), logr.Discard(), client, lister, controller.IngressShimOptions{
		DefaultIssuerKind: "Issuer", DefaultIssuerGroup: "cert-manager.io", DefaultAutoCertificateAnnotations: []string{"kubernetes.io/tls-acme"},
	}, "judge")
	// An error means that nothing is made; what is there then tells the same.
	_ = sync(context.Background(), ing.DeepCopy())
	list, err := client.CertmanagerV1().Certificates(ing.Namespace).List(context.Background(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for i := range list.Items {
		c := &list.Items[i]
		if len(c.OwnerReferences) != 1 || c.OwnerReferences[0].Name != ing.Name {
			t.Fatalf("owners are %v", c.OwnerReferences)
		}
		c.OwnerReferences = nil
		delete(c.Annotations, "acme.cert-manager.io/http01-override-ingress-name")
		out[c.Name] = text(t, c)
	}
	return out
}

// text is a Certificate as cert-manager reads it: unknown fields are mistakes.
func text(t *rapid.T, object any) string {
	raw, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.DisallowUnknownFields()
	var c cmapi.Certificate
	if err := decoder.Decode(&c); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
	if len(c.OwnerReferences) > 0 {
		t.Fatalf("owned by %v", c.OwnerReferences)
	}
	return fmt.Sprintf("%v %v %s", c.Labels, c.Annotations, mustJSON(t, c.Spec))
}

func mustJSON(t *rapid.T, v any) string {
	raw, err := json.MarshalIndent(v, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
