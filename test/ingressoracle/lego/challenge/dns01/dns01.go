// Package dns01 has the options of challenges by DNS.
package dns01

import (
	"strings"
	"time"
)

// Options of a client.
type Options struct{ RecursiveNameservers []string }

// Client asks nobody.
type Client struct{}

// NewClient makes one.
func NewClient(*Options) *Client { return &Client{} }

// SetDefaultClient does nothing.
func SetDefaultClient(*Client) {}

// ChallengeOption changes nothing.
type ChallengeOption func()

// CondOptions is no option.
func CondOptions(bool, ...ChallengeOption) ChallengeOption { return nil }

// DisableAuthoritativeNssPropagationRequirement is no option.
func DisableAuthoritativeNssPropagationRequirement() ChallengeOption { return nil }

// DisableRecursiveNSsPropagationRequirement is no option.
func DisableRecursiveNSsPropagationRequirement() ChallengeOption { return nil }

// PropagationWait is no option.
func PropagationWait(time.Duration, bool) ChallengeOption { return nil }

// UnFqdn takes the dot away that ends a name.
func UnFqdn(name string) string { return strings.TrimSuffix(name, ".") }
