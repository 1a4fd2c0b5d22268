// Package static turns the static configuration of Traefik 1.7 (traefik.toml,
// arguments) into that of Traefik 2.11 or 3, and that of Traefik 2 (YAML, TOML,
// arguments, environment) into that of Traefik 3, and says what becomes of every
// key.
//
// It is pure: text in, a tree, objects and findings out.
//
//	toml, args → Config (read*.go, after keys.txt)
//	           → legacy.go: what Traefik 1.7 itself derives from old keys
//	           → one file per family: entrypoint.go, protect.go, tls.go, provider.go, …
//	           → leftover.go: a key that no family has taken is reported
//	           → Result (Tree as YAML, TOML or arguments; Objects to apply beside it)
//
// From Traefik 2 most keys stay what they are, so that there are families only for
// what Traefik 3 has elsewhere or not at all:
//
//	yaml, toml, args, env → Config (upgraderead.go, upgradewalk.go, after keys2.txt)
//	                      → upgradechanges.go: what is gone, or is elsewhere
//	                      → upgrade.go: the rest as it is, where keys3.txt has it
//	                      → upgradeadditions.go: what is no default any more
//
// A family says of each key that it takes where it went. What an entry point
// does to every request (users, allow lists, client certificates) is either
// carried over or the entry point is left out: it is never opened further.
package static
