package plugin

import (
	"cmp"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// apply puts what the command line says of the old controllers over what is
// known of them otherwise: configuration files say everything about theirs, then
// come arguments, then single flags.
func (f *conversionFlags) apply(base convert.Options) (convert.Options, error) {
	options := base
	for _, read := range []func(*convert.Options) error{f.readConfigs, f.readArgs, f.readEntryPoints} {
		if err := read(&options); err != nil {
			return options, err
		}
	}
	f.takeFlags(&options)
	if options.From == convert.Auto && len(f.told) > 0 {
		// Whoever describes a controller knows that it is there.
		seen := slices.Clone(f.told)
		if options.Controllers != nil {
			seen = append(seen, options.Controllers.Seen...)
		}
		slices.Sort(seen)
		options.Controllers = &convert.Controllers{Seen: slices.Compact(seen)}
	}
	return options, f.validate(options)
}

// usual are the facts of the usual installation of each dialect that is asked for.
func usual(options convert.Options) convert.Options {
	if about(options, convert.FromTraefikV1) {
		options.TraefikV1 = traefikv1.DefaultFacts()
	}
	return options
}

// about tells whether options can speak of a dialect.
func about(options convert.Options, dialect convert.Dialect) bool {
	return options.From == dialect || options.From == convert.Auto || options.From == "" && dialect == convert.FromTraefikV1
}

// aimed is a value of a flag and whose it is.
type aimed struct {
	dialect convert.Dialect
	text    string
}

// aim reads values of the form [DIALECT=]TEXT. Without a dialect they are of the
// one of --from; with none there, nobody can know.
func (f *conversionFlags) aim(flag string, from convert.Dialect, values []string) ([]aimed, error) {
	var out []aimed
	for _, value := range values {
		name, text, ok := strings.Cut(value, "=")
		dialect := convert.Dialect(name)
		if !ok || !slices.Contains(convert.Dialects(), dialect) {
			dialect, text = from, value
		}
		if dialect == convert.Auto {
			return nil, usageError("--%s %s: say whose it is, as --%s DIALECT=..., or say --from (%s)", flag, value, flag, strings.Join(dialects(), ", "))
		}
		if from != convert.Auto && dialect != from {
			return nil, usageError("--%s %s: it is about %s, but --from is %s", flag, value, dialect, from)
		}
		if !slices.Contains(f.told, dialect) {
			f.told = append(f.told, dialect)
		}
		out = append(out, aimed{dialect, text})
	}
	return out, nil
}

func (f *conversionFlags) readConfigs(options *convert.Options) error {
	files, err := f.aim("source-config", options.From, f.sourceConfig)
	if err != nil {
		return err
	}
	for _, file := range files {
		content, err := os.ReadFile(file.text)
		if err == nil {
			switch file.dialect {
			case convert.FromTraefikV1:
				f.v1Config = content
				options.TraefikV1, err = source.FactsFromTOML(content)
			case convert.FromTraefik:
				version := options.Traefik.Version
				options.Traefik, err = traefikingress.FactsFromConfig(content, strings.HasSuffix(file.text, ".toml"))
				options.Traefik.Version = version
			default:
				return usageError("--source-config: ingress-nginx has no configuration file, see --nginx-configmap")
			}
		}
		if err != nil {
			return usageError("--source-config %s: %v", file.text, err)
		}
	}
	return nil
}

func (f *conversionFlags) readArgs(options *convert.Options) error {
	all, err := f.aim("source-args", options.From, f.sourceArgs)
	if err != nil {
		return err
	}
	byDialect := map[convert.Dialect][]string{}
	for _, args := range all {
		byDialect[args.dialect] = append(byDialect[args.dialect], fields(args.text)...)
	}
	f.remarks = nil
	for _, dialect := range convert.Dialects() {
		args := byDialect[dialect]
		if len(args) == 0 {
			continue
		}
		remarks, configMap, err := source.ApplyArgs(options, dialect, f.v1Config, args)
		if err != nil {
			return usageError("--source-args: %v", err)
		}
		f.remarks, f.configMap = append(f.remarks, remarks...), cmp.Or(configMap, f.configMap)
	}
	return nil
}

// fields cuts arguments at spaces, as a shell would: not inside of quotes.
func fields(text string) []string {
	var quote rune
	var word strings.Builder
	var words []string
	begun := false
	for _, c := range text {
		switch {
		case quote == 0 && (c == '"' || c == '\''):
			quote, begun = c, true
		case c == quote:
			quote = 0
		case quote == 0 && unicode.IsSpace(c):
			if begun {
				words = append(words, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteRune(c)
			begun = true
		}
	}
	if begun {
		words = append(words, word.String())
	}
	return words
}

// readEntryPoints tells each dialect what its listeners are called in the target.
func (f *conversionFlags) readEntryPoints(options *convert.Options) error {
	if !f.flags.Changed("entry-points") {
		return nil
	}
	var points []traefikv1.EntryPoint
	for _, text := range f.entryPoints {
		point, err := parseEntryPoint(text)
		if err != nil {
			return err
		}
		points = append(points, point)
	}
	if about(*options, convert.FromTraefikV1) {
		options.TraefikV1.EntryPoints, options.TraefikV1.EntryPointsKnown = points, true
		options.TraefikV1.DefaultEntryPoints = nil
	}
	if about(*options, convert.FromTraefik) {
		options.Traefik.EntryPoints = nil
		for _, p := range points {
			options.Traefik.EntryPoints = append(options.Traefik.EntryPoints, traefikingress.EntryPoint{Name: p.Name, Target: p.Target})
		}
		// Beside Traefik 1.7, whose names the flag has then, Traefik 2 and 3 know
		// their listeners by those of the target.
		for _, p := range points {
			if options.From == convert.Auto && !slices.ContainsFunc(points, func(other traefikv1.EntryPoint) bool { return other.Name == p.Target }) {
				options.Traefik.EntryPoints = append(options.Traefik.EntryPoints, traefikingress.EntryPoint{Name: p.Target, Target: p.Target})
			}
		}
	}
	if about(*options, convert.FromNginx) {
		// It has one plain and one TLS listener.
		for _, p := range points {
			if p.TLS {
				options.Nginx.HTTPSEntryPoint = p.Target
			} else {
				options.Nginx.HTTPEntryPoint = p.Target
			}
		}
	}
	return nil
}

// takeFlags takes each flag that was given into the facts it is about; a flag
// that several dialects know is about each of them.
func (f *conversionFlags) takeFlags(options *convert.Options) {
	v1, traefik, controller := &options.TraefikV1, &options.Traefik, &options.Nginx
	if !about(*options, convert.FromTraefikV1) {
		v1 = &traefikv1.Facts{}
	}
	if !about(*options, convert.FromTraefik) {
		traefik = &traefikingress.Facts{}
	}
	if !about(*options, convert.FromNginx) {
		controller = &nginx.Facts{}
	}
	for _, flag := range []struct {
		name string
		take func()
	}{
		{"default-entry-points", func() { v1.DefaultEntryPoints = f.defaultEntryPoints }},
		{"nginx-body-limit", func() { controller.LimitBodies = f.nginxBodyLimit }},
		{"nginx-retry", func() { controller.Retry = f.nginxRetry }},
		{"source-allow-min-weight-zero", func() { v1.AllowMinWeightZero = f.minWeightZero }},
		{"source-disable-pass-host-headers", func() { v1.DisablePassHostHeaders = f.disablePassHost }},
		{"source-enable-pass-tls-cert", func() { v1.EnablePassTLSCert = f.passTLSCert }},
		{"source-ingress-class", func() {
			v1.IngressClass, traefik.IngressClass, controller.IngressClass = f.sourceClass, f.sourceClass, f.sourceClass
		}},
		{"source-keep-trailing-slash", func() { v1.KeepTrailingSlash = f.keepSlash }},
		{"source-namespaces", func() {
			v1.Namespaces, traefik.Namespaces, controller.Namespaces = f.sourceNamespaces, f.sourceNamespaces, f.sourceNamespaces
		}},
		{"source-retry-attempts", func() {
			v1.Retry = nil
			if f.retryAttempts >= 0 {
				v1.Retry = &traefikv1.Retry{Attempts: f.retryAttempts}
			}
		}},
		{"source-selector", func() { v1.LabelSelector, traefik.LabelSelector = f.sourceSelector, f.sourceSelector }},
		{"source-version", func() { traefik.Version = f.sourceVersion }},
	} {
		if f.flags.Changed(flag.name) {
			flag.take()
		}
	}
}

// validate finds what no installation can be.
func (f *conversionFlags) validate(options convert.Options) error {
	v1 := options.TraefikV1
	for _, name := range v1.DefaultEntryPoints {
		if !slices.ContainsFunc(v1.EntryPoints, func(e traefikv1.EntryPoint) bool { return e.Name == name }) {
			return usageError("default entry point %q is none of the entry points: see --default-entry-points and --entry-points", name)
		}
	}
	if err := v1.Validate(); err != nil {
		return usageError("--source-selector: %v", err)
	}
	if err := options.Traefik.Validate(); err != nil {
		return usageError("%v", err)
	}
	return nil
}
