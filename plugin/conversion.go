package plugin

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// conversionFlags say what is converted from what to what. Every command that
// converts has them, with the same meaning.
type conversionFlags struct {
	from, to, apiGroup, targetClass string
	sourceConfig, sourceVersion     string
	entryPoints, defaultEntryPoints []string
	sourceClass, sourceSelector     string
	sourceNamespaces, sourceArgs    []string
	disablePassHost, keepSlash      bool
	minWeightZero, passTLSCert      bool
	retryAttempts                   int
	// flags knows which of them were given.
	flags *pflag.FlagSet
}

// entryPointsUsage is quoted by help and by errors.
const entryPointsUsage = "NAME=TARGET[:PORT][:tls]"

func (f *conversionFlags) add(cmd *cobra.Command) {
	flags := cmd.Flags()
	f.flags = flags
	flags.StringVar(&f.from, "from", string(convert.FromTraefikV1), "Source controller: traefik-v1, traefik (Ingresses of Traefik 2 and 3) or nginx (ingress-nginx)")
	flags.StringVar(&f.to, "to", "v2", "Traefik that will serve the routes: v2 (2.11) or v3")
	flags.StringVar(&f.apiGroup, "api-group", emit.Group, "API group of Traefik's resources: "+emit.Group+", or "+emit.LegacyGroup+" for Traefik before 2.10")
	flags.StringVar(&f.targetClass, "target-ingress-class", "", "Class written on every object, if the new Traefik's kubernetesCRD provider has an ingressClass")
	f.addFacts(flags)
	values := func(choices ...string) cobra.CompletionFunc {
		return cobra.FixedCompletions(choices, cobra.ShellCompDirectiveNoFileComp)
	}
	for name, complete := range map[string]cobra.CompletionFunc{
		"from":      values(dialects()...),
		"to":        values("v2", "v3"),
		"api-group": values(emit.Group, emit.LegacyGroup),
	} {
		// The only error is an unknown flag, which the tests would show at once.
		_ = cmd.RegisterFlagCompletionFunc(name, complete)
	}
}

// addFacts adds what manifests cannot tell of the old Traefik.
func (f *conversionFlags) addFacts(flags *pflag.FlagSet) {
	flags.StringVar(&f.sourceConfig, "source-config", "", "Configuration file of Traefik 1.7 (traefik.toml); other flags go before it")
	flags.StringSliceVar(&f.entryPoints, "entry-points", nil, "Entry points of the old controller and their names in the new one, as "+entryPointsUsage+" (default http=web:80,https=websecure:443:tls)")
	flags.StringSliceVar(&f.defaultEntryPoints, "default-entry-points", nil, "The defaultEntryPoints of Traefik 1.7 (default: all)")
	flags.StringVar(&f.sourceClass, "source-ingress-class", "", "The class that the old controller is configured for")
	flags.StringVar(&f.sourceSelector, "source-selector", "", "The label selector of the old Traefik's Kubernetes provider")
	flags.StringSliceVar(&f.sourceNamespaces, "source-namespaces", nil, "The namespaces that the old controller watches (default: all)")
	flags.StringVar(&f.sourceVersion, "source-version", "", "Version of the old Traefik 2 or 3, such as 2.11 or 3.6 (default 2.11)")
	flags.StringArrayVar(&f.sourceArgs, "source-args", nil, "Arguments of the old Traefik 2 or 3, as its container has them; other flags go before them")
	flags.BoolVar(&f.disablePassHost, "source-disable-pass-host-headers", false, "Traefik 1.7 has kubernetes.disablePassHostHeaders set")
	flags.BoolVar(&f.passTLSCert, "source-enable-pass-tls-cert", false, "Traefik 1.7 has kubernetes.enablePassTLSCert set")
	flags.BoolVar(&f.keepSlash, "source-keep-trailing-slash", false, "Traefik 1.7 has keepTrailingSlash set")
	flags.BoolVar(&f.minWeightZero, "source-allow-min-weight-zero", false, "Traefik 1.7 has allowMinWeightZero set")
	flags.IntVar(&f.retryAttempts, "source-retry-attempts", -1, "The retry.attempts of Traefik 1.7; 0 stands for one per server, -1 for no retry section")
}

// options turns the flags into the library's words.
func (f *conversionFlags) options() (convert.Options, error) {
	if !slices.Contains(dialects(), f.from) {
		return convert.Options{}, usageError("--from is %s, not %q", strings.Join(dialects(), " or "), f.from)
	}
	if err := f.foreignFlag(convert.Dialect(f.from)); err != nil {
		return convert.Options{}, err
	}
	target := emit.Target{APIGroup: f.apiGroup, IngressClass: f.targetClass}
	switch f.to {
	case "v2":
		target.Version = emit.V2
	case "v3":
		target.Version = emit.V3
	default:
		return convert.Options{}, usageError("--to is v2 or v3, not %q", f.to)
	}
	switch {
	case f.apiGroup != emit.Group && f.apiGroup != emit.LegacyGroup:
		return convert.Options{}, usageError("--api-group is %s or %s, not %q", emit.Group, emit.LegacyGroup, f.apiGroup)
	case f.apiGroup == emit.LegacyGroup && target.Version == emit.V3:
		return convert.Options{}, usageError("Traefik 3 does not read %s: leave --api-group out", emit.LegacyGroup)
	}
	facts, err := f.facts()
	if err != nil {
		return convert.Options{}, err
	}
	options := convert.Options{From: convert.Dialect(f.from), Target: target}
	switch options.From {
	case convert.FromTraefik:
		if options.Traefik, err = f.traefik(f.given(facts)); err != nil {
			return convert.Options{}, usageError("--source-args: %v", err)
		}
		if err := options.Traefik.Validate(); err != nil {
			return convert.Options{}, usageError("%v", err)
		}
		return options, nil
	case convert.FromNginx:
		options.Nginx = f.nginx(f.given(facts))
		return options, nil
	}
	options.TraefikV1 = facts
	if f.sourceConfig != "" {
		file := options
		if file.TraefikV1, err = readSourceConfig(f.sourceConfig); err != nil {
			return convert.Options{}, err
		}
		options = f.over(file, options)
	}
	return options, f.validate(options.TraefikV1)
}

func readSourceConfig(name string) (traefikv1.Facts, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return traefikv1.Facts{}, usageError("--source-config: %v", err)
	}
	facts, err := source.FactsFromTOML(content)
	if err != nil {
		return facts, usageError("--source-config %s: %v", name, err)
	}
	return facts, nil
}

// given are the entry points that were named; none: the dialect's own defaults.
func (f *conversionFlags) given(facts traefikv1.Facts) []traefikv1.EntryPoint {
	if len(f.entryPoints) == 0 {
		return nil
	}
	return facts.EntryPoints
}

// facts are those of the usual installation with what the flags say.
func (f *conversionFlags) facts() (traefikv1.Facts, error) {
	facts := traefikv1.DefaultFacts()
	if len(f.entryPoints) > 0 {
		facts.EntryPoints, facts.EntryPointsKnown, facts.DefaultEntryPoints = nil, true, nil
	}
	for _, text := range f.entryPoints {
		entryPoint, err := parseEntryPoint(text)
		if err != nil {
			return facts, err
		}
		facts.EntryPoints = append(facts.EntryPoints, entryPoint)
	}
	if len(f.defaultEntryPoints) > 0 {
		facts.DefaultEntryPoints = f.defaultEntryPoints
	}
	facts.IngressClass = f.sourceClass
	facts.LabelSelector = f.sourceSelector
	facts.Namespaces = f.sourceNamespaces
	facts.DisablePassHostHeaders = f.disablePassHost
	facts.EnablePassTLSCert = f.passTLSCert
	facts.KeepTrailingSlash = f.keepSlash
	facts.AllowMinWeightZero = f.minWeightZero
	if f.retryAttempts >= 0 {
		facts.Retry = &traefikv1.Retry{Attempts: f.retryAttempts}
	}
	return facts, nil
}

// validate finds what no installation can be.
func (f *conversionFlags) validate(facts traefikv1.Facts) error {
	for _, name := range facts.DefaultEntryPoints {
		if !slices.ContainsFunc(facts.EntryPoints, func(e traefikv1.EntryPoint) bool { return e.Name == name }) {
			return usageError("default entry point %q is none of the entry points: see --default-entry-points and --entry-points", name)
		}
	}
	if err := facts.Validate(); err != nil {
		return usageError("--source-selector: %v", err)
	}
	return nil
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

// statement says in two lines what is converted, because nobody should have to
// guess.
func statement(options convert.Options) string {
	var points []string
	for _, e := range options.TraefikV1.EntryPoints {
		kind := ""
		if e.TLS {
			kind = " tls"
		}
		points = append(points, fmt.Sprintf("%s (:%d%s) -> %s", e.Name, e.Port, kind, e.Target))
	}
	text := fmt.Sprintf("%s to Traefik %d (%s)", options.From, options.Target.Version, options.Target.APIVersion())
	if len(points) > 0 {
		text += "\nEntry points: " + strings.Join(points, ", ")
	}
	return text
}
