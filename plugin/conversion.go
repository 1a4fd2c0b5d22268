package plugin

import (
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// conversionFlags say what is converted from what to what. Every command that
// converts has them, with the same meaning.
type conversionFlags struct {
	from, to, apiGroup, targetClass string
	sourceConfig                    []string
	sourceVersion, nginxConfigMap   string
	entryPoints, defaultEntryPoints []string
	sourceClass, sourceSelector     string
	sourceNamespaces, sourceArgs    []string
	disablePassHost, keepSlash      bool
	minWeightZero, passTLSCert      bool
	nginxBodyLimit, nginxRetry      bool
	retryAttempts                   int
	// What was read on the way: the file of Traefik 1.7, sentences about arguments
	// that change nothing, and the ConfigMap that ingress-nginx was started with.
	v1Config  []byte
	told      []convert.Dialect // controllers that it speaks of
	remarks   []string
	configMap string
	// flags knows which of them were given.
	flags *pflag.FlagSet
	// wayBack: --to ingress-nginx is possible.
	wayBack bool
}

// entryPointsUsage is quoted by help and by errors.
const entryPointsUsage = "NAME=TARGET[:PORT][:tls]"

func (f *conversionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.flags = flags
	flags.StringVar(&f.from, "from", string(convert.Auto), "Source controller: traefik-v1, traefik (Ingresses of Traefik 2 and 3) or nginx (ingress-nginx); auto finds that of each Ingress")
	flags.StringVar(&f.to, "to", "v2", f.toUsage())
	flags.StringVar(&f.apiGroup, "api-group", emit.Group, "API group of Traefik's resources: "+emit.Group+", or "+emit.LegacyGroup+" for Traefik before 2.10")
	flags.StringVar(&f.targetClass, "target-ingress-class", "", f.targetClassUsage())
	f.addFacts(flags)
	values := func(choices ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"from":      values(froms()...),
		"to":        values(f.targets()...),
		"api-group": values(emit.Group, emit.LegacyGroup),
	} {
		// The only error is an unknown flag, which the tests would show at once.
		_ = cmd.RegisterFlagCompletionFunc(name, complete)
	}
}

// addFacts adds what manifests cannot tell of the old Traefik.
func (f *conversionFlags) addFacts(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.sourceConfig, "source-config", nil, "Configuration file of the old Traefik, as [DIALECT=]FILE: the dialect is needed without --from; other flags go before it")
	flags.StringSliceVar(&f.entryPoints, "entry-points", nil, "Entry points of the old controller and their names in the new one, as "+entryPointsUsage+" (default http=web:80,https=websecure:443:tls)")
	flags.StringSliceVar(&f.defaultEntryPoints, "default-entry-points", nil, "The defaultEntryPoints of Traefik 1.7 (default: all)")
	flags.StringVar(&f.sourceClass, "source-ingress-class", "", "The class that the old controller is configured for")
	flags.StringVar(&f.sourceSelector, "source-selector", "", "The label selector of the old Traefik's Kubernetes provider")
	flags.StringSliceVar(&f.sourceNamespaces, "source-namespaces", nil, "The namespaces that the old controller watches (default: all)")
	flags.StringVar(&f.sourceVersion, "source-version", "", "Version of the old Traefik 2 or 3, such as 2.11 or 3.6 (default 2.11)")
	flags.StringArrayVar(&f.sourceArgs, "source-args", nil, "Arguments of the old controller, as its container has them, as [DIALECT=]ARGUMENTS: the dialect is needed without --from; other flags go before them")
	flags.StringVar(&f.nginxConfigMap, "nginx-configmap", "", "The ConfigMap of ingress-nginx: a manifest's FILE, or NAMESPACE/NAME in the cluster or in the files of -f")
	flags.BoolVar(&f.nginxBodyLimit, "nginx-body-limit", false, "Limit bodies as ingress-nginx does (proxy-body-size): Traefik then reads them whole before it forwards them")
	flags.BoolVar(&f.nginxRetry, "nginx-retry", false, "Try again as ingress-nginx does (proxy-next-upstream)")
	flags.BoolVar(&f.disablePassHost, "source-disable-pass-host-headers", false, "Traefik 1.7 has kubernetes.disablePassHostHeaders set")
	flags.BoolVar(&f.passTLSCert, "source-enable-pass-tls-cert", false, "Traefik 1.7 has kubernetes.enablePassTLSCert set")
	flags.BoolVar(&f.keepSlash, "source-keep-trailing-slash", false, "Traefik 1.7 has keepTrailingSlash set")
	flags.BoolVar(&f.minWeightZero, "source-allow-min-weight-zero", false, "Traefik 1.7 has allowMinWeightZero set")
	flags.IntVar(&f.retryAttempts, "source-retry-attempts", -1, "The retry.attempts of Traefik 1.7; 0 stands for one per server, -1 for no retry section")
}

// options turns the flags into the library's words.
func (f *conversionFlags) options() (convert.Options, error) {
	options, err := f.between()
	if err != nil {
		return options, err
	}
	return f.apply(usual(options))
}

// between is what is converted to what, without facts.
func (f *conversionFlags) between() (convert.Options, error) {
	if !slices.Contains(froms(), f.from) {
		return convert.Options{}, usageError("--from is %s, not %q", strings.Join(froms(), " or "), f.from)
	}
	if err := f.foreignFlag(convert.Dialect(f.from)); err != nil {
		return convert.Options{}, err
	}
	target := emit.Target{APIGroup: f.apiGroup, IngressClass: f.targetClass}
	back, err := f.back()
	switch {
	case err != nil:
		return convert.Options{}, err
	case back != nil:
		target = emit.Target{}
	case f.to == "v2":
		target.Version = emit.V2
	case f.to == "v3":
		target.Version = emit.V3
	default:
		return convert.Options{}, usageError("--to is %s, not %q", strings.Join(f.targets(), " or "), f.to)
	}
	switch {
	case f.apiGroup != emit.Group && f.apiGroup != emit.LegacyGroup:
		return convert.Options{}, usageError("--api-group is %s or %s, not %q", emit.Group, emit.LegacyGroup, f.apiGroup)
	case f.apiGroup == emit.LegacyGroup && target.Version == emit.V3:
		return convert.Options{}, usageError("Traefik 3 does not read %s: leave --api-group out", emit.LegacyGroup)
	}
	return convert.Options{From: convert.Dialect(f.from), Target: target, IngressNginx: back}, nil
}

// parseEntryPoint reads https=websecure:443:tls. Without a port it is 80, or 443
// with tls.
func parseEntryPoint(text string) (traefikv1.EntryPoint, error) {
	wrong := func(what string) (traefikv1.EntryPoint, error) {
		return traefikv1.EntryPoint{}, usageError("--entry-points %q: %s; want %s", text, what, entryPointsUsage)
	}
	name, rest, ok := strings.Cut(text, "=")
	if !ok || name == "" {
		return wrong("no NAME=")
	}
	parts := strings.Split(rest, ":")
	if parts[0] == "" {
		return wrong("no TARGET")
	}
	entryPoint := traefikv1.EntryPoint{Name: name, Target: parts[0]}
	for _, part := range parts[1:] {
		if part == "tls" {
			entryPoint.TLS = true
			continue
		}
		port, err := strconv.ParseUint(part, 10, 16)
		if err != nil || port == 0 {
			return wrong(strconv.Quote(part) + " is neither a port nor tls")
		}
		entryPoint.Port = int(port)
	}
	if entryPoint.Port == 0 {
		entryPoint.Port = 80
		if entryPoint.TLS {
			entryPoint.Port = 443
		}
	}
	return entryPoint, nil
}
