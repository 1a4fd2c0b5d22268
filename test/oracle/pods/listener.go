package pods

import (
	"bufio"
	"crypto/tls"
	"net"
)

// tlsRecord is the first byte of a client that speaks TLS: a handshake record.
const tlsRecord = 22

// either accepts connections of clients that speak TLS, and of those that do not:
// a server that hangs up on these does so before it has read what they sent, and then
// it is chance what a proxy makes of that.
type either struct {
	net.Listener
	config   *tls.Config
	accepted chan net.Conn
	failed   chan error
}

func listenEither(inner net.Listener, config *tls.Config) net.Listener {
	l := &either{Listener: inner, config: config, accepted: make(chan net.Conn), failed: make(chan error, 1)}
	go l.run()
	return l
}

// run ends when the listener is closed.
func (l *either) run() {
	defer close(l.failed)
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			l.failed <- err
			return
		}
		go l.tell(conn)
	}
}

// tell waits for the first byte of a client.
func (l *either) tell(conn net.Conn) {
	peeked := &peekedConn{conn, bufio.NewReader(conn)}
	first, err := peeked.reader.Peek(1)
	if err != nil {
		conn.Close()
		return
	}
	var out net.Conn = peeked
	if first[0] == tlsRecord {
		out = tls.Server(peeked, l.config)
	}
	select {
	case l.accepted <- out:
	case <-l.failed:
		conn.Close()
	}
}

// Accept returns the next client that has said something.
func (l *either) Accept() (net.Conn, error) {
	select {
	case conn := <-l.accepted:
		return conn, nil
	case err, ok := <-l.failed:
		if !ok {
			err = net.ErrClosed
		}
		return nil, err
	}
}

type peekedConn struct {
	net.Conn
	reader *bufio.Reader
}

func (c *peekedConn) Read(p []byte) (int, error) { return c.reader.Read(p) }
