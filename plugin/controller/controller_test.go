package controller

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

func meta(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Namespace: "edge", Name: name} }

func pod(image string, args ...string) corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "proxy", Image: image, Args: args}}}}
}

func daemonSet(name, image string, args ...string) *appsv1.DaemonSet {
	return &appsv1.DaemonSet{ObjectMeta: meta(name), Spec: appsv1.DaemonSetSpec{Template: pod(image, args...)}}
}

func deployment(name, image string, args ...string) *appsv1.Deployment {
	return &appsv1.Deployment{ObjectMeta: meta(name), Spec: appsv1.DeploymentSpec{Template: pod(image, args...)}}
}

// mounting mounts a ConfigMap.
func mounting(set *appsv1.DaemonSet, configMap string) *appsv1.DaemonSet {
	volume := corev1.Volume{Name: "config"}
	volume.ConfigMap = &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: configMap}}
	set.Spec.Template.Spec.Volumes = append(set.Spec.Template.Spec.Volumes, volume)
	return set
}

func readAll(t *testing.T, client *fake.Clientset, from convert.Dialect) (convert.Options, []string) {
	t.Helper()
	ctx := context.Background()
	workloads, notes, err := FromCluster(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	options, found := Facts(convert.Options{From: from}, workloads, ConfigMaps(ctx, client))
	return options, append(notes, found...)
}

// What is read of a controller, in one line of words.
func said(o convert.Options) string {
	var parts []string
	add := func(name, value string) {
		if value != "" {
			parts = append(parts, name+"="+value)
		}
	}
	if o.Controllers != nil {
		for _, d := range o.Controllers.Seen {
			add("seen", string(d))
		}
	}
	add("v1", o.TraefikV1.IngressClass)
	add("v2", o.Traefik.IngressClass)
	add("version", o.Traefik.Version)
	add("nginx", o.Nginx.IngressClass)
	add("gzip", o.Nginx.ConfigMap["use-gzip"])
	return strings.Join(parts, " ")
}

func TestFactsOfControllers(t *testing.T) {
	toml := &corev1.ConfigMap{ObjectMeta: meta("conf"), Data: map[string]string{"traefik.toml": "[kubernetes]\ningressClass = \"file\"\n"}}
	yaml := &corev1.ConfigMap{ObjectMeta: meta("conf"), Data: map[string]string{"traefik.yaml": "providers: {kubernetesIngress: {ingressClass: file}}"}}
	onlyCRD := &corev1.ConfigMap{ObjectMeta: meta("conf"), Data: map[string]string{"traefik.yaml": "providers: {kubernetesCRD: {}}"}}
	nginxConf := &corev1.ConfigMap{ObjectMeta: meta("nginx-conf"), Data: map[string]string{"use-gzip": "true"}}
	fromEnv := deployment("traefik", "traefik:v3.6.12")
	fromEnv.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "TRAEFIK_PROVIDERS_KUBERNETESINGRESS_INGRESSCLASS", Value: "env"}}
	for name, c := range map[string]struct {
		objects []runtime.Object
		want    string
		note    string // part of the notes
	}{
		"none":                          {nil, "", ""},
		"another image":                 {[]runtime.Object{deployment("web", "nginx:1.27"), deployment("f5", "nginx/nginx-ingress:3.0")}, "", ""},
		"Traefik 1.7 by its file":       {[]runtime.Object{mounting(daemonSet("old", "traefik:1.7-alpine"), "conf"), toml}, "seen=traefik-v1 v1=file", "is read from daemonset edge/old (1.7) and configmap edge/conf"},
		"its arguments go before":       {[]runtime.Object{mounting(daemonSet("old", "traefik:v1.7.34", "--kubernetes.ingressclass=args"), "conf"), toml}, "seen=traefik-v1 v1=args", ""},
		"Traefik 1.7 of another kind":   {[]runtime.Object{daemonSet("old", "traefik:v1.7.34", "--docker")}, "", ""},
		"Traefik 2 by its arguments":    {[]runtime.Object{deployment("new", "registry.test:5000/mirror/traefik:v2.11.50@sha256:1", "--providers.kubernetesingress.ingressclass=args")}, "seen=traefik v2=args version=2.11.50", "deployment edge/new (2.11.50)"},
		"Traefik 3 by its variables":    {[]runtime.Object{fromEnv}, "seen=traefik v2=env version=3.6.12", ""},
		"Traefik 2 by its file":         {[]runtime.Object{mounting(daemonSet("new", "traefik:2.11"), "conf"), yaml}, "seen=traefik v2=file version=2.11", ""},
		"only CRDs":                     {[]runtime.Object{mounting(daemonSet("new", "traefik:2.11"), "conf"), onlyCRD}, "", ""},
		"a file that is not there":      {[]runtime.Object{mounting(daemonSet("new", "traefik:2.11"), "conf")}, "seen=traefik", "but its configmap edge/conf cannot be read: the usual configuration is assumed"},
		"version by arguments":          {[]runtime.Object{deployment("new", "traefik:latest", "--entrypoints.web.address=:80", "--providers.kubernetesingress")}, "seen=traefik", ""},
		"no version at all":             {[]runtime.Object{deployment("new", "traefik")}, "", "deployment edge/new runs a Traefik whose version nothing tells: say --from"},
		"ingress-nginx":                 {[]runtime.Object{deployment("n", "registry.k8s.io/ingress-nginx/controller:v1.11.2", "/nginx-ingress-controller", "--ingress-class=in", "--configmap=edge/nginx-conf"), nginxConf}, "seen=nginx nginx=in gzip=true", "and configmap edge/nginx-conf"},
		"ingress-nginx without its map": {[]runtime.Object{deployment("n", "quay.io/kubernetes-ingress-controller/nginx-ingress-controller:0.33.0", "--configmap=edge/nosuch")}, "seen=nginx", "configmap edge/nosuch of ingress-nginx cannot be read: its defaults are assumed"},
		"several":                       {[]runtime.Object{deployment("a", "traefik:3.6", "--providers.kubernetesingress.ingressclass=a"), deployment("b", "traefik:2.11", "--providers.kubernetesingress.ingressclass=b")}, "seen=traefik", "2 workloads run Traefik 2 or 3 (deployment edge/a, deployment edge/b): what is to know of it is read from none of them"},
		"both":                          {[]runtime.Object{daemonSet("old", "traefik:1.7", "--kubernetes"), deployment("n", "registry.k8s.io/ingress-nginx/controller:v1.11.2")}, "seen=traefik-v1 seen=nginx", ""},
	} {
		t.Run(name, func(t *testing.T) {
			options, notes := readAll(t, fake.NewClientset(c.objects...), convert.Auto)
			if got := said(options); got != c.want {
				t.Errorf("read %q, want %q", got, c.want)
			}
			if !strings.Contains(strings.Join(notes, "\n"), c.note) {
				t.Errorf("notes %q, want %q among them", notes, c.note)
			}
		})
	}
}

// With --from only that controller is looked at.
func TestFactsOfOneDialect(t *testing.T) {
	client := fake.NewClientset(daemonSet("old", "traefik:1.7", "--kubernetes.ingressclass=old"), deployment("new", "traefik:3.6", "--providers.kubernetesingress.ingressclass=new"))
	options, notes := readAll(t, client, convert.FromTraefik)
	if options.Traefik.IngressClass != "new" || !cmp.Equal(options.TraefikV1, traefikv1.Facts{}) || options.Controllers != nil || len(notes) != 1 {
		t.Errorf("%+v, notes %q", options, notes)
	}
}

// Without rights nothing is guessed, and one note says so.
func TestFactsWithoutRights(t *testing.T) {
	client := fake.NewClientset(daemonSet("old", "traefik:1.7", "--kubernetes"))
	for _, resource := range []string{"daemonsets", "deployments"} {
		client.PrependReactor("list", resource, func(action clienttesting.Action) (bool, runtime.Object, error) {
			return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: resource}, "", nil)
		})
	}
	options, notes := readAll(t, client, convert.Auto)
	want := []string{"not allowed to list daemonsets and deployments: what is to know of the old controllers is not read from them, say it with --source-args"}
	if diff := cmp.Diff(want, notes); diff != "" || options.Controllers != nil {
		t.Errorf("%+v %s", options, diff)
	}
}
