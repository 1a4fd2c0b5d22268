package kubelet

import (
	"errors"
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

const podAddresses = 254

// addressPool hands out pod addresses. A pod keeps its address for as long as
// its object lives: pod status only ever gains podIPs by patch. Addresses are
// used again as late as possible, as a real address manager does, so that a stale
// one is noticed.
type addressPool struct {
	address func(int) string

	mu    sync.Mutex
	next  int
	byPod map[types.UID]int
	inUse map[int]bool
}

func newAddressPool(address func(int) string) *addressPool {
	return &addressPool{address: address, byPod: map[types.UID]int{}, inUse: map[int]bool{}}
}

func (p *addressPool) take(pod types.UID) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.byPod[pod]; ok {
		return p.address(m), nil
	}
	for range podAddresses {
		p.next = p.next%podAddresses + 1
		if p.inUse[p.next] {
			continue
		}
		p.inUse[p.next] = true
		p.byPod[pod] = p.next
		return p.address(p.next), nil
	}
	return "", errors.New("every pod address is in use")
}

func (p *addressPool) free(pod types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if m, ok := p.byPod[pod]; ok {
		delete(p.inUse, m)
		delete(p.byPod, pod)
	}
}
