package kubelet

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"

	corev1 "k8s.io/api/core/v1"
)

// forward is a host port of a pod that has an address of its own: connections to
// the node's port are copied to the pod's. Real nodes rewrite packets instead, so
// there the pod sees the client's address.
type forward struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	closed bool
	conns  map[net.Conn]bool
}

func (w *worker) makeForwards() ([]*forward, error) {
	pod := w.record.pod
	if pod.Spec.HostNetwork {
		return nil, nil
	}
	var all []*forward
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.HostPort == 0 || (p.Protocol != "" && p.Protocol != corev1.ProtocolTCP) {
				continue
			}
			f, err := w.makeForward(p)
			if err != nil {
				for _, made := range all {
					w.agent.machine.unforward(made)
				}
				return nil, err
			}
			all = append(all, f)
		}
	}
	return all, nil
}

func (w *worker) makeForward(p corev1.ContainerPort) (*forward, error) {
	host := p.HostIP
	if host == "" || host == "0.0.0.0" {
		host = w.agent.node.spec.Address
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(host, strconv.Itoa(int(p.HostPort))))
	if err != nil {
		return nil, fmt.Errorf("host port %d: %w", p.HostPort, err)
	}
	f := &forward{
		listener: listener,
		target:   net.JoinHostPort(w.record.address, strconv.Itoa(int(p.ContainerPort))),
		conns:    map[net.Conn]bool{},
	}
	go f.serve()
	return f, w.agent.machine.forward(f)
}

func (f *forward) serve() {
	for {
		client, err := f.listener.Accept()
		if err != nil {
			return
		}
		if f.keep(client) {
			go f.copy(client)
		}
	}
}

// copy refuses the client when the pod does not listen, as its kernel would.
func (f *forward) copy(client net.Conn) {
	defer f.drop(client)
	server, err := net.Dial("tcp", f.target)
	if err != nil {
		if tcp, ok := client.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		return
	}
	if !f.keep(server) {
		return
	}
	defer f.drop(server)
	done := make(chan struct{}, 2)
	for _, way := range [][2]net.Conn{{client, server}, {server, client}} {
		go func() {
			_, _ = io.Copy(way[0], way[1])
			if tcp, ok := way[0].(*net.TCPConn); ok {
				_ = tcp.CloseWrite()
			}
			done <- struct{}{}
		}()
	}
	<-done
	<-done
}

func (f *forward) keep(c net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		c.Close()
		return false
	}
	f.conns[c] = true
	return true
}

func (f *forward) drop(c net.Conn) {
	c.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.conns, c)
}

func (f *forward) close() {
	f.listener.Close()
	f.mu.Lock()
	defer f.mu.Unlock()
	f.closed = true
	for c := range f.conns {
		c.Close()
	}
}
