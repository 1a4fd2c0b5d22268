package traefikv1

import "github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"

// chance is a path that has no route here, and that fares otherwise in Traefik
// 1.7 when an Ingress with the same host and path is loaded before it: then the
// frontend is there already and authentication is not looked at. The order of
// loading is not defined.
type chance struct {
	key, namespace string
	at             place
	how            string
}

// reportChances says so on both sides.
func (t *translator) reportChances() {
	if len(t.chances) == 0 {
		return
	}
	byKey := map[string][]*frontend{}
	for _, f := range t.frontends {
		byKey[f.key] = append(byKey[f.key], f)
	}
	for _, c := range t.chances {
		for _, f := range byKey[c.key] {
			code, other, own := diag.WMerge, "Ingress "+f.first.Name, "Ingress "+c.at.src.Name
			if f.namespace != c.namespace {
				code, other, own = diag.EMergeXNS, "an Ingress of namespace "+f.namespace, "an Ingress of namespace "+c.namespace
			}
			said := false
			for _, at := range f.places {
				if at.src == c.at.src {
					continue
				}
				at.src.say(code, at.field(), "shares host and path with "+own+", which in Traefik 1.7 "+c.how)
				said = true
			}
			if said {
				c.at.src.say(code, c.at.field(), "shares host and path with "+other+"; in Traefik 1.7 it "+c.how)
			}
		}
	}
}
