// Package emitnginx turns routes of the intermediate representation into
// Ingresses that ingress-nginx serves, which is the way back out of Traefik. It
// never sees an annotation of the source.
//
// nginx decides otherwise than Traefik, and most of this package is about that:
//
//	                 Traefik                         ingress-nginx
//	which host       routes of all hosts compete     one server per host, nothing else is asked
//	which path       greatest priority               exact, then longest prefix; or, once one path
//	                                                 of the host is an expression, the longest text
//	which scheme     a route has entry points        every server answers on 80 and on 443
//	prefix           of the text                     of whole segments
//
// So each server gets the routes of wider hosts as well (server.go), the two
// schemes of a path become one location (scheme.go), and where the plain form
// would choose another path the host is written as expressions, whose lengths
// decide the order (order.go, pattern.go).
package emitnginx
