package kubelet

import (
	"context"
	"fmt"
	"os"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

func (w *worker) configMapFiles(ctx context.Context, objects objectSource, name string, items []corev1.KeyToPath, mode *int32, optional bool) (files, error) {
	cm, err := objects.configMap(ctx, w.record.pod.Namespace, name)
	if err != nil {
		if optional && apierrors.IsNotFound(err) {
			return files{}, nil
		}
		return nil, err
	}
	data := make(map[string]string, len(cm.Data)+len(cm.BinaryData))
	for key, value := range cm.Data {
		data[key] = value
	}
	for key, value := range cm.BinaryData {
		data[key] = string(value)
	}
	return selectKeys("ConfigMap "+name, data, items, mode, optional)
}

func (w *worker) secretFiles(ctx context.Context, objects objectSource, name string, items []corev1.KeyToPath, mode *int32, optional bool) (files, error) {
	secret, err := objects.secret(ctx, w.record.pod.Namespace, name)
	if err != nil {
		if optional && apierrors.IsNotFound(err) {
			return files{}, nil
		}
		return nil, err
	}
	data := make(map[string]string, len(secret.Data))
	for key, value := range secret.Data {
		data[key] = string(value)
	}
	return selectKeys("secret "+name, data, items, mode, optional)
}

// selectKeys applies a volume's items: without any, every key is a file.
func selectKeys(what string, data map[string]string, items []corev1.KeyToPath, mode *int32, optional bool) (files, error) {
	all := files{}
	if len(items) == 0 {
		for key, value := range data {
			all[key] = file{data: value, mode: fileMode(nil, mode)}
		}
		return all, nil
	}
	for _, item := range items {
		value, ok := data[item.Key]
		if !ok {
			if optional {
				continue
			}
			return nil, fmt.Errorf("%s has no key %q", what, item.Key)
		}
		all[item.Path] = file{data: value, mode: fileMode(item.Mode, mode)}
	}
	return all, nil
}

func (w *worker) downwardFiles(items []corev1.DownwardAPIVolumeFile, mode *int32) (files, error) {
	pod := w.latest()
	all := files{}
	for _, item := range items {
		if item.FieldRef == nil {
			return nil, fmt.Errorf("downward API file %s: only fieldRef is supported in the sandbox", item.Path)
		}
		value, err := w.field(pod, item.FieldRef.FieldPath)
		if err != nil {
			return nil, err
		}
		all[item.Path] = file{data: value, mode: fileMode(item.Mode, mode)}
	}
	return all, nil
}

// fileMode is the item's mode, the volume's or the API's default.
func fileMode(item, volume *int32) os.FileMode {
	for _, mode := range []*int32{item, volume} {
		if mode != nil {
			return os.FileMode(*mode) & os.ModePerm
		}
	}
	return os.FileMode(corev1.ConfigMapVolumeSourceDefaultMode)
}
