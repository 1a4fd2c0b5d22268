package verify

import (
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/gate"
)

// answer is what came back, aspect by aspect, each normalised: status, header:NAME, body,
// certificate, or failed alone.
type answer map[string]string

// aspects that every answer has.
const (
	aspectStatus      = "status"
	aspectBody        = "body"
	aspectCertificate = "certificate"
	aspectFailed      = "failed"
	headerAspect      = "header:"
)

// volatile headers differ from answer to answer, or say how it came over the wire and not
// what it is.
var volatile = map[string]bool{
	"Age": true, "Alt-Svc": true, "Connection": true, "Content-Length": true, "Date": true, "Keep-Alive": true, "Server": true,
	"Sec-Websocket-Accept": true, "Transfer-Encoding": true, "Via": true, "X-Request-Id": true,
}

// mostOfBody is how much of a body is compared, bytes.
const mostOfBody = 1 << 20

func read(response *http.Response) answer {
	a := answer{aspectStatus: strconv.Itoa(response.StatusCode)}
	for name, values := range response.Header {
		if !volatile[name] {
			a[headerAspect+name] = normalHeader(name, values)
		}
	}
	if response.TLS != nil && len(response.TLS.PeerCertificates) > 0 {
		a[aspectCertificate] = certificateName(response.TLS.PeerCertificates[0])
	}
	if response.StatusCode == http.StatusSwitchingProtocols {
		return a
	}
	sum := sha256.New()
	n, err := io.CopyN(sum, response.Body, mostOfBody)
	if err != nil && !errors.Is(err, io.EOF) {
		return failed(fmt.Errorf("the answer broke off after %d bytes: %w", n, err))
	}
	a[aspectBody] = fmt.Sprintf("%d bytes, %s", n, hex.EncodeToString(sum.Sum(nil)[:6]))
	return a
}

func failed(err error) answer { return answer{aspectFailed: reason(err)} }

// normalHeader is one text for the values of a header.
func normalHeader(name string, values []string) string {
	values = slices.Clone(values)
	switch name {
	case "Set-Cookie":
		for i, cookie := range values { // its value is the client's own
			key, rest, _ := strings.Cut(cookie, "=")
			_, attributes, _ := strings.Cut(rest, ";")
			values[i] = key + "=…;" + withoutExpiry(attributes)
		}
		slices.Sort(values)
	case "Www-Authenticate":
		for i, challenge := range values { // a digest challenge has a nonce
			scheme, _, _ := strings.Cut(challenge, " ")
			values[i] = scheme
		}
	case "Location":
		for i, location := range values {
			values[i] = gate.NormalLocation(location)
		}
	case "Vary": // a list of header names, which have no case
		for i, value := range values {
			values[i] = strings.ToLower(value)
		}
		return sortedList(values)
	case "Access-Control-Allow-Methods", "Access-Control-Allow-Headers", "Access-Control-Expose-Headers":
		return sortedList(values)
	}
	return strings.Join(values, ", ")
}

func withoutExpiry(attributes string) string {
	var kept []string
	for part := range strings.SplitSeq(attributes, ";") {
		if part = strings.TrimSpace(part); part != "" && !strings.HasPrefix(strings.ToLower(part), "expires=") {
			kept = append(kept, part)
		}
	}
	slices.Sort(kept)
	return strings.Join(kept, ";")
}

func sortedList(values []string) string {
	var parts []string
	for _, value := range values {
		for part := range strings.SplitSeq(value, ",") {
			parts = append(parts, strings.TrimSpace(part))
		}
	}
	slices.Sort(parts)
	return strings.Join(slices.Compact(parts), ", ")
}

// certificateName tells certificates apart.
func certificateName(c *x509.Certificate) string {
	if gate.IsDefaultCertificate(c) {
		return "the proxy's own"
	}
	return strings.Join(append(slices.Sorted(slices.Values(c.DNSNames)), "serial "+c.SerialNumber.Text(16)), " ")
}

// reason keeps the cause without addresses and ports, which differ each time.
func reason(err error) string {
	var op *net.OpError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &record):
		return "no TLS"
	case errors.As(err, &op):
		return op.Op + ": " + op.Err.Error()
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return "timeout"
	}
	if inner, ok := errors.AsType[*url.Error](err); ok {
		err = inner.Err
	}
	return err.Error()
}

// steady are the aspects in which two answers of one proxy agree; the others say nothing
// about the proxy.
func steady(a, b answer) answer {
	both := answer{}
	for aspect, value := range a {
		if other, there := b[aspect]; there && other == value {
			both[aspect] = value
		}
	}
	return both
}

// differences says how got differs from what was steady in the old proxy's answers, of
// which unsteady lists the aspects that were not.
func differences(want, got answer, unsteady map[string]bool, ignored func(aspect string) bool) []string {
	if text, ok := got[aspectFailed]; ok && want[aspectFailed] == "" {
		return []string{fmt.Sprintf("no answer (%s) instead of %s", text, want[aspectStatus])}
	}
	if want[aspectFailed] != "" {
		if got[aspectFailed] != "" {
			return nil
		}
		return []string{fmt.Sprintf("%s where the old proxy gave no answer (%s)", got[aspectStatus], want[aspectFailed])}
	}
	var found []string
	for _, aspect := range slices.Sorted(maps.Keys(union(want, got))) {
		if unsteady[aspect] || ignored(aspect) || want[aspect] == got[aspect] {
			continue
		}
		name := strings.TrimPrefix(aspect, headerAspect)
		was, is := quoted(want, aspect), quoted(got, aspect)
		found = append(found, fmt.Sprintf("%s is %s instead of %s", name, is, was))
	}
	return found
}

func union(a, b answer) answer {
	all := maps.Clone(a)
	maps.Copy(all, b)
	return all
}

func quoted(a answer, aspect string) string {
	value, ok := a[aspect]
	if !ok {
		return "absent"
	}
	if aspect == aspectStatus {
		return value
	}
	return strconv.Quote(value)
}
