package sandbox

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/pki"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

const (
	// issuer names whom service account tokens come from; nothing resolves it.
	issuer = "https://sandbox.ingress-migrate.invalid"
	// serviceRange is small on purpose: nothing answers there, the egress proxy
	// translates the addresses that the API server dials.
	serviceRange = "10.99.0.0/24"
)

// controllers that run. The endpoint controllers do not: they would try to write
// the pods' 127.x addresses, which the API server refuses in Endpoints.
var controllers = []string{
	"clusterrole-aggregation-controller",
	"daemonset-controller",
	"deployment-controller",
	"disruption-controller",
	"garbage-collector-controller",
	"job-controller",
	"namespace-controller",
	"node-lifecycle-controller",
	"pod-garbage-collector-controller",
	"replicaset-controller",
	"resourcequota-controller",
	"root-ca-certificate-publisher-controller",
	"serviceaccount-controller",
	"statefulset-controller",
	"taint-eviction-controller",
	"ttl-after-finished-controller",
}

// controlPlane is etcd, the API server and the two that act on its objects.
type controlPlane struct {
	etcd, apiServer, controllerManager, scheduler *component
}

// ports of the control plane, all on the slot's control address.
type ports struct{ etcd, etcdPeer, apiServer, controllerManager, scheduler int }

func choosePorts(address string) (ports, error) {
	var p ports
	for _, want := range []struct {
		into *int
		port int
	}{
		{&p.etcd, 2379}, {&p.etcdPeer, 2480}, {&p.apiServer, 6443}, {&p.controllerManager, 10257}, {&p.scheduler, 10459},
	} {
		port, err := loopback.FreePort(address, want.port)
		if err != nil {
			return p, err
		}
		*want.into = port
	}
	return p, nil
}

// newControlPlane writes every file and puts together every command line;
// nothing runs yet.
func (s *Sandbox) newControlPlane(ctx context.Context) (*controlPlane, error) {
	address := s.slot.Control()
	p, err := choosePorts(address)
	if err != nil {
		return nil, err
	}
	s.server = "https://" + net.JoinHostPort(address, strconv.Itoa(p.apiServer))
	if err := s.writeCredentials(address); err != nil {
		return nil, err
	}
	etcdURL := fmt.Sprintf("http://%s:%d", address, p.etcd)
	peerURL := fmt.Sprintf("http://%s:%d", address, p.etcdPeer)

	cp := &controlPlane{}
	if cp.etcd, err = s.component(ctx, binaries.Etcd, etcdURL+"/health", []string{
		"--name=sandbox", "--data-dir=" + s.path("etcd"),
		"--listen-client-urls=" + etcdURL, "--advertise-client-urls=" + etcdURL,
		"--listen-peer-urls=" + peerURL, "--initial-advertise-peer-urls=" + peerURL,
		"--initial-cluster=sandbox=" + peerURL,
		// A sandbox need not survive a power cut.
		"--unsafe-no-fsync",
	}); err != nil {
		return nil, err
	}
	if cp.apiServer, err = s.component(ctx, binaries.KubeAPIServer, s.server+"/readyz", s.apiServerFlags(address, p, etcdURL)); err != nil {
		return nil, err
	}
	if cp.controllerManager, err = s.component(ctx, binaries.KubeControllerManager, healthz(address, p.controllerManager), []string{
		"--kubeconfig=" + s.path("controller-manager.kubeconfig"),
		"--authentication-kubeconfig=" + s.path("controller-manager.kubeconfig"),
		"--authorization-kubeconfig=" + s.path("controller-manager.kubeconfig"),
		"--bind-address=" + address, "--secure-port=" + strconv.Itoa(p.controllerManager),
		"--cert-dir=" + s.path("controller-manager"),
		"--leader-elect=false",
		"--controllers=" + strings.Join(controllers, ","),
		"--root-ca-file=" + s.path("pki/ca.crt"),
		"--node-monitor-grace-period=" + s.options.NodeMonitorGracePeriod.String(),
		"--node-monitor-period=1s",
	}); err != nil {
		return nil, err
	}
	if cp.scheduler, err = s.component(ctx, binaries.KubeScheduler, healthz(address, p.scheduler), []string{
		"--kubeconfig=" + s.path("scheduler.kubeconfig"),
		"--authentication-kubeconfig=" + s.path("scheduler.kubeconfig"),
		"--authorization-kubeconfig=" + s.path("scheduler.kubeconfig"),
		"--bind-address=" + address, "--secure-port=" + strconv.Itoa(p.scheduler),
		"--cert-dir=" + s.path("scheduler"),
		"--leader-elect=false",
	}); err != nil {
		return nil, err
	}
	return cp, nil
}

func (s *Sandbox) apiServerFlags(address string, p ports, etcdURL string) []string {
	flags := []string{
		"--etcd-servers=" + etcdURL,
		"--bind-address=" + address, "--advertise-address=" + address,
		"--secure-port=" + strconv.Itoa(p.apiServer),
		// Our own endpoint would be a loopback address, which is refused.
		"--endpoint-reconciler-type=none",
		"--authorization-mode=RBAC",
		"--client-ca-file=" + s.path("pki/ca.crt"),
		"--tls-cert-file=" + s.path("pki/apiserver.crt"), "--tls-private-key-file=" + s.path("pki/apiserver.key"),
		"--service-account-issuer=" + issuer,
		"--service-account-key-file=" + s.path("pki/sa.pub"), "--service-account-signing-key-file=" + s.path("pki/sa.key"),
		"--service-cluster-ip-range=" + serviceRange,
		// It would mount tokens at a fixed path, and there are no mounts here:
		// our kubelet hands out tokens by itself.
		"--disable-admission-plugins=ServiceAccount",
		"--allow-privileged=true",
		"--egress-selector-config-file=" + s.path("egress.yaml"),
		// For `kubectl logs`; nobody resolves the nodes' names.
		"--kubelet-preferred-address-types=InternalIP",
		"--kubelet-client-certificate=" + s.path("pki/kubelet-client.crt"), "--kubelet-client-key=" + s.path("pki/kubelet-client.key"),
	}
	if s.options.Audit {
		flags = append(flags, "--audit-policy-file="+s.path("audit-policy.yaml"), "--audit-log-path="+s.AuditLog())
	}
	return append(flags, s.options.APIServerFlags...)
}

func healthz(address string, port int) string {
	return fmt.Sprintf("https://%s:%d/healthz", address, port)
}

func (s *Sandbox) component(ctx context.Context, p binaries.Program, readyURL string, args []string) (*component, error) {
	path, err := s.options.program(ctx, p)
	if err != nil {
		return nil, err
	}
	name := string(p)
	return &component{
		name:     name,
		starter:  s.starter,
		readyURL: readyURL,
		log:      s.options.Log,
		command: process.Command{
			Path: path, Args: args, Dir: s.dir,
			Env:     []string{"HOME=" + s.dir, "PATH=" + os.Getenv("PATH")},
			LogFile: filepath.Join(s.dir, "logs", name+".log"),
		},
	}, nil
}

// writeCredentials makes what the programs read at start.
func (s *Sandbox) writeCredentials(address string) error {
	serving, err := s.ca.Server("kube-apiserver", address, "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
	if err != nil {
		return err
	}
	kubeletClient, err := s.ca.Client("kube-apiserver-kubelet-client", "system:masters")
	if err != nil {
		return err
	}
	tokens, err := pki.NewKey()
	if err != nil {
		return err
	}
	if err := writeFiles(s.dir, map[string][]byte{
		"pki/ca.crt":             s.ca.CertPEM(),
		"pki/apiserver.crt":      serving.Cert,
		"pki/apiserver.key":      serving.Key,
		"pki/kubelet-client.crt": kubeletClient.Cert,
		"pki/kubelet-client.key": kubeletClient.Key,
		"pki/sa.key":             tokens.Private,
		"pki/sa.pub":             tokens.Public,
		"egress.yaml":            egressConfig(s.egressSocket()),
		"audit-policy.yaml":      []byte(auditPolicy),
	}); err != nil {
		return err
	}
	for _, u := range []struct{ file, user, group string }{
		{"admin.kubeconfig", "sandbox-admin", "system:masters"},
		// Its controllers share one identity here, and the role of that name is
		// made for controllers that each have their own.
		{"controller-manager.kubeconfig", "system:kube-controller-manager", "system:masters"},
		{"scheduler.kubeconfig", "system:kube-scheduler", ""},
	} {
		var groups []string
		if u.group != "" {
			groups = []string{u.group}
		}
		if err := s.writeKubeconfig(s.path(u.file), u.user, groups); err != nil {
			return err
		}
	}
	return nil
}

const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
- level: None
`

func egressConfig(socket string) []byte {
	return []byte(`apiVersion: apiserver.k8s.io/v1beta1
kind: EgressSelectorConfiguration
egressSelections:
- name: cluster
  connection:
    proxyProtocol: HTTPConnect
    transport:
      uds:
        udsName: ` + socket + "\n")
}
