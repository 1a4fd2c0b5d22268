// Package lego stands in for the ACME client of Traefik 3.7, many of whose DNS
// providers need modules that no module proxy serves. It has the names that
// Traefik's packages use. No certificate is ever asked for here.
package lego
