package controller

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// ConfigMap reads one; false when it is not there or may not be read.
type ConfigMap func(namespace, name string) (map[string]string, bool)

// Facts reads the controllers among workloads: the options with what they say of
// those dialects that the options leave open, and sentences about where it was
// found or why it was not.
func Facts(options convert.Options, workloads []source.Workload, read ConfigMap) (convert.Options, []string) {
	found := map[convert.Dialect][]running{}
	for _, w := range workloads {
		if r, ok := recognise(w); ok {
			found[r.dialect] = append(found[r.dialect], r)
		}
	}
	var notes []string
	for _, r := range found[unknown] {
		notes = append(notes, r.String()+" runs a Traefik whose version nothing tells: say --from, and what is to know with --source-args")
	}
	var seen []convert.Dialect
	for _, dialect := range convert.Dialects() {
		if options.From != convert.Auto && options.From != dialect {
			continue
		}
		var serving []candidate
		for _, r := range found[dialect] {
			if c := r.read(options, read); c.serves {
				serving = append(serving, c)
			}
		}
		if len(serving) == 0 {
			continue
		}
		seen = append(seen, dialect)
		if len(serving) > 1 {
			notes = append(notes, fmt.Sprintf("%d workloads run %s (%s): what is to know of it is read from none of them, say it with --source-args",
				len(serving), dialect.Controller(), names(serving)))
			continue
		}
		one := serving[0]
		if one.problem != "" {
			notes = append(notes, fmt.Sprintf("%s runs %s, but %s: the usual configuration is assumed", one.String(), dialect.Controller(), one.problem))
			continue
		}
		options = one.options
		notes = append(notes, append([]string{"what is to know of " + dialect.Controller() + " is read from " + one.where()}, one.remarks...)...)
	}
	if options.From == convert.Auto && len(seen) > 0 {
		options.Controllers = &convert.Controllers{Seen: seen}
	}
	return options, notes
}

func names(candidates []candidate) string {
	var out []string
	for _, c := range candidates {
		out = append(out, c.String())
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

// candidate is a workload with what it says.
type candidate struct {
	running
	options convert.Options
	// serves: it serves Ingresses, or nothing tells that it does not.
	serves bool
	// configMap is the one that was read too.
	configMap string
	problem   string
	remarks   []string
}

func (c candidate) where() string {
	text := c.String()
	if c.version != "" {
		text += " (" + c.version + ")"
	}
	if c.configMap != "" {
		text += " and configmap " + c.configMap
	}
	return text
}

// read applies arguments, environment and configuration of a workload to options.
func (r running) read(options convert.Options, read ConfigMap) candidate {
	c := candidate{running: r, options: options, serves: true}
	config, name, missing := r.config(read)
	var err error
	switch r.dialect {
	case convert.FromTraefikV1:
		c.serves = missing != "" || hasArgument(r.args, "kubernetes") || strings.Contains(strings.ToLower(config), "[kubernetes")
		_, _, err = source.ApplyArgs(&c.options, r.dialect, []byte(config), r.args)
	case convert.FromTraefik:
		args := append(slices.Clone(r.args), variables(r.env)...)
		if config != "" {
			// A file that is there is all that Traefik 2 and 3 read.
			c.options.Traefik, err = traefikingress.FactsFromConfig([]byte(config), strings.HasSuffix(name, ".toml"))
		} else {
			_, _, err = source.ApplyArgs(&c.options, r.dialect, nil, args)
		}
		c.serves = missing != "" || hasArgument(args, "providers.kubernetesingress") && config == "" || strings.Contains(strings.ToLower(config), "kubernetesingress")
		c.options.Traefik.Version = r.version
	case convert.FromNginx:
		missing = ""
		c.remarks, c.configMap, err = source.ApplyArgs(&c.options, r.dialect, nil, r.args)
		if c.configMap != "" {
			if data, ok := fetch(read, c.configMap); ok {
				c.options.Nginx.ConfigMap, c.options.Nginx.ConfigMapKnown = data, true
			} else {
				c.remarks = append(c.remarks, "configmap "+c.configMap+" of ingress-nginx cannot be read: its defaults are assumed")
				c.configMap = ""
			}
		}
	}
	if r.dialect != convert.FromNginx && config != "" {
		c.configMap = r.Namespace + "/" + name[:strings.LastIndexByte(name, '/')]
	}
	if err != nil {
		c.problem = err.Error()
	} else {
		c.problem = missing
	}
	return c
}

func fetch(read ConfigMap, name string) (map[string]string, bool) {
	namespace, name, ok := strings.Cut(name, "/")
	if !ok {
		return nil, false
	}
	return read(namespace, name)
}

// config is the static configuration file of a Traefik, mounted from a ConfigMap,
// and configmap/key; missing says that there is one that cannot be read.
func (r running) config(read ConfigMap) (content, name, missing string) {
	wanted := ""
	for i, arg := range r.args {
		option, value, given := strings.Cut(arg, "=")
		if option = strings.ToLower(strings.TrimLeft(option, "-")); option != "configfile" && option != "c" {
			continue
		}
		if !given && i+1 < len(r.args) {
			value = r.args[i+1]
		}
		wanted = value[strings.LastIndexByte(value, '/')+1:]
	}
	wanted = cmp.Or(wanted, r.env["TRAEFIK_CONFIGFILE"][strings.LastIndexByte(r.env["TRAEFIK_CONFIGFILE"], '/')+1:])
	for _, volume := range r.Pod.Volumes {
		if volume.ConfigMap == nil {
			continue
		}
		data, ok := read(r.Namespace, volume.ConfigMap.Name)
		if !ok {
			missing = "its configmap " + r.Namespace + "/" + volume.ConfigMap.Name + " cannot be read"
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(data)) {
			path := key
			for _, item := range volume.ConfigMap.Items {
				if item.Key == key {
					path = item.Path
				}
			}
			if path == wanted || wanted == "" && slices.Contains([]string{"traefik.toml", "traefik.yaml", "traefik.yml"}, path) {
				return data[key], volume.ConfigMap.Name + "/" + key, ""
			}
		}
	}
	if wanted != "" && missing == "" {
		missing = "its configuration file " + wanted + " is in no configmap"
	}
	return "", "", missing
}

// variables are the TRAEFIK_ ones of Traefik 2 and 3, as arguments.
func variables(env map[string]string) []string {
	var args []string
	for _, name := range slices.Sorted(maps.Keys(env)) {
		if option, ok := strings.CutPrefix(name, "TRAEFIK_"); ok {
			args = append(args, "--"+strings.ToLower(strings.ReplaceAll(option, "_", "."))+"="+env[name])
		}
	}
	return args
}

// HeaderMaps reads the ConfigMaps with headers that the configuration of
// ingress-nginx and annotations of Ingresses name.
func HeaderMaps(options convert.Options, ingresses []ir.Ingress, read ConfigMap) convert.Options {
	var wanted []string
	for _, key := range []string{"add-headers", "proxy-set-headers"} {
		wanted = append(wanted, strings.TrimSpace(options.Nginx.ConfigMap[key]))
	}
	annotation := cmp.Or(options.Nginx.AnnotationPrefix, nginx.DefaultPrefix) + "/custom-headers"
	for _, ing := range ingresses {
		name := strings.TrimSpace(ing.Annotations[annotation])
		if name != "" && !strings.Contains(name, "/") {
			name = ing.Namespace + "/" + name
		}
		wanted = append(wanted, name)
	}
	maps := maps.Clone(options.Nginx.HeaderMaps)
	for _, name := range wanted {
		if _, known := maps[name]; known || name == "" {
			continue
		}
		if data, ok := fetch(read, name); ok {
			if maps == nil {
				maps = map[string]map[string]string{}
			}
			maps[name] = data
		}
	}
	options.Nginx.HeaderMaps = maps
	return options
}
