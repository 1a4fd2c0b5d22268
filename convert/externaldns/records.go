// Package externaldns knows which DNS records external-dns publishes because of
// an Ingress, and how an IngressRoute has to be annotated to stand for the same.
package externaldns

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// Prefixes of annotations: of releases before 0.22, and since. One external-dns
// reads one of them.
var Prefixes = [...]string{"external-dns.alpha.kubernetes.io/", "external-dns.kubernetes.io/"}

// carried are the annotations that the traefik-proxy source reads beside hostname
// (docs/annotations/annotations.md, source/annotations/provider_specific.go);
// those that end in a dash are beginnings.
var carried = [...]string{
	"alias", "aws-", "azure-tags", "cloudflare-", "coredns-", "record-type", "scw-", "set-identifier", "target", "ttl", "webhook-",
}

// Records are those of one Ingress under one prefix.
type Records struct {
	prefix string
	// Key is the annotation to speak of: target, or one of the others.
	Key string
	// Target tells whether the Ingress says where its names lead. If not,
	// external-dns takes the addresses of its status.
	Target bool
	// Names are what is published, sorted.
	Names []string
	// annotations are those that an IngressRoute needs as they are.
	annotations map[string]string
}

// Of returns the records of ing per prefix that it uses. An Ingress that is left
// to another controller of records has none.
func Of(ing *networkingv1.Ingress) []Records {
	var all []Records
	for _, prefix := range Prefixes {
		if r, ok := under(prefix, ing); ok {
			all = append(all, r)
		}
	}
	return all
}

// Reads tells whether an annotation is for external-dns.
func Reads(key string) bool {
	return slices.ContainsFunc(Prefixes[:], func(prefix string) bool { return strings.HasPrefix(key, prefix) })
}

func under(prefix string, ing *networkingv1.Ingress) (Records, bool) {
	r := Records{prefix: prefix}
	for _, key := range slices.Sorted(maps.Keys(ing.Annotations)) {
		name, ours := strings.CutPrefix(key, prefix)
		if !ours {
			continue
		}
		r.Key = cmp.Or(r.Key, key)
		if slices.ContainsFunc(carried[:], func(c string) bool { return c == name || strings.HasSuffix(c, "-") && strings.HasPrefix(name, c) }) {
			if r.annotations == nil {
				r.annotations = map[string]string{}
			}
			r.annotations[key] = ing.Annotations[key]
		}
	}
	if controller, ok := ing.Annotations[prefix+"controller"]; r.Key == "" || ok && controller != "dns-controller" {
		return Records{}, false
	}
	if r.Target = r.annotations[prefix+"target"] != ""; r.Target {
		r.Key = prefix + "target"
	}
	r.Names = names(prefix, ing)
	return r, true
}

// names are the hosts of rules and of spec.tls, and those of the annotation; which
// of them count can be said by another one (source/ingress.go).
func names(prefix string, ing *networkingv1.Ingress) []string {
	source, restricted := ing.Annotations[prefix+"ingress-hostname-source"]
	source = strings.ToLower(source)
	var all []string
	if !restricted || source == "defined-hosts-only" {
		for i := range ing.Spec.Rules {
			all = append(all, ing.Spec.Rules[i].Host)
		}
		for i := range ing.Spec.TLS {
			all = append(all, ing.Spec.TLS[i].Hosts...)
		}
	}
	if hostname, ok := ing.Annotations[prefix+"hostname"]; ok && (!restricted || source == "annotation-only") {
		all = append(all, strings.Split(strings.ReplaceAll(hostname, " ", ""), ",")...)
	}
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(name string) bool { return name == "" })
}

// What the traefik-proxy source takes for host names in a rule
// (source/traefik_proxy.go). It does not see what stands before them: the host of
// !Host(`a.test`) is one too.
var (
	hostMatcher = regexp.MustCompile("(?:HostSNI|HostHeader|Host)\\s*\\(\\s*(`.*?`)\\s*\\)")
	hostValue   = regexp.MustCompile("`([^,`]+)`")
)

// Read returns the names that external-dns takes from the rules of an
// IngressRoute with a target.
func Read(rules []string) []string {
	var hosts []string
	for _, rule := range rules {
		for _, match := range hostMatcher.FindAllStringSubmatch(rule, -1) {
			for _, value := range hostValue.FindAllStringSubmatch(match[1], -1) {
				if value[1] != "*" {
					hosts = append(hosts, value[1])
				}
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Annotations returns what to write on an IngressRoute of these rules, so that
// external-dns publishes the records, no name more and no name less; false when
// it would take other names out of the rules.
func (r Records) Annotations(rules []string) (map[string]string, bool) {
	read := Read(rules)
	var missing []string
	for _, name := range r.Names {
		if !slices.Contains(read, name) {
			missing = append(missing, name)
		}
	}
	if len(read)+len(missing) > len(r.Names) {
		return nil, false
	}
	out := maps.Clone(r.annotations)
	if len(missing) > 0 {
		out[r.prefix+"hostname"] = strings.Join(missing, ",")
	}
	return out, true
}
