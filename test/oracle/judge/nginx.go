package judge

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"time"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// What the controller of every load has beside the set's objects.
const (
	nginxClass     = "nginx"
	nginxConfigMap = "controller"
	// nginxCertificate is the default one, the same as the Traefiks have.
	nginxCertificate = "default"
)

// findNginx builds the controller and unpacks Debian's nginx.
func (j *Judge) findNginx(ctx context.Context, log io.Writer) error {
	path, err := binaries.Ensure(ctx, log, binaries.IngressNginx)
	if err != nil {
		return err
	}
	packages, err := binaries.Nginx(ctx, log)
	if err != nil {
		return err
	}
	sources, err := binaries.Sources(ctx, binaries.IngressNginx)
	if err != nil {
		return err
	}
	jail := filepath.Join(j.config.Dir, "jail")
	if err := os.MkdirAll(jail, 0o755); err != nil {
		return err
	}
	j.command = process.Command{Path: path, Env: []string{
		"PATH=" + os.Getenv("PATH"), "POD_NAMESPACE=" + sentinelNamespace, "POD_NAME=controller",
		"INGRESS_NGINX_PACKAGES=" + packages, "INGRESS_NGINX_ROOTFS=" + filepath.Join(sources, "rootfs"), "INGRESS_NGINX_JAIL=" + jail,
		fmt.Sprintf("INGRESS_NGINX_PORTS=%d %d", PortHTTP, PortHTTPS),
	}}
	return nil
}

// nginxArguments are the controller's flags. Version 1.11 has other defaults than
// 1.15 in some respects: what can be set is as in 1.15.
func (c Config) nginxArguments(api string) ([]string, error) {
	arguments := []string{
		"--apiserver-host=" + api, "--configmap=" + sentinelNamespace + "/" + nginxConfigMap,
		"--default-ssl-certificate=" + sentinelNamespace + "/" + nginxCertificate,
		"--update-status=false", "--disable-leader-election", "--sync-rate-limit=1000",
		"--enable-annotation-validation", "--enable-metrics=false", "--profiling=false", "--post-shutdown-grace-period=0",
	}
	flags := []string{"--http-port", "--https-port", "--ssl-passthrough-proxy-port", "--status-port", "--stream-port", "--default-server-port", "--healthz-port"}
	// The controller's own servers are at fixed addresses; these ports are free, and
	// none is given twice.
	for _, flag := range flags {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer listener.Close()
		arguments = append(arguments, flag+"="+strconv.Itoa(listener.Addr().(*net.TCPAddr).Port))
	}
	return arguments, nil
}

// portTaken is what the controller says when another program was quicker.
const portTaken = "is already in use. Please check the flag"

// nginxObjects are the class and the configuration of the controller.
func (c Config) nginxObjects() []any {
	data := map[string]string{
		"bind-address": c.Address, "worker-processes": "1", "disable-access-log": "true", "error-log-path": "/dev/stderr", "error-log-level": "error",
		"annotations-risk-level": "High", "allow-cross-namespace-resources": "false",
	}
	maps.Copy(data, c.Settings)
	return []any{
		map[string]any{
			"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": map[string]any{"name": nginxClass},
			"spec": map[string]any{"controller": "k8s.io/ingress-nginx"},
		},
		map[string]any{
			"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": metadata(nginxCertificate, nil),
			"data": map[string][]byte{"tls.crt": c.Certificate.Cert, "tls.key": c.Certificate.Key},
		},
		map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(nginxConfigMap, nil), "data": data},
	}
}

// settleNginx is settle for ingress-nginx, whose informers race. An Ingress that is
// seen before the Secret that it names may stay without it, so Ingresses come
// last. One that goes with its Secret may be brought back by the Secret's end, so
// all else stays for one more load.
func (j *Judge) settleNginx(ctx context.Context, objects []any, refused func() bool) error {
	name := sentinelName(j.generation)
	var ingresses []any
	others := append(sentinelBackend(name, j.config.SentinelAddress), nginxUsers(name))
	for _, o := range objects {
		if ingress, ok := o.(*networkingv1.Ingress); ok {
			ingresses = append(ingresses, ingress)
		} else {
			others = append(others, o)
		}
	}
	all := append(append(j.config.nginxObjects(), j.held...), others...)
	j.held = others
	patience := firstPatience
	for attempt := 1; ; attempt++ {
		host := sentinelHost(j.generation, attempt)
		all = append(all, nginxSentinel(name, host))
		if err := j.api.Set(all); err != nil {
			return err
		}
		if err := j.awaitFor(ctx, patience, host); err == nil {
			break
		} else if ctx.Err() != nil {
			return err
		}
		patience *= 2
	}
	last := sentinelHost(j.generation, 0)
	if err := j.api.Set(append(append(all, ingresses...), nginxSentinel(name, last))); err != nil {
		return err
	}
	// Until no worker with the previous configuration takes connections any more.
	for range 5 {
		j.client.close()
		if err := j.await(ctx, last, refused); err != nil {
			return err
		}
	}
	j.client.close()
	return nil
}

// firstPatience is how long the first sentinel is waited for before another one
// is tried, for longer.
const firstPatience = 2 * time.Second

func (j *Judge) awaitFor(ctx context.Context, patience time.Duration, host string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return j.await(ctx, host, never)
}

func never() bool { return false }

// blames matches what the sandbox's nginx says of a configuration that it refuses.
var blames = regexp.MustCompile(`(?m)^refused server: (.*)$`)

// Blamed are the hosts for which nginx refused what was loaded last.
func (j *Judge) Blamed() []string {
	log, err := os.ReadFile(j.logFile())
	if err != nil || int64(len(log)) <= j.loaded {
		return nil
	}
	var hosts []string
	for _, found := range blames.FindAllSubmatch(log[j.loaded:], -1) {
		hosts = append(hosts, string(found[1]))
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// nginxUsers is the Secret of sentinels.
func nginxUsers(name string) any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Secret", "metadata": metadata(name+"-auth", nil),
		"data": map[string][]byte{"auth": []byte(sentinelUsers())},
	}
}

// nginxSentinel is the sentinel for ingress-nginx: without the Secret or the
// Service it answers 503.
func nginxSentinel(name, host string) any {
	return map[string]any{
		"apiVersion": "networking.k8s.io/v1", "kind": "Ingress",
		"metadata": metadata(host, map[string]any{"annotations": map[string]string{
			"nginx.ingress.kubernetes.io/auth-type":   "basic",
			"nginx.ingress.kubernetes.io/auth-secret": name + "-auth",
			// Whatever the settings of the profile are.
			"nginx.ingress.kubernetes.io/ssl-redirect": "false", "nginx.ingress.kubernetes.io/force-ssl-redirect": "false",
		}}),
		"spec": map[string]any{"ingressClassName": nginxClass, "rules": []any{map[string]any{"host": host, "http": map[string]any{"paths": []any{
			map[string]any{"path": "/", "pathType": "Prefix", "backend": map[string]any{
				"service": map[string]any{"name": name, "port": map[string]any{"number": 80}},
			}},
		}}}}},
	}
}
