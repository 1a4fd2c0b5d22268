// Package controller recognises ingress controllers among the workloads of a
// cluster or of manifests, and reads from them what Ingresses cannot tell.
package controller

import (
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/source"
)

// running is a workload that runs an ingress controller.
type running struct {
	source.Workload
	dialect convert.Dialect
	image   string
	// version of the image's tag, such as 3.6.12; empty: it does not tell.
	version string
	args    []string
	env     map[string]string
}

// tag finds the version in an image's tag: v1.7.34, 1.7-alpine, v2.11.50.
var tag = regexp.MustCompile(`^v?(\d+(?:\.\d+){0,2})`)

// Running names the controller that pods of a template run: the dialect of its
// Ingresses and its arguments, or what its variables say in place of them; "" when it
// is none that is known, and for a Traefik whose version nothing tells.
func Running(namespace string, pod corev1.PodSpec) (convert.Dialect, []string) {
	r, ok := recognise(source.Workload{Namespace: namespace, Pod: pod})
	if !ok || r.dialect == unknown {
		return "", nil
	}
	// Traefik 2 and 3 read one source: a file or arguments, else variables.
	if r.dialect == convert.FromTraefik && !slices.ContainsFunc(r.args, func(arg string) bool { return strings.HasPrefix(arg, "-") }) {
		return r.dialect, append(r.args, variables(r.env)...)
	}
	return r.dialect, r.args
}

// recognise finds the container that is a controller, by its image, and where
// that does not tell which version it is, by its arguments.
func recognise(w source.Workload) (running, bool) {
	for i := range w.Pod.Containers {
		c := &w.Pod.Containers[i]
		image, _, _ := strings.Cut(c.Image, "@")
		path, version := image, ""
		if colon := strings.LastIndexByte(image, ':'); colon > strings.LastIndexByte(image, '/') {
			path, version = image[:colon], image[colon+1:]
		}
		if match := tag.FindStringSubmatch(version); match != nil {
			version = match[1]
		} else {
			version = ""
		}
		r := running{Workload: w, image: c.Image, version: version, env: environment(w.Namespace, c)}
		r.args = expand(slices.Concat(c.Command, c.Args), r.env)
		if r.dialect = dialectOf(path, version, r.args); r.dialect != "" {
			return r, true
		}
	}
	return running{}, false
}

// dialectOf names the controller of an image; "?" for a Traefik of which nothing
// tells the version.
func dialectOf(path, version string, args []string) convert.Dialect {
	product := path[strings.LastIndexByte(path, '/')+1:]
	switch {
	case strings.HasSuffix(path, "ingress-nginx/controller"), strings.HasSuffix(product, "nginx-ingress-controller"),
		strings.HasSuffix(product, "ingress-nginx-controller"), len(args) > 0 && strings.HasSuffix(args[0], "/nginx-ingress-controller"):
		return convert.FromNginx
	case !strings.HasSuffix(product, "traefik"):
		return ""
	}
	major, _, _ := strings.Cut(version, ".")
	switch {
	case major == "1":
		return convert.FromTraefikV1
	case major == "2", major == "3":
		return convert.FromTraefik
	case hasArgument(args, "providers.", "entrypoints."):
		return convert.FromTraefik
	case hasArgument(args, "kubernetes", "defaultentrypoints", "entrypoints"):
		return convert.FromTraefikV1
	}
	return unknown
}

// unknown is the dialect of a Traefik whose version nothing tells.
const unknown convert.Dialect = "?"

func hasArgument(args []string, prefixes ...string) bool {
	return slices.ContainsFunc(args, func(arg string) bool {
		name, dashed := strings.CutPrefix(strings.ToLower(arg), "-")
		name = strings.TrimPrefix(name, "-")
		return dashed && slices.ContainsFunc(prefixes, func(prefix string) bool { return strings.HasPrefix(name, prefix) })
	})
}

// environment are the variables of a container whose values a manifest tells.
func environment(namespace string, c *corev1.Container) map[string]string {
	values := map[string]string{}
	for _, variable := range c.Env {
		switch {
		case variable.ValueFrom == nil:
			values[variable.Name] = variable.Value
		case variable.ValueFrom.FieldRef != nil && variable.ValueFrom.FieldRef.FieldPath == "metadata.namespace":
			values[variable.Name] = namespace
		}
	}
	return values
}

var reference = regexp.MustCompile(`\$\(([A-Za-z0-9_.-]+)\)`)

// expand puts values in place of $(NAME), as the kubelet does.
func expand(args []string, values map[string]string) []string {
	out := make([]string, 0, len(args))
	for _, arg := range args {
		out = append(out, reference.ReplaceAllStringFunc(arg, func(match string) string {
			if value, known := values[match[2:len(match)-1]]; known {
				return value
			}
			return match
		}))
	}
	return out
}
