// Package static turns the static configuration of Traefik 1.7 (traefik.toml,
// arguments) into that of Traefik 2.11 or 3, and says what becomes of every key.
//
// It is pure: text in, a tree, objects and findings out.
//
//	toml, args → Config (read*.go, after keys.txt)
//	           → legacy.go: what Traefik 1.7 itself derives from old keys
//	           → one file per family: entrypoint.go, protect.go, tls.go, provider.go, …
//	           → leftover.go: a key that no family has taken is reported
//	           → Result (Tree as YAML, TOML or arguments; Objects to apply beside it)
//
// A family says of each key that it takes where it went. What an entry point
// does to every request (users, allow lists, client certificates) is either
// carried over or the entry point is left out: it is never opened further.
package static
