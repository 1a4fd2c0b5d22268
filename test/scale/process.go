package scale

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

const (
	webhookNamespace   = "ingress-migrate"
	webhookCertificate = "ingress-migrate-webhook-certificate"
	webhookPort        = "9443"
	healthPort         = "8081"
	metricsPort        = "8080"
	// fullPass is how often the webhook looks at every Ingress here: as seldom as it
	// takes for one to end before the next begins, on a machine with little to spare.
	fullPass = 3 * time.Minute
	// patience ends every wait.
	patience = 15 * time.Minute
)

// Webhook is the webhook's program as a process of its own, on loopback.
type Webhook struct {
	cmd     *exec.Cmd
	said    bytes.Buffer
	address string
	client  *http.Client
	// Ready is how long it took from its start until it was ready.
	Ready time.Duration
	peak  <-chan float64
	stop  chan struct{}
}

// StartWebhook starts the webhook's program, as the only replica, and returns when it
// is ready.
func StartWebhook(ctx context.Context, client kubernetes.Interface, program, kubeconfig, address string) (*Webhook, error) {
	namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: webhookNamespace}}
	_, err := client.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
	if err == nil {
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: webhookCertificate}}
		_, err = client.CoreV1().Secrets(webhookNamespace).Create(ctx, secret, metav1.CreateOptions{})
	}
	if err != nil && !apierrors.IsAlreadyExists(err) { // which a second run finds
		return nil, fmt.Errorf("prepare the webhook's namespace: %w", err)
	}
	w := &Webhook{
		cmd: exec.Command(program, "--kubeconfig", kubeconfig, "--namespace", webhookNamespace, "--bind-address", address,
			"--webhook-port", webhookPort, "--health-port", healthPort, "--metrics-port", metricsPort,
			"--full-pass", fullPass.String(), "--shutdown-delay", "0s"),
		address: address, stop: make(chan struct{}),
		client: &http.Client{Timeout: patience, Transport: &http.Transport{
			TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64,
		}},
	}
	w.cmd.Stderr = &w.said
	begun := time.Now()
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the webhook: %w", err)
	}
	w.peak = watch(w.cmd.Process.Pid, w.stop)
	err = eventually(ctx, "the webhook is ready", func() error {
		_, err := w.get(healthPort, "/readyz")
		return err
	})
	if err != nil {
		_, stopping := w.Stop()
		return nil, errors.Join(err, stopping, errors.New(w.said.String()))
	}
	w.Ready = time.Since(begun)
	return w, nil
}

// Stop ends the process and returns the peak of its resident memory, in MB.
func (w *Webhook) Stop() (peakMB float64, err error) {
	close(w.stop)
	peakMB = <-w.peak
	err = w.cmd.Process.Signal(syscall.SIGTERM)
	return peakMB, errors.Join(err, w.cmd.Wait())
}

func (w *Webhook) get(port, path string) (string, error) {
	response, err := w.client.Get("http://" + net.JoinHostPort(w.address, port) + path)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", response.Status, text)
	}
	return string(text), err
}

// Metric is the sum of one of its metrics over all labels but those that do not
// contain with.
func (w *Webhook) Metric(name, with string) (float64, error) {
	text, err := w.get(metricsPort, "/metrics")
	if err != nil {
		return 0, err
	}
	return sum(text, name, with), nil
}

// sum adds the values of one metric in a text of Prometheus.
func sum(text, name, with string) float64 {
	total := 0.0
	for line := range strings.SplitSeq(text, "\n") {
		key, value, _ := strings.Cut(line, " ")
		if bare, _, _ := strings.Cut(key, "{"); bare != name || !strings.Contains(key, with) {
			continue
		}
		if number, err := strconv.ParseFloat(value, 64); err == nil {
			total += number
		}
	}
	return total
}

// CPU is the processor time that it has used.
func (w *Webhook) CPU() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", w.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	// proc(5): the fields behind the name in parentheses begin with the third.
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc has %q", raw)
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * (time.Second / 100), errors.Join(err1, err2)
}

// Admit sends n reviews, some at a time, and returns how long that took. Each has to be
// allowed, and stamped.
func (w *Webhook) Admit(ctx context.Context, n int, review func(i int) []byte) (time.Duration, error) {
	const callers = 8
	url := "https://" + net.JoinHostPort(w.address, webhookPort) + "/mutate-ingress"
	var failed error
	var mu sync.Mutex
	var callersDone sync.WaitGroup
	next := make(chan int)
	begun := time.Now()
	for range callers {
		callersDone.Go(func() {
			for i := range next {
				if err := w.admit(ctx, url, review(i)); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
				}
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	callersDone.Wait()
	return time.Since(begun), failed
}

func (w *Webhook) admit(ctx context.Context, url string, review []byte) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(review))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && (!bytes.Contains(text, []byte(`"allowed":true`)) || !bytes.Contains(text, []byte(`"patch":`))) {
		err = fmt.Errorf("the webhook answered %s", text)
	}
	return err
}

// eventually waits until check has no error.
func eventually(ctx context.Context, what string, check func() error) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w", what, err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
