package traefikingress

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// FactsFromArgs reads the command line of a Traefik 2 or 3, as its container has
// it: --providers.kubernetesingress.ingressclass=edge. Options that say nothing
// about Ingresses are passed over; the version is not among them. Names of entry
// points come in the order of the arguments, in lower case as Traefik takes them.
func FactsFromArgs(args []string) (Facts, error) {
	var facts Facts
	for _, arg := range args {
		option, ok := strings.CutPrefix(arg, "--")
		if !ok {
			option, ok = strings.CutPrefix(arg, "-")
		}
		if !ok {
			continue
		}
		name, value, given := strings.Cut(option, "=")
		if !given {
			value = "true"
		}
		if err := facts.set(strings.ToLower(name), value); err != nil {
			return facts, fmt.Errorf("argument %s: %w", arg, err)
		}
	}
	// An address with /udp makes no listener of HTTP.
	facts.EntryPoints = slices.DeleteFunc(facts.EntryPoints, func(e EntryPoint) bool { return e.Target == udp })
	return facts, nil
}

// udp marks entry points that are none of HTTP, while they are read.
const udp = "/udp"

func (f *Facts) set(name, value string) error {
	if rest, ok := strings.CutPrefix(name, "entrypoints."); ok {
		return f.setEntryPoint(rest, value)
	}
	if option, ok := strings.CutPrefix(name, "providers.kubernetesingress."); ok {
		return f.setProvider(option, value)
	}
	switch name {
	case "providers.kubernetescrd.allowcrossnamespace":
		return boolean(&f.AllowCrossNamespace, value)
	case "core.defaultrulesyntax":
		f.DefaultRuleSyntax = value
	}
	return nil
}

func (f *Facts) setProvider(option, value string) error {
	switch option {
	case "ingressclass":
		f.IngressClass = value
	case "labelselector":
		f.LabelSelector = value
	case "namespaces":
		f.Namespaces = list(value)
	case "crossprovidernamespaces":
		f.CrossProviderNamespaces = append([]string{}, list(value)...)
	case "strictprefixmatching":
		return boolean(&f.StrictPrefixMatching, value)
	case "allowemptyservices":
		return boolean(&f.AllowEmptyServices, value)
	case "allowexternalnameservices":
		return boolean(&f.AllowExternalNameServices, value)
	case "nativelbbydefault":
		return boolean(&f.NativeLBByDefault, value)
	case "disableingressclasslookup":
		return boolean(&f.DisableIngressClassLookup, value)
	case "disableclusterscoperesources":
		return boolean(&f.DisableClusterScopeResources, value)
	case "ingressendpoint.ip", "ingressendpoint.hostname", "ingressendpoint.publishedservice":
		f.PublishesStatus = f.PublishesStatus || value != ""
	}
	return nil
}

// setEntryPoint reads NAME.address and NAME.asdefault.
func (f *Facts) setEntryPoint(option, value string) error {
	name, option, ok := strings.Cut(option, ".")
	if !ok || name == "" {
		return nil
	}
	i := slices.IndexFunc(f.EntryPoints, func(e EntryPoint) bool { return e.Name == name })
	if i < 0 {
		i = len(f.EntryPoints)
		f.EntryPoints = append(f.EntryPoints, EntryPoint{Name: name})
	}
	switch option {
	case "address":
		if strings.HasSuffix(strings.ToLower(value), "/udp") {
			f.EntryPoints[i].Target = udp
		}
	case "asdefault":
		return boolean(&f.EntryPoints[i].AsDefault, value)
	}
	return nil
}

func boolean(to *bool, value string) error {
	parsed, err := strconv.ParseBool(value)
	if err != nil {
		return fmt.Errorf("%q is not a boolean", value)
	}
	*to = parsed
	return nil
}

func list(value string) []string {
	var out []string
	for element := range strings.SplitSeq(value, ",") {
		if element = strings.TrimSpace(element); element != "" {
			out = append(out, element)
		}
	}
	return out
}
