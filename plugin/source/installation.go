package source

import (
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
)

// Traefik finds the static configuration of a Traefik in a file: its own file, or
// manifests of the workload that runs it and of the ConfigMap that holds its file.
func Traefik(name string, content []byte) (static.Input, error) {
	if strings.HasSuffix(name, ".toml") || !hasKinds(content) {
		return static.Input{File: name, Content: content}, nil
	}
	r := newReader("")
	r.file(name, content)
	in := static.Input{File: name}
	var running []string
	for _, w := range r.workloads.values {
		for _, container := range w.Pod.Containers {
			if strings.Contains(path.Base(container.Image), "traefik") {
				running = append(running, w.String())
				in.Image, in.Args = container.Image, flagsOf(slices.Concat(container.Command, container.Args))
				for _, variable := range container.Env {
					if strings.HasPrefix(variable.Name, "TRAEFIK_") && variable.ValueFrom != nil {
						return in, fmt.Errorf("%s takes %s from another object: give it a value", w, variable.Name)
					}
					if strings.HasPrefix(variable.Name, "TRAEFIK_") {
						in.Env = append(in.Env, variable.Name+"="+variable.Value)
					}
				}
			}
		}
	}
	files := map[string]string{}
	for _, m := range r.configMaps.values {
		for key, text := range m.data {
			if isStatic(key, configFile(in.Args)) {
				files[strings.TrimPrefix(m.name, "/")+"/"+key] = text
			}
		}
	}
	switch {
	case len(running) > 1:
		return in, fmt.Errorf("%s holds several Traefiks (%s): name a file with one", name, strings.Join(running, ", "))
	case len(running) == 0 && len(files) == 0:
		return in, fmt.Errorf("%s holds neither a DaemonSet or Deployment with an image called traefik nor a ConfigMap with a .toml file or traefik.yaml", name)
	}
	return withFile(in, files)
}

// withFile adds the file that the arguments name, or the only one.
func withFile(in static.Input, files map[string]string) (static.Input, error) {
	wanted := configFile(in.Args)
	keys := slices.Sorted(maps.Keys(files))
	if len(keys) > 1 {
		keys = slices.DeleteFunc(keys, func(key string) bool { return path.Base(key) != path.Base(wanted) })
	}
	switch {
	case len(keys) > 1:
		return in, fmt.Errorf("%s holds several files of that name (%s): name a file with one", in.File, strings.Join(keys, ", "))
	case len(keys) == 1:
		in.File, in.Content = keys[0], []byte(files[keys[0]])
	case wanted != "":
		return in, fmt.Errorf("%s says %s, but the ConfigMap with that file is not in it: add the ConfigMap, or give the file itself", in.File, wanted)
	}
	return in, nil
}

// isStatic tells the file of Traefik's own configuration from other keys of
// ConfigMaps.
func isStatic(key, wanted string) bool {
	return strings.HasSuffix(key, ".toml") || key == "traefik.yaml" || key == "traefik.yml" || wanted != "" && key == path.Base(wanted)
}

// hasKinds tells manifests from Traefik's own files.
func hasKinds(content []byte) bool {
	for _, d := range split(content) {
		raw, _, err := toJSON(d.text)
		var h head
		if err != nil || json.Unmarshal(raw, &h) != nil || h.Kind == "" {
			return false
		}
	}
	return len(content) > 0
}

// configFile is the file that arguments name.
func configFile(args []string) string {
	for i, arg := range args {
		name, value, given := strings.Cut(arg, "=")
		switch name = strings.ToLower(strings.TrimLeft(name, "-")); {
		case name != "configfile" && name != "c":
		case given:
			return value
		case i+1 < len(args):
			return args[i+1]
		}
	}
	return ""
}
