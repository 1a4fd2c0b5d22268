package source

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
)

// TraefikV1 finds the static configuration of Traefik 1.7 in a file: a
// traefik.toml, or manifests of the workload that runs it and of the ConfigMap
// that holds its file.
func TraefikV1(name string, content []byte) (static.Input, error) {
	objects := manifests(content)
	if len(objects) == 0 || strings.HasSuffix(name, ".toml") {
		return static.Input{File: name, TOML: content}, nil
	}
	var found installation
	for _, object := range objects {
		if err := found.add(object); err != nil {
			return static.Input{}, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return found.input(name)
}

// manifests are the objects of a file; none when it is something else. A file of
// TOML is no YAML with kinds.
func manifests(content []byte) []json.RawMessage {
	var objects []json.RawMessage
	for _, d := range split(content) {
		raw, _, err := toJSON(d.text)
		if err != nil {
			return nil
		}
		var h head
		if json.Unmarshal(raw, &h) != nil || h.Kind == "" {
			return nil
		}
		if isList(h) {
			objects = append(objects, h.Items...)
			continue
		}
		objects = append(objects, raw)
	}
	return objects
}

// installation is what manifests tell of a Traefik 1.7.
type installation struct {
	workloads []string
	args      []string
	files     map[string]string // by ConfigMap/key
}

func (i *installation) add(raw json.RawMessage) error {
	var h head
	if err := json.Unmarshal(raw, &h); err != nil {
		return errors.New("an item of a list is no object")
	}
	switch h.Kind {
	case "ConfigMap":
		var m corev1.ConfigMap
		if err := json.Unmarshal(raw, &m); err != nil {
			return fmt.Errorf("ConfigMap %s has a field of the wrong type", h.Metadata.Name)
		}
		for _, key := range slices.Sorted(maps.Keys(m.Data)) {
			if strings.HasSuffix(key, ".toml") {
				if i.files == nil {
					i.files = map[string]string{}
				}
				i.files[m.Name+"/"+key] = m.Data[key]
			}
		}
	case "DaemonSet", "Deployment", "StatefulSet":
		// They have their pods' template at the same place.
		var w appsv1.DaemonSet
		if err := json.Unmarshal(raw, &w); err != nil {
			return fmt.Errorf("%s %s has a field of the wrong type", h.Kind, h.Metadata.Name)
		}
		for _, container := range w.Spec.Template.Spec.Containers {
			if !strings.Contains(path.Base(container.Image), "traefik") {
				continue
			}
			i.workloads = append(i.workloads, fmt.Sprintf("%s/%s", strings.ToLower(h.Kind), w.Name))
			if len(container.Command) > 0 {
				i.args = append(i.args, container.Command[1:]...)
			}
			i.args = append(i.args, container.Args...)
		}
	}
	return nil
}

func (i *installation) input(name string) (static.Input, error) {
	if len(i.workloads) > 1 {
		return static.Input{}, fmt.Errorf("%s holds several Traefiks (%s): name a file with one", name, strings.Join(i.workloads, ", "))
	}
	if len(i.workloads) == 0 && len(i.files) == 0 {
		return static.Input{}, fmt.Errorf("%s holds neither a DaemonSet, Deployment or StatefulSet with an image called traefik nor a ConfigMap with a .toml file", name)
	}
	in := static.Input{File: name, Args: i.args}
	keys := slices.Sorted(maps.Keys(i.files))
	if wanted := path.Base(configFile(i.args)); len(keys) > 1 {
		keys = slices.DeleteFunc(keys, func(key string) bool { return path.Base(key) != wanted })
	}
	switch {
	case len(keys) > 1:
		return in, fmt.Errorf("%s holds several files of that name (%s): name a file with one", name, strings.Join(keys, ", "))
	case len(keys) == 1:
		in.File, in.TOML = keys[0], []byte(i.files[keys[0]])
	case configFile(i.args) != "":
		return in, fmt.Errorf("%s says %s, but the ConfigMap with that file is not in it: add the ConfigMap, or give the file itself", name, configFile(i.args))
	}
	return in, nil
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
