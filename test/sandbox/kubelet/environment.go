package kubelet

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
)

// variables are a process' environment in the order of definition.
type variables struct {
	names  []string
	values map[string]string
	// own are the variables of the pod's specification: only their values may
	// name mount paths.
	own map[string]bool
}

func (v *variables) set(name, value string, own bool) {
	if _, exists := v.values[name]; !exists {
		v.names = append(v.names, name)
	}
	v.values[name], v.own[name] = value, own
}

func (v *variables) list(m mounts) []string {
	var list []string
	for _, name := range v.names {
		value := v.values[name]
		if v.own[name] {
			value = m.rewrite(value)
		}
		list = append(list, name+"="+value)
	}
	return list
}

// environment is: what every process gets, the program's, then the container's
// envFrom and env. Each may refer to earlier ones.
func (w *worker) environment(ctx context.Context, pod *corev1.Pod, c *container) (*variables, error) {
	v := &variables{values: map[string]string{}, own: map[string]bool{}}
	hostname := pod.Name
	if pod.Spec.HostNetwork {
		hostname = w.agent.node.spec.Name
	}
	for _, pair := range [][2]string{
		{"PATH", os.Getenv("PATH")},
		{"HOME", filepath.Join(w.scratch(), "containers", c.spec.Name)},
		{"TMPDIR", filepath.Join(w.scratch(), "tmp")},
		{"HOSTNAME", hostname},
		{"NODE_IP", w.agent.node.spec.Address},
		{"POD_IP", w.record.address},
	} {
		v.set(pair[0], pair[1], false)
	}
	program, _ := w.agent.node.k.images.lookup(c.spec.Image)
	for _, entry := range program.Env {
		name, value, _ := strings.Cut(entry, "=")
		v.set(name, value, false)
	}
	kubeconfig, err := w.kubeconfig(c, program)
	if err != nil {
		return nil, err
	}
	if kubeconfig != "" {
		v.set("KUBECONFIG", kubeconfig, false)
	}
	objects := liveObjects{w.agent.node.k.options.Client}
	for _, from := range c.spec.EnvFrom {
		if err := importAll(ctx, objects, pod.Namespace, from, v); err != nil {
			return nil, err
		}
	}
	for _, e := range c.spec.Env {
		value := expand(e.Value, v.values)
		if e.ValueFrom != nil {
			var found bool
			value, found, err = w.valueFrom(ctx, objects, pod, c, e.ValueFrom)
			if err != nil {
				return nil, fmt.Errorf("variable %s: %w", e.Name, err)
			}
			if !found {
				continue
			}
		}
		v.set(e.Name, value, true)
	}
	return v, nil
}

func importAll(ctx context.Context, objects objectSource, namespace string, from corev1.EnvFromSource, v *variables) error {
	data := map[string]string{}
	var err error
	optional := false
	switch {
	case from.ConfigMapRef != nil:
		optional = isTrue(from.ConfigMapRef.Optional)
		var cm *corev1.ConfigMap
		if cm, err = objects.configMap(ctx, namespace, from.ConfigMapRef.Name); err == nil {
			data = cm.Data
		}
	case from.SecretRef != nil:
		optional = isTrue(from.SecretRef.Optional)
		var s *corev1.Secret
		if s, err = objects.secret(ctx, namespace, from.SecretRef.Name); err == nil {
			for key, value := range s.Data {
				data[key] = string(value)
			}
		}
	}
	if err != nil && !(optional && apierrors.IsNotFound(err)) {
		return fmt.Errorf("envFrom: %w", err)
	}
	names := make([]string, 0, len(data))
	for name := range data {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		v.set(from.Prefix+name, data[name], true)
	}
	return nil
}

// valueFrom returns false for what is optional and missing.
func (w *worker) valueFrom(ctx context.Context, objects objectSource, pod *corev1.Pod, c *container, from *corev1.EnvVarSource) (string, bool, error) {
	switch {
	case from.FieldRef != nil:
		value, err := w.field(pod, from.FieldRef.FieldPath)
		return value, err == nil, err
	case from.ResourceFieldRef != nil:
		value, err := resourceField(&c.spec, from.ResourceFieldRef)
		return value, err == nil, err
	case from.ConfigMapKeyRef != nil:
		ref := from.ConfigMapKeyRef
		cm, err := objects.configMap(ctx, pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, ok := cm.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("ConfigMap %s has no key %q", ref.Name, ref.Key)
		}
		return value, ok, nil
	case from.SecretKeyRef != nil:
		ref := from.SecretKeyRef
		s, err := objects.secret(ctx, pod.Namespace, ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, ok := s.Data[ref.Key]
		if !ok && !isTrue(ref.Optional) {
			return "", false, fmt.Errorf("secret %s has no key %q", ref.Name, ref.Key)
		}
		return string(value), ok, nil
	}
	return "", false, fmt.Errorf("this kind of valueFrom is not supported in the sandbox")
}

func unlessOptional(err error, optional *bool) error {
	if isTrue(optional) && apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func isTrue(b *bool) bool { return b != nil && *b }

// field is a fieldRef's value. The addresses come from the node itself: the
// object's status may not have them yet.
func (w *worker) field(pod *corev1.Pod, path string) (string, error) {
	switch path {
	case "metadata.name":
		return pod.Name, nil
	case "metadata.namespace":
		return pod.Namespace, nil
	case "metadata.uid":
		return string(pod.UID), nil
	case "metadata.labels":
		return formatMap(pod.Labels), nil
	case "metadata.annotations":
		return formatMap(pod.Annotations), nil
	case "spec.nodeName":
		return pod.Spec.NodeName, nil
	case "spec.serviceAccountName":
		return serviceAccount(pod), nil
	case "status.hostIP", "status.hostIPs":
		return w.agent.node.spec.Address, nil
	case "status.podIP", "status.podIPs":
		return w.record.address, nil
	}
	for prefix, values := range map[string]map[string]string{"metadata.labels": pod.Labels, "metadata.annotations": pod.Annotations} {
		if key, ok := strings.CutPrefix(path, prefix+"['"); ok {
			return values[strings.TrimSuffix(key, "']")], nil
		}
	}
	return "", fmt.Errorf("field %q is not supported in the sandbox", path)
}

// formatMap is the format of downward API files: key="value", sorted.
func formatMap(m map[string]string) string {
	lines := make([]string, 0, len(m))
	for key, value := range m {
		lines = append(lines, key+"="+strconv.Quote(value))
	}
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// resourceField answers from the container's own figures; without a limit, what
// a node of the sandbox has counts.
func resourceField(c *corev1.Container, ref *corev1.ResourceFieldSelector) (string, error) {
	kind, name, ok := strings.Cut(ref.Resource, ".")
	if !ok {
		return "", fmt.Errorf("resource %q is not supported in the sandbox", ref.Resource)
	}
	list := c.Resources.Limits
	if kind == "requests" {
		list = c.Resources.Requests
	}
	quantity, ok := list[corev1.ResourceName(name)]
	if !ok {
		quantity = nodeCapacity()[corev1.ResourceName(name)]
		if kind == "requests" {
			quantity = resource.Quantity{}
		}
	}
	divisor := ref.Divisor
	if divisor.IsZero() {
		divisor = resource.MustParse("1")
	}
	if corev1.ResourceName(name) == corev1.ResourceCPU {
		return strconv.FormatInt(ceil(quantity.MilliValue(), divisor.MilliValue()), 10), nil
	}
	return strconv.FormatInt(ceil(quantity.Value(), divisor.Value()), 10), nil
}

func ceil(a, b int64) int64 { return (a + b - 1) / b }
