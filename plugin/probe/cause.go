package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"
)

// Cause is why a request was lost or its answer counts as changed.
type Cause string

// The causes.
const (
	// Refused: nobody listens there.
	Refused Cause = "refused"
	// Reset: the connection was ended by force.
	Reset Cause = "reset"
	// Closed: the connection was ended before the answer was complete.
	Closed Cause = "closed"
	// Timeout: no complete answer in time.
	Timeout Cause = "timeout"
	// Unreachable: no way to the host.
	Unreachable Cause = "unreachable"
	// DNS: the name has no address.
	DNS Cause = "dns"
	// TLS: no agreement on an encrypted connection, such as a certificate that does
	// not fit.
	TLS Cause = "tls"
	// ServerError: an answer with a status of 500 or more.
	ServerError Cause = "5xx"
	// Local: this machine could not send, such as no more files or ports.
	Local Cause = "local"
	// Other: none of these, see the detail.
	Other Cause = "other"
	// Status, Header and Body: that part of an answer is not as expected.
	Status Cause = "status"
	Header Cause = "header"
	Body   Cause = "body"
)

// errnos groups what operating systems say. The numbers are those of Windows
// (winsock.h), which package syscall does not have under the names of POSIX.
var errnos = []struct {
	cause Cause
	codes []syscall.Errno
}{
	{Refused, []syscall.Errno{syscall.ECONNREFUSED, 10061}},
	{Reset, []syscall.Errno{syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, 10053, 10054}},
	{Timeout, []syscall.Errno{syscall.ETIMEDOUT, 10060}},
	{Unreachable, []syscall.Errno{syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, 10050, 10051, 10064, 10065}},
	{Local, []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.EADDRNOTAVAIL, syscall.EADDRINUSE, syscall.ENOBUFS, syscall.ENOMEM, 10024, 10048, 10049, 10055}},
}

// causeOf tells why there was no answer.
func causeOf(err error) Cause {
	var code syscall.Errno
	if errors.As(err, &code) {
		for _, group := range errnos {
			for _, known := range group.codes {
				if code == known {
					return group.cause
				}
			}
		}
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		return DNS
	}
	var network net.Error
	if errors.Is(err, context.DeadlineExceeded) || errors.As(err, &network) && network.Timeout() {
		return Timeout
	}
	if isTLS(err) {
		return TLS
	}
	// net/http has no value for a connection that ends without an answer.
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || strings.Contains(err.Error(), "server closed idle connection") {
		return Closed
	}
	return Other
}

func isTLS(err error) bool {
	var (
		verification *tls.CertificateVerificationError
		record       tls.RecordHeaderError
		alert        tls.AlertError
		name         x509.HostnameError
		authority    x509.UnknownAuthorityError
		invalid      x509.CertificateInvalidError
	)
	return errors.As(err, &verification) || errors.As(err, &record) || errors.As(err, &alert) ||
		errors.As(err, &name) || errors.As(err, &authority) || errors.As(err, &invalid) ||
		strings.Contains(err.Error(), "tls: ") || strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// detailed is how long a detail may be: part of it can come from the server.
const detailed = 200

// detail is the text of an error, without the URL, which may have a password.
func detail(err error) string {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	return shorten(err.Error(), detailed)
}

func shorten(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:limit-1]) + "…"
	}
	return text
}
