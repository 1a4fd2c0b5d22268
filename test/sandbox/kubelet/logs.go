package kubelet

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// logPort is where real kubelets serve.
const logPort = 10250

// serveLogs answers `kubectl logs` for this node: the API server asks a kubelet at
// /containerLogs/NAMESPACE/POD/CONTAINER, with a client certificate.
func (a *agent) serveLogs() {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /containerLogs/{namespace}/{pod}/{container}", a.containerLogs)
	server := &http.Server{
		Handler: mux,
		TLSConfig: &tls.Config{
			MinVersion:   tls.VersionTLS12,
			Certificates: []tls.Certificate{*a.node.k.options.Serving},
			ClientCAs:    a.node.k.options.ClientCAs,
			ClientAuth:   tls.RequireAndVerifyClientCert,
		},
		BaseContext:       func(net.Listener) context.Context { return a.ctx },
		ReadHeaderTimeout: 5 * time.Second,
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(a.node.spec.Address, strconv.Itoa(logPort)))
	if err != nil {
		a.complain("serve logs", err)
		return
	}
	stop := context.AfterFunc(a.ctx, func() { server.Close() })
	defer stop()
	if err := server.ServeTLS(listener, "", ""); !errors.Is(err, http.ErrServerClosed) {
		a.complain("serve logs", err)
	}
}

func (a *agent) containerLogs(w http.ResponseWriter, r *http.Request) {
	file := filepath.Join(a.node.k.options.Dir, "pods",
		filepath.Base(r.PathValue("namespace")+"_"+r.PathValue("pod")), filepath.Base(r.PathValue("container"))+".log")
	if lines, err := strconv.Atoi(r.URL.Query().Get("tailLines")); err == nil {
		if _, err := io.WriteString(w, process.LogTail(file, lines)+"\n"); err != nil {
			return
		}
		a.follow(w, r, file, true)
		return
	}
	a.follow(w, r, file, false)
}

// follow copies the file, and with follow=true what is appended later.
func (a *agent) follow(w http.ResponseWriter, r *http.Request, file string, fromEnd bool) {
	follow := r.URL.Query().Get("follow") == "true"
	if fromEnd && !follow {
		return
	}
	f, err := os.Open(file)
	if err != nil {
		http.Error(w, fmt.Sprintf("no log: %v", err), http.StatusNotFound)
		return
	}
	defer f.Close()
	if fromEnd {
		if _, err := f.Seek(0, io.SeekEnd); err != nil {
			return
		}
	}
	for {
		if _, err := io.Copy(w, f); err != nil || !follow {
			return
		}
		_ = http.NewResponseController(w).Flush()
		if !sleep(r.Context(), 200*time.Millisecond) {
			return
		}
	}
}
