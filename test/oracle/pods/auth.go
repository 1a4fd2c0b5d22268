package pods

import (
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"strconv"
)

// PortAuth is where the authentication server listens.
const PortAuth = 8081

// Auth is an authentication server for forward-auth: it admits requests whose
// X-Secret is "open", answers 302 to X-Secret "login" and 401 to all others. To
// those it admits it says in X-Auth-Saw what it was asked, but for the port: the
// entry points of Traefik 2 complete it before authentication.
type Auth struct{ server *http.Server }

// StartAuth listens on address until Close.
func StartAuth(address string) (*Auth, error) {
	listener, err := net.Listen("tcp", net.JoinHostPort(address, strconv.Itoa(PortAuth)))
	if err != nil {
		return nil, errors.Join(errors.New("starting the authentication server"), err)
	}
	a := &Auth{server: &http.Server{Handler: http.HandlerFunc(authenticate)}}
	go a.server.Serve(listener) // ends with Close
	return a, nil
}

// Close ends the server.
func (a *Auth) Close() error { return a.server.Close() }

func authenticate(w http.ResponseWriter, r *http.Request) {
	switch r.Header.Get("X-Secret") {
	case "open":
		asked := map[string]string{"method": r.Method, "uri": r.RequestURI}
		for _, name := range []string{"X-Forwarded-Method", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Uri", "X-Forwarded-Prefix"} {
			asked[name] = r.Header.Get(name)
		}
		saw, err := json.Marshal(asked)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("X-Auth-Saw", string(saw))
		w.Header().Set("X-Auth-User", "alice")
	case "login":
		w.Header().Set("Location", "/login")
		w.Header().Set("X-Auth-User", "nobody")
		w.WriteHeader(http.StatusFound)
	default:
		w.Header().Set("Www-Authenticate", "Bearer")
		w.WriteHeader(http.StatusUnauthorized)
		w.Write([]byte("who are you?"))
	}
}
