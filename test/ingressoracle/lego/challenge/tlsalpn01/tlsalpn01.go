// Package tlsalpn01 has the options of challenges by TLS.
package tlsalpn01

import (
	"errors"
	"time"
)

// ACMETLS1Protocol is the one of RFC 8737.
const ACMETLS1Protocol = "acme-tls/1"

// ChallengeBlocks fails.
func ChallengeBlocks(string, string) ([]byte, []byte, error) { return nil, nil, errors.ErrUnsupported }

// ChallengeOption changes nothing.
type ChallengeOption func()

// SetDelay is no option.
func SetDelay(time.Duration) ChallengeOption { return nil }
