package sandbox

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/kubelet"
)

// Options says what Start starts. The zero value is a control plane without
// nodes.
type Options struct {
	// Dir receives logs, certificates, kubeconfigs and the state file. Empty: a
	// temporary directory that Stop removes.
	Dir string
	// Nodes is how many nodes to start with: edge-1 to edge-N.
	Nodes int
	// NodeLabels are given to every node, NodeTaints likewise.
	NodeLabels map[string]string
	NodeTaints []corev1.Taint
	// Images says which program stands for which image. More can be added later
	// with Sandbox.SetImage.
	Images map[string]kubelet.Program
	// PodAPIServer, when set, is the API server that pods are told about instead
	// of the real one; a Program can have one of its own.
	PodAPIServer *kubelet.APIServer
	// Log is told what is being done, a line each. Nil: nothing is told.
	Log io.Writer
	// Binaries is a directory with the control plane's programs. Empty:
	// binaries.Ensure finds or builds each (KUBEBUILDER_ASSETS is honoured).
	Binaries string
	// Audit makes the API server write who changed what, request metadata only,
	// to AuditLog().
	Audit bool
	// APIServerFlags are appended to the API server's command line.
	APIServerFlags []string
	// NodeMonitorGracePeriod is how long a silent node stays Ready. Default 12 s.
	NodeMonitorGracePeriod time.Duration
	// CrashBackOff is the wait before the second restart of a container that
	// keeps ending; it doubles up to ten times as much. Default 1 s.
	CrashBackOff time.Duration
	// FirstProbes is how often a container is asked whether it is ready during the
	// first period of its readiness probe. Zero: once a period from the start on, as
	// a real kubelet asks, so that whoever needs 10 ms to listen is ready after a
	// second.
	FirstProbes time.Duration
}

func (o Options) withDefaults() (Options, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if o.NodeMonitorGracePeriod == 0 {
		o.NodeMonitorGracePeriod = 12 * time.Second
	}
	if o.Dir == "" {
		return o, nil
	}
	abs, err := filepath.Abs(o.Dir)
	if err != nil {
		return o, fmt.Errorf("find the sandbox's directory: %w", err)
	}
	o.Dir = abs
	return o, nil
}

// program returns the path of a control plane program.
func (o Options) program(ctx context.Context, p binaries.Program) (string, error) {
	if o.Binaries == "" {
		return binaries.Ensure(ctx, o.Log, p)
	}
	path := filepath.Join(o.Binaries, string(p))
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("find %s: %w", p, err)
	}
	return path, nil
}
