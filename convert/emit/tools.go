//go:build tools

package emit

// Traefik's go.mod asks for a version of this module that exists only through
// its own replace line. Asking for a real one here keeps `go list -m all`, and
// with it licence scanners and update bots, working without a replace of ours.
import _ "github.com/abbot/go-http-auth"
