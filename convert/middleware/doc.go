// Package middleware reads Middlewares of Traefik 2 and 3 as what they do to a
// request, for targets that have no such objects. It knows those whose every
// field has a meaning in package ir; of all others it says why not.
package middleware
