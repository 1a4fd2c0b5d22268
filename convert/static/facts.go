package static

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Facts are what of a configuration changes the meaning of an Ingress, for
// converting Ingresses.
func Facts(c *Config) (traefikv1.Facts, error) {
	for _, d := range c.findings {
		if d.Code == diag.EStaticValue {
			return traefikv1.Facts{}, fmt.Errorf("reading the configuration of Traefik 1.7: %s: %s: %s", d.Object.File, d.Field, d.Text)
		}
	}
	facts := traefikv1.Facts{
		EntryPointsKnown:       true,
		DefaultEntryPoints:     c.list("defaultentrypoints"),
		IngressClass:           c.text("kubernetes.ingressclass"),
		LabelSelector:          c.text("kubernetes.labelselector"),
		Namespaces:             c.list("kubernetes.namespaces"),
		DisablePassHostHeaders: c.flag("kubernetes.disablepasshostheaders", false),
		EnablePassTLSCert:      c.flag("kubernetes.enablepasstlscert", false),
		KeepTrailingSlash:      c.flag("keeptrailingslash", false),
		AllowMinWeightZero:     c.flag("allowminweightzero", false),
		CustomTemplate:         c.text("kubernetes.filename") != "",
		PriorityScale:          traefikv1.DefaultFacts().PriorityScale,
	}
	if c.has("retry") {
		facts.Retry = &traefikv1.Retry{Attempts: int(c.number("retry.attempts", 0))}
	}
	if len(facts.DefaultEntryPoints) == 0 {
		facts.DefaultEntryPoints = []string{"http"}
	}
	names := c.members("entrypoints")
	if len(names) == 0 {
		// Without any, Traefik 1.7 listens on :80 as http and serves that by default.
		facts.EntryPoints = []traefikv1.EntryPoint{{Name: "http", Target: TargetName("http"), Port: 80}}
	}
	for _, name := range names {
		root := "entrypoints." + name
		_, text, err := net.SplitHostPort(c.text(root + ".address"))
		if err != nil {
			return traefikv1.Facts{}, fmt.Errorf("entry point %s of Traefik 1.7: address %q: want :PORT or HOST:PORT", name, c.text(root+".address"))
		}
		port, err := strconv.ParseUint(text, 10, 16)
		if err != nil {
			return traefikv1.Facts{}, fmt.Errorf("entry point %s of Traefik 1.7: %q is no port number", name, text)
		}
		facts.EntryPoints = append(facts.EntryPoints, traefikv1.EntryPoint{
			Name: name, Target: targetOf(name, names), TLS: c.has(root + ".tls"), Port: int(port), RedirectTo: c.text(root + ".redirect.entrypoint"),
		})
	}
	slices.SortFunc(facts.EntryPoints, func(a, b traefikv1.EntryPoint) int { return strings.Compare(a.Name, b.Name) })
	return facts, facts.Validate()
}

// targetOf is what an entry point is called in the target, unless another one is
// called so already.
func targetOf(name string, all []string) string {
	target := TargetName(name)
	if target != name && slices.Contains(all, target) {
		return name
	}
	return target
}
