// Package acme has the objects of the protocol.
package acme

// Account is one with an authority.
type Account struct{}

// ExtendedAccount has the place of an account.
type ExtendedAccount struct {
	Account
	Location string
}
