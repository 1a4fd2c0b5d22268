package edge

import (
	"context"
	_ "embed"
	"fmt"
	"io"
	"slices"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// ImageNginx is the controller whose place Debian's nginx takes. The real one
// refuses loopback addresses behind it, and there are no others in a sandbox.
const ImageNginx = "registry.k8s.io/ingress-nginx/controller:v1.15.0"

//go:embed manifests/nginx.yaml
var nginxYAML string

//go:embed manifests/nginx.sh
var nginxScript string

// NginxObjects are what the controller would read from the cluster.
type NginxObjects struct {
	Ingresses []networkingv1.Ingress
	Services  []corev1.Service
	Secrets   []corev1.Secret
}

// Nginx is nginx with a configuration for objects, as ingress-nginx renders it.
// What it does not know how to render is an error.
func Nginx(o Options, objects NginxObjects) (Deployment, error) {
	o = o.withDefaults("nginx", ImageNginx)
	deployment, err := render("nginx", nginxYAML, o)
	if err != nil {
		return nil, err
	}
	files, err := renderNginx(o, objects)
	if err != nil {
		return nil, err
	}
	rendered := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Namespace: o.Namespace, Name: o.Name + "-rendered"}, Data: files,
	}
	// Before the DaemonSet, which is last.
	return slices.Insert(deployment, len(deployment)-1, Deployment{rendered}...), nil
}

// AcceptSeconds is AcceptGrace for flags that take whole seconds.
func (o Options) AcceptSeconds() int { return int(o.AcceptGrace.Seconds()) }

// FinishSeconds is FinishGrace for settings that take whole seconds.
func (o Options) FinishSeconds() int { return int(o.FinishGrace.Seconds()) }

// EquipNginx tells the nodes which program the image of ingress-nginx is.
func EquipNginx(ctx context.Context, log io.Writer, cluster Cluster) error {
	packages, err := binaries.Nginx(ctx, log)
	if err != nil {
		return fmt.Errorf("nginx of the edge: %w", err)
	}
	cluster.SetImage(ImageNginx, kubelet.Program{
		Path: "/bin/sh", Args: []string{"-c", nginxScript, "nginx-ingress-controller"},
		Env: []string{"NGINX_PACKAGES=" + packages},
	})
	return nil
}
