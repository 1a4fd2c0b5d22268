package htmlreport

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Listen opens a loopback address for a Live page: HOST:PORT, where port 0 is any
// that is free. Nobody else on the network is to see what a cluster has.
func Listen(address string) (net.Listener, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fmt.Errorf("%q is not HOST:PORT, such as 127.0.0.1:0", address)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, fmt.Errorf("%s is not a loopback address: use 127.0.0.1:%s, and ssh -L to look at it from another machine", host, port)
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	// What localhost stands for is up to the machine.
	if at, ok := listener.Addr().(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		return nil, errors.Join(fmt.Errorf("%s is not a loopback address here: %s", host, listener.Addr()), listener.Close())
	}
	return listener, nil
}

// Live serves a page that changes, to those who know its path: other users of the
// machine reach loopback addresses, too.
type Live struct {
	secret string

	mu   sync.Mutex
	page []byte
	// version counts the pages that differ from the one before by more than the time
	// at which they were made; content is what tells.
	version int
	content [sha256.Size]byte
	looked  string
	changed chan struct{}
}

// NewLive returns a Live that has no page yet.
func NewLive() *Live {
	var random [16]byte
	// Never fails: crypto/rand ends the program rather than return an error.
	_, _ = rand.Read(random[:])
	return &Live{secret: hex.EncodeToString(random[:]), changed: make(chan struct{})}
}

// Path is where the page is, such as /5f…/.
func (l *Live) Path() string { return "/" + l.secret + "/" }

// Set shows a page from now on. Readers fetch it anew when it says something new. It
// is not for concurrent use.
func (l *Live) Set(p *Page) error {
	live := *p
	live.version = max(l.version, 1)
	page, content, err := live.content()
	if err != nil {
		return err
	}
	if content != l.content {
		live.version = l.version + 1
		if page, _, err = live.content(); err != nil {
			return err
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.page, l.version, l.content, l.looked = page, live.version, content, stamp(live.Now)
	close(l.changed)
	l.changed = make(chan struct{})
	return nil
}

// content is the page, and what tells it from others.
func (p *Page) content() (page []byte, sum [sha256.Size]byte, err error) {
	var out bytes.Buffer
	if err := p.Write(&out); err != nil {
		return nil, sum, err
	}
	told := out.Bytes()
	for _, more := range []string{
		fmt.Sprintf(` data-live="%d"`, p.version), fmt.Sprintf(`<time datetime="%s">%s</time>`, stamp(p.Now), moment(p.Now)),
	} {
		told = bytes.Replace(told, []byte(more), nil, 1)
	}
	return out.Bytes(), sha256.Sum256(told), nil
}

func (l *Live) now() (page []byte, event string, changed <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.page, fmt.Sprintf("%d %s", l.version, l.looked), l.changed
}

// Serve answers on the listener until ctx ends.
func (l *Live) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler: l, ReadHeaderTimeout: 10 * time.Second,
		// Streams end with ctx.
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serving the page: %w", err)
	case <-ctx.Done():
	}
	// Readers have nothing to lose.
	err := server.Close()
	if served := <-ended; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}

// ServeHTTP implements http.Handler.
func (l *Live) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	header.Set("Content-Security-Policy", Policy(true)+"; frame-ancestors 'none'")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("X-Content-Type-Options", "nosniff")
	// A page of another site whose name was made to lead here (DNS rebinding) asks
	// for that name.
	if !loopbackName(r.Host) {
		http.Error(w, "this page is for this machine alone: ask for 127.0.0.1 or localhost", http.StatusMisdirectedRequest)
		return
	}
	rest, ok := strings.CutPrefix(r.URL.Path, l.Path())
	switch {
	case !ok:
		http.NotFound(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		header.Set("Allow", "GET, HEAD")
		http.Error(w, "this page is for reading", http.StatusMethodNotAllowed)
	case rest == "":
		page, _, _ := l.now()
		header.Set("Content-Type", "text/html; charset=utf-8")
		// Whoever went away does not miss it.
		_, _ = w.Write(page)
	case rest == "events":
		l.events(w, r)
	default:
		http.NotFound(w, r)
	}
}

// loopbackName tells whether a Host header names this machine to itself.
func loopbackName(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = strings.Trim(host, "[]")
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// events are Server-Sent Events: the version of the page and when it was looked at,
// now and after each look.
func (l *Live) events(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	stream := http.NewResponseController(w)
	for {
		_, event, changed := l.now()
		if _, err := fmt.Fprintf(w, "data: %s\n\n", event); err != nil {
			return
		}
		if err := stream.Flush(); err != nil {
			return
		}
		select {
		case <-changed:
		case <-r.Context().Done():
			return
		}
	}
}
