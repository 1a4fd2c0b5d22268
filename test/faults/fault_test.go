package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"syscall"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

// fault is what befalls an engine at one of its writes.
type fault struct {
	name string
	// deadly: the engine comes to its end there.
	deadly bool
	// sent: the API server obeys the write first.
	sent bool
	// befall tells what the engine gets instead of an answer, for so many requests from then
	// on; without it the write is answered.
	times  int
	answer func(*http.Request) (*http.Response, error)
	// meanwhile is what somebody else does right after the write.
	meanwhile func(context.Context, kubernetes.Interface) error
	// updates: only writes to what is there already are concerned.
	updates bool
}

var (
	killed = fault{name: "killed", deadly: true, sent: true, answer: broken(context.Canceled)}
	// forgotten is killed, and its journal is deleted.
	forgotten = fault{name: "killed and its journal deleted", deadly: true, sent: true, answer: broken(context.Canceled), meanwhile: loseJournals}
	// robbed: another operator takes the lease by force.
	robbed = fault{name: "robbed of its lease", sent: true, meanwhile: rob}
)

// passing are the faults that an engine has to survive.
var passing = []fault{
	{name: "answer lost", sent: true, times: 1, answer: broken(os.NewSyscallError("read", syscall.ECONNRESET))},
	{name: "500", times: 3, answer: status(http.StatusInternalServerError, "InternalError", nil)},
	{name: "503 of a proxy", times: 3, answer: text(http.StatusServiceUnavailable, "no healthy upstream")},
	{name: "429", times: 2, answer: status(http.StatusTooManyRequests, "TooManyRequests", http.Header{"Retry-After": {"1"}})},
	{name: "409", times: 2, answer: status(http.StatusConflict, "Conflict", nil), updates: true},
	{name: "timeout", times: 2, answer: broken(os.ErrDeadlineExceeded)},
	{name: "timeout after it was obeyed", sent: true, times: 1, answer: status(http.StatusGatewayTimeout, "Timeout", nil)},
	// Not more often: who asks for the lease gives up after as long as one lasts, a second here.
	{name: "refused", times: 3, answer: broken(os.NewSyscallError("connect", syscall.ECONNREFUSED))},
	{name: "journal deleted", sent: true, meanwhile: loseJournals},
}

func broken(err error) func(*http.Request) (*http.Response, error) {
	return func(*http.Request) (*http.Response, error) {
		if errors.Is(err, context.Canceled) {
			return nil, err
		}
		return nil, &net.OpError{Op: "read", Net: "tcp", Err: err}
	}
}

func text(code int, body string) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) { return answer(r, code, "text/plain", body, nil), nil }
}

func status(code int, reason string, header http.Header) func(*http.Request) (*http.Response, error) {
	return func(r *http.Request) (*http.Response, error) {
		body := fmt.Sprintf(`{"kind":"Status","apiVersion":"v1","status":"Failure","message":"a fault of this test","reason":%q,"code":%d}`, reason, code)
		return answer(r, code, "application/json", body, header), nil
	}
}

func answer(r *http.Request, code int, kind, body string, header http.Header) *http.Response {
	out := http.Header{"Content-Type": {kind}}
	for name, values := range header {
		out[name] = values
	}
	return &http.Response{
		Status: http.StatusText(code), StatusCode: code, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: out, Body: io.NopCloser(strings.NewReader(body)), ContentLength: int64(len(body)), Request: r,
	}
}

func loseJournals(ctx context.Context, client kubernetes.Interface) error {
	return client.CoreV1().ConfigMaps(rig.Namespace).DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{LabelSelector: journal.Label})
}

// robber holds the lease that was taken by force.
const robber = "robber@there/1"

func rob(ctx context.Context, client kubernetes.Interface) error { return hold(ctx, client, robber) }

// hold makes somebody the holder of the lease; "" is nobody.
func hold(ctx context.Context, client kubernetes.Interface, holder string) error {
	leases := client.CoordinationV1().Leases(rig.Namespace)
	for {
		lease, err := leases.Get(ctx, lock.Name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		next := lease.DeepCopy()
		next.Spec = coordinationv1.LeaseSpec{HolderIdentity: &holder, LeaseDurationSeconds: lease.Spec.LeaseDurationSeconds, RenewTime: lease.Spec.RenewTime, LeaseTransitions: lease.Spec.LeaseTransitions}
		if holder != "" {
			transitions := *lease.Spec.LeaseTransitions + 1
			next.Spec.LeaseTransitions = &transitions
		}
		if _, err = leases.Update(ctx, next, metav1.UpdateOptions{}); err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return err
		}
	}
}

// transport stands between an engine and the API server, numbers what is written, and has
// faults happen. The lease counts once: when it is taken. Its renewals come at any time.
type transport struct {
	next   http.RoundTripper
	client kubernetes.Interface
	kill   context.CancelFunc
	// choose picks the fault of the write with a number, from 1; nil: none.
	choose func(write int, r *http.Request) *fault
	// reads makes the faults hit every so many reads, too; 0: none.
	reads int

	mu     sync.Mutex
	writes int
	read   int
	leased bool
	now    *fault
	left   int
	dead   bool
	// hit are the writes that something befell.
	hit  []string
	errs []error
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dead {
		return nil, context.Canceled
	}
	if t.left > 0 {
		if t.now.updates && !update(r) {
			return t.next.RoundTrip(r)
		}
		t.left--
		return t.now.answer(r)
	}
	number := t.count(r)
	if number == 0 {
		return t.next.RoundTrip(r)
	}
	f := t.choose(number, r)
	if f == nil {
		return t.next.RoundTrip(r)
	}
	t.hit = append(t.hit, fmt.Sprintf("%d (%s %s): %s", number, strings.ToLower(r.Method), path.Join(path.Base(path.Dir(r.URL.Path)), path.Base(r.URL.Path)), f.name))
	t.now, t.left = f, f.times
	var response *http.Response
	var err error
	if f.sent {
		if response, err = t.next.RoundTrip(r); err != nil {
			return nil, err
		}
	}
	if f.meanwhile != nil {
		if err := f.meanwhile(context.WithoutCancel(r.Context()), t.client); err != nil {
			t.errs = append(t.errs, err)
		}
	}
	if f.deadly {
		t.dead = true
		t.kill()
	}
	if f.answer == nil {
		return response, nil
	}
	if response != nil {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
	}
	t.left = max(0, t.left-1)
	return f.answer(r)
}

// count is the number of a write, 0 for what does not count.
func (t *transport) count(r *http.Request) int {
	switch {
	case r.Method == http.MethodGet:
		// What is read before the lease is taken ends the command at once, and harms nobody.
		if t.read++; t.reads > 0 && t.leased && t.read%t.reads == 0 {
			return t.read
		}
		return 0
	case strings.Contains(r.URL.Path, "/leases"):
		if t.leased {
			return 0
		}
		t.leased = true
	}
	t.writes++
	return t.writes
}

// update tells whether a request changes what is there.
func update(r *http.Request) bool {
	return r.Method == http.MethodPut || r.Method == http.MethodPatch
}

// isDead tells whether the engine behind it is.
func (t *transport) isDead() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.dead
}

// befallen are the writes that something befell.
func (t *transport) befallen() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.hit
}

// at has one fault happen at one write.
func at(n int, f fault) func(int, *http.Request) *fault {
	return func(write int, r *http.Request) *fault {
		if write != n || r.Method == http.MethodGet || f.updates && !update(r) {
			return nil
		}
		return &f
	}
}

// storm has a fault happen at every write, another one each time. What is tried again is
// answered then.
func storm(offset int) func(int, *http.Request) *fault {
	return func(write int, r *http.Request) *fault {
		if r.Method != http.MethodGet && write%2 == 0 {
			return nil
		}
		for i := range passing {
			f := &passing[(write/2+offset+i)%len(passing)]
			if f.updates && !update(r) || r.Method == http.MethodGet && f.sent {
				continue
			}
			return f
		}
		return nil
	}
}
