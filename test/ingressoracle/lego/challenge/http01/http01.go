// Package http01 has the options of challenges by HTTP.
package http01

import "time"

// PathPrefix of the requests of an authority.
const PathPrefix = "/.well-known/acme-challenge/"

// ChallengeOption changes nothing.
type ChallengeOption func()

// SetDelay is no option.
func SetDelay(time.Duration) ChallengeOption { return nil }
