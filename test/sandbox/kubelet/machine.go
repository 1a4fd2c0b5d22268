package kubelet

import (
	"errors"
	"sort"
	"sync"
	"sync/atomic"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// errNoPower is why a process cannot be started on a node that is being killed.
var errNoPower = errors.New("the node is down")

// machine is what lives on a node without its kubelet's help, as containers live
// on in a container runtime: processes and forwarded ports, by pod.
type machine struct {
	starter *process.Starter

	mu        sync.Mutex
	dead      bool
	pods      map[types.UID]*podRecord
	processes map[*process.Process]bool
	forwards  map[*forward]bool
}

// podRecord is what outlives a kubelet's restart of a pod.
type podRecord struct {
	uid     types.UID
	pod     *corev1.Pod // as it was when the record was made
	address string
	dir     string
	// containers are made with the record and never exchanged.
	containers map[string]*container
	// The rest belongs to the pod's worker, of which there is one at a time.
	prepared atomic.Bool
	volumes  []*volume
	access   *access
	forwards []*forward
}

func (r *podRecord) hasProcess() bool {
	for _, c := range r.containers {
		if c.process() != nil {
			return true
		}
	}
	return false
}

func newMachine(starter *process.Starter) *machine {
	return &machine{
		starter: starter, pods: map[types.UID]*podRecord{},
		processes: map[*process.Process]bool{}, forwards: map[*forward]bool{},
	}
}

// run starts a process unless the power is off.
func (m *machine) run(c process.Command) (*process.Process, error) {
	// Held while starting: off must not miss a process that is being made.
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		return nil, errNoPower
	}
	p, err := m.starter.Start(c)
	if err != nil {
		return nil, err
	}
	m.processes[p] = true
	go func() {
		<-p.Done()
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.processes, p)
	}()
	return p, nil
}

// forward keeps f until unforward or off.
func (m *machine) forward(f *forward) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.dead {
		f.close()
		return errNoPower
	}
	m.forwards[f] = true
	return nil
}

func (m *machine) unforward(f *forward) {
	f.close()
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.forwards, f)
}

// pod returns the record of a pod, made by fresh if there is none yet.
func (m *machine) pod(uid types.UID, fresh func() *podRecord) *podRecord {
	m.mu.Lock()
	defer m.mu.Unlock()
	r, ok := m.pods[uid]
	if !ok {
		r = fresh()
		m.pods[uid] = r
	}
	return r
}

func (m *machine) remove(uid types.UID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.pods, uid)
}

// records of all pods that the machine knows.
func (m *machine) records() []*podRecord {
	m.mu.Lock()
	defer m.mu.Unlock()
	all := make([]*podRecord, 0, len(m.pods))
	for _, r := range m.pods {
		all = append(all, r)
	}
	return all
}

// off kills everything at once and lets nothing start any more.
func (m *machine) off() {
	m.mu.Lock()
	m.dead = true
	var wg sync.WaitGroup
	for p := range m.processes {
		wg.Go(p.Kill)
	}
	for f := range m.forwards {
		f.close()
	}
	m.mu.Unlock()
	wg.Wait()
}

func (m *machine) pids() []int {
	m.mu.Lock()
	defer m.mu.Unlock()
	var pids []int
	for p := range m.processes {
		if p.Running() {
			pids = append(pids, p.PID())
		}
	}
	sort.Ints(pids)
	return pids
}
