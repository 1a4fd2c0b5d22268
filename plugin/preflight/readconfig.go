package preflight

import (
	"context"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// readConfig reads a set's arguments and the configuration files that it mounts
// from ConfigMaps.
func readConfig(ctx context.Context, client kubernetes.Interface, set *fleet.Set) (Config, error) {
	if set == nil {
		return Config{}, nil
	}
	spec := set.Object.Spec.Template.Spec
	dialect, args := runs(set)
	switch dialect {
	case "":
		return Config{Problem: "its image does not tell which controller it is"}, nil
	case convert.FromNginx:
		return readNginx(ctx, client, args)
	}
	var files []file
	for _, v := range spec.Volumes {
		if v.ConfigMap == nil {
			continue
		}
		cm, err := client.CoreV1().ConfigMaps(set.Name.Namespace).Get(ctx, v.ConfigMap.Name, metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			continue // an optional one
		}
		if err != nil {
			return Config{}, fmt.Errorf("reading configmap %s/%s: %w", set.Name.Namespace, v.ConfigMap.Name, err)
		}
		for _, key := range sorted(cm.Data) {
			if strings.HasSuffix(key, ".toml") || strings.HasSuffix(key, ".yaml") || strings.HasSuffix(key, ".yml") {
				from := fmt.Sprintf("configmap %s/%s, %s", cm.Namespace, cm.Name, key)
				files = append(files, file{name: key, from: from, text: cm.Data[key]})
			}
		}
	}
	return parseConfig(dialect, args, files), nil
}

// runs tells which controller a set's pods run, and its arguments. A version by
// itself does not: ingress-nginx has a 1, too.
func runs(set *fleet.Set) (convert.Dialect, []string) {
	dialect, args := controller.Running(set.Name.Namespace, set.Object.Spec.Template.Spec)
	if dialect != "" {
		return dialect, args
	}
	for _, c := range set.Object.Spec.Template.Spec.Containers {
		if c.Image == set.Image {
			args = append(append(args, c.Command...), c.Args...)
		}
	}
	traefik := strings.Contains(set.Product, "traefik")
	switch {
	case traefik && set.Major == 1:
		return convert.FromTraefikV1, args
	case traefik && set.Major > 1, set.Side == fleet.New:
		return convert.FromTraefik, args
	}
	return "", nil
}

// readNginx reads what an ingress-nginx does when it is told to end.
func readNginx(ctx context.Context, client kubernetes.Interface, args []string) (Config, error) {
	settings := flags(args)
	data := map[string]string{}
	if namespace, name, ok := strings.Cut(settings["configmap"].value, "/"); ok {
		cm, err := client.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{})
		switch {
		case err == nil:
			data = cm.Data
		case !apierrors.IsNotFound(err):
			return Config{}, fmt.Errorf("reading configmap %s/%s: %w", namespace, name, err)
		}
	}
	return nginxConfig(settings, data, "configmap "+settings["configmap"].value), nil
}
