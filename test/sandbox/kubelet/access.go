package kubelet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// tokenSeconds is a day; it is renewed after a part of it.
const tokenSeconds = 24 * 60 * 60

// access is a pod's way to the API: a token of its service account in a file,
// and kubeconfigs that point at the file. nil: the pod wants none.
type access struct {
	dir     string
	token   *token
	request func(context.Context, *token) error
}

// token is a service account token and when it should be replaced.
type token struct {
	value     string
	renewAt   time.Time
	audiences []string
	seconds   int64
}

func serviceAccount(pod *corev1.Pod) string {
	if pod.Spec.ServiceAccountName == "" {
		// The admission plugin that fills it in is off, see package sandbox.
		return "default"
	}
	return pod.Spec.ServiceAccountName
}

func (w *worker) makeAccess(ctx context.Context) (*access, error) {
	pod := w.record.pod
	wanted := pod.Spec.AutomountServiceAccountToken
	if wanted == nil {
		account, err := w.agent.node.k.options.Client.CoreV1().ServiceAccounts(pod.Namespace).Get(ctx, serviceAccount(pod), metav1.GetOptions{})
		if err != nil {
			return nil, fmt.Errorf("service account of the pod: %w", err)
		}
		wanted = account.AutomountServiceAccountToken
	}
	if wanted != nil && !*wanted {
		return nil, nil
	}
	a := &access{
		dir:     filepath.Join(w.scratch(), "serviceaccount"),
		token:   &token{seconds: tokenSeconds},
		request: w.requestToken,
	}
	return a, a.renew(ctx)
}

// requestToken gets a token bound to the pod, which dies with the pod's object. A
// pod that names no account cannot have one: its token lives until it expires.
func (w *worker) requestToken(ctx context.Context, t *token) error {
	pod := w.record.pod
	var bound *authenticationv1.BoundObjectReference
	if pod.Spec.ServiceAccountName != "" {
		bound = &authenticationv1.BoundObjectReference{APIVersion: "v1", Kind: "Pod", Name: pod.Name, UID: pod.UID}
	}
	answer, err := w.agent.node.k.options.Client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(ctx, serviceAccount(pod),
		&authenticationv1.TokenRequest{Spec: authenticationv1.TokenRequestSpec{
			Audiences:         t.audiences,
			ExpirationSeconds: &t.seconds,
			BoundObjectRef:    bound,
		}}, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("token of service account %s/%s: %w", pod.Namespace, serviceAccount(pod), err)
	}
	t.value = answer.Status.Token
	lifetime := time.Until(answer.Status.ExpirationTimestamp.Time)
	t.renewAt = time.Now().Add(lifetime * 8 / 10)
	return nil
}

// renew replaces a token that has lived most of its life. Clients read the file
// again now and then.
func (a *access) renew(ctx context.Context) error {
	if a == nil || time.Now().Before(a.token.renewAt) {
		return nil
	}
	if err := a.request(ctx, a.token); err != nil {
		return err
	}
	if err := os.MkdirAll(a.dir, 0o755); err != nil {
		return fmt.Errorf("write token: %w", err)
	}
	return writeAtomically(a.dir, files{"token": {data: a.token.value, mode: 0o600}})
}

// kubeconfig writes the file for a container and returns its path, empty when
// the pod wants no access.
func (w *worker) kubeconfig(c *container, program Program) (string, error) {
	a := w.record.access
	if a == nil {
		return "", nil
	}
	server := w.agent.node.k.options.APIServer
	if program.APIServer != nil {
		server = *program.APIServer
	}
	config := clientcmdapi.NewConfig()
	config.Clusters["cluster"] = &clientcmdapi.Cluster{Server: server.URL, CertificateAuthorityData: server.CA}
	config.AuthInfos["pod"] = &clientcmdapi.AuthInfo{TokenFile: filepath.Join(a.dir, "token")}
	config.Contexts["pod"] = &clientcmdapi.Context{Cluster: "cluster", AuthInfo: "pod", Namespace: w.record.pod.Namespace}
	config.CurrentContext = "pod"
	file := filepath.Join(w.scratch(), c.spec.Name+".kubeconfig")
	if err := clientcmd.WriteToFile(*config, file); err != nil {
		return "", fmt.Errorf("write the pod's kubeconfig: %w", err)
	}
	return file, nil
}

// tokenFiles is the projected volume's source of the same kind.
func (w *worker) tokenFiles(ctx context.Context, tokens map[string]*token, spec *corev1.ServiceAccountTokenProjection) (files, error) {
	t := tokens[spec.Path]
	if t == nil {
		t = &token{seconds: 60 * 60}
		if spec.ExpirationSeconds != nil {
			t.seconds = *spec.ExpirationSeconds
		}
		if spec.Audience != "" {
			t.audiences = []string{spec.Audience}
		}
		tokens[spec.Path] = t
	}
	if time.Now().After(t.renewAt) {
		if err := w.requestToken(ctx, t); err != nil {
			return nil, err
		}
	}
	return files{spec.Path: {data: t.value, mode: 0o600}}, nil
}
