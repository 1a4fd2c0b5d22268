package install

import (
	"strings"
	"testing"

	registrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/fake"
)

// What Helm installed, also when a part of it is left, is changed by Helm alone.
func TestRefuseRelease(t *testing.T) {
	helm := metav1.ObjectMeta{
		Name: Name, Labels: map[string]string{"app.kubernetes.io/managed-by": "Helm"},
		Annotations: map[string]string{"meta.helm.sh/release-name": "edge-hook", "meta.helm.sh/release-namespace": "edge"},
	}
	inNamespace := func(meta metav1.ObjectMeta) metav1.ObjectMeta { meta.Namespace = "edge"; return meta }
	ours := metav1.ObjectMeta{Name: Name}
	for name, c := range map[string]struct {
		objects []runtime.Object
		want    string
	}{
		"nothing":               {nil, ""},
		"installed by us":       {[]runtime.Object{&registrationv1.MutatingWebhookConfiguration{ObjectMeta: ours}, &appsv1.Deployment{ObjectMeta: inNamespace(ours)}}, ""},
		"a release":             {[]runtime.Object{&registrationv1.MutatingWebhookConfiguration{ObjectMeta: helm}, &appsv1.Deployment{ObjectMeta: inNamespace(helm)}}, "helm upgrade edge-hook manifests/chart -n edge "},
		"not registered yet":    {[]runtime.Object{&appsv1.Deployment{ObjectMeta: inNamespace(helm)}}, "helm upgrade edge-hook "},
		"registered, pods gone": {[]runtime.Object{&registrationv1.MutatingWebhookConfiguration{ObjectMeta: helm}}, "helm uninstall edge-hook -n edge"},
	} {
		t.Run(name, func(t *testing.T) {
			i := &Installer{Client: fake.NewClientset(c.objects...), Namespace: "edge"}
			err := i.RefuseRelease(t.Context())
			switch {
			case c.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}
