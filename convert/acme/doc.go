// Package acme turns the acme.json of Traefik 1.7 into that of Traefik 2 and 3,
// or into Secrets, and says what of it cannot be carried over.
//
// It is pure: bytes in, bytes or objects and findings out. Nothing that it says
// about the file contains a key.
//
//	acme.json → read.go (two old forms) → check.go (every entry by itself) → Result.Store or Result.Secrets
package acme
