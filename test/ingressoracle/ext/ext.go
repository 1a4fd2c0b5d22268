// Package ext stands for the package of Traefik 3.7's sources that its module
// does not contain: two structs that its configuration embeds.
package ext

// HTTP is embedded in the HTTP configuration.
type HTTP struct{}

// Router is embedded in every router.
type Router struct{}
