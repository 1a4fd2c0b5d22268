// Package convert turns Ingresses of a source controller into Traefik objects
// that answer every request the same way, and says where that is not possible.
//
// It is pure: objects in, objects and diagnostics out; no client, no clock, no
// logger. The plugin, the webhook, its reconciler and the cutover all call the
// one function Convert.
//
// Each Ingress is in the dialect of one source controller: that of Options.From, or
// with Auto its own (detect.go). Where Ingresses of several controllers meet in one
// Traefik, mixture.go keeps them apart and reports what cannot be.
//
//	Input → dialect (what the source controller does) → ir.Translation → emit → Result
//
// Other systems read Ingresses too. What a Certificate of cert-manager needs to
// outlive its Ingress is in Result.Companions, which only the convert command
// prints; what external-dns needs is written on an IngressRoute, see records.go.
//
// Package emitnginx stands beside emit for the way back out: it writes Ingresses
// for ingress-nginx of the same translation.
package convert
