package kubelet

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// refreshPeriod is how often mounted ConfigMaps and Secrets are compared with the
// watched ones. A real kubelet takes up to a minute and more.
const refreshPeriod = 500 * time.Millisecond

// volume is a directory of a pod.
type volume struct {
	name string
	dir  string
	// content is what the directory's files are made from, nil if the pod itself
	// fills the directory.
	content func(context.Context, objectSource) (files, error)
	written files
}

// files are paths inside a volume with their content.
type files map[string]file

type file struct {
	data string
	mode os.FileMode
}

func (r *podRecord) volume(name string) *volume {
	for _, v := range r.volumes {
		if v.name == name {
			return v
		}
	}
	return nil
}

func (w *worker) makeVolumes(ctx context.Context) ([]*volume, error) {
	var all []*volume
	for i := range w.record.pod.Spec.Volumes {
		spec := &w.record.pod.Spec.Volumes[i]
		v := &volume{name: spec.Name, dir: w.volumeDir(spec.Name)}
		content, err := w.content(spec)
		if err != nil {
			return nil, fmt.Errorf("volume %s: %w", spec.Name, err)
		}
		v.content = content
		if err := os.MkdirAll(v.dir, 0o755); err != nil {
			return nil, fmt.Errorf("volume %s: %w", spec.Name, err)
		}
		if err := w.fill(ctx, v, liveObjects{w.agent.node.k.options.Client}); err != nil {
			return nil, fmt.Errorf("volume %s: %w", spec.Name, err)
		}
		all = append(all, v)
	}
	return all, nil
}

// volumeDir is where a volume of the pod is, or will be.
func (w *worker) volumeDir(name string) string {
	for _, spec := range w.record.pod.Spec.Volumes {
		if spec.Name == name && spec.HostPath != nil {
			return filepath.Join(w.agent.node.k.options.Dir, "nodes", w.agent.node.spec.Name, filepath.Clean("/"+spec.HostPath.Path))
		}
	}
	return filepath.Join(w.scratch(), "volumes", name)
}

// content says how to make a volume's files; nil, nil for plain directories.
func (w *worker) content(spec *corev1.Volume) (func(context.Context, objectSource) (files, error), error) {
	switch {
	case spec.EmptyDir != nil, spec.HostPath != nil:
		return nil, nil
	case spec.ConfigMap != nil:
		s := spec.ConfigMap
		return func(ctx context.Context, o objectSource) (files, error) {
			return w.configMapFiles(ctx, o, s.Name, s.Items, s.DefaultMode, isTrue(s.Optional))
		}, nil
	case spec.Secret != nil:
		s := spec.Secret
		return func(ctx context.Context, o objectSource) (files, error) {
			return w.secretFiles(ctx, o, s.SecretName, s.Items, s.DefaultMode, isTrue(s.Optional))
		}, nil
	case spec.DownwardAPI != nil:
		s := spec.DownwardAPI
		return func(context.Context, objectSource) (files, error) {
			return w.downwardFiles(s.Items, s.DefaultMode)
		}, nil
	case spec.Projected != nil:
		return w.projected(spec.Projected)
	}
	return nil, fmt.Errorf("this type of volume is not supported in the sandbox")
}

func (w *worker) projected(spec *corev1.ProjectedVolumeSource) (func(context.Context, objectSource) (files, error), error) {
	for _, s := range spec.Sources {
		if s.ConfigMap == nil && s.Secret == nil && s.DownwardAPI == nil && s.ServiceAccountToken == nil {
			return nil, fmt.Errorf("this type of projected volume is not supported in the sandbox")
		}
	}
	tokens := map[string]*token{}
	return func(ctx context.Context, o objectSource) (files, error) {
		all := files{}
		for _, s := range spec.Sources {
			var part files
			var err error
			switch {
			case s.ConfigMap != nil:
				part, err = w.configMapFiles(ctx, o, s.ConfigMap.Name, s.ConfigMap.Items, spec.DefaultMode, isTrue(s.ConfigMap.Optional))
			case s.Secret != nil:
				part, err = w.secretFiles(ctx, o, s.Secret.Name, s.Secret.Items, spec.DefaultMode, isTrue(s.Secret.Optional))
			case s.DownwardAPI != nil:
				part, err = w.downwardFiles(s.DownwardAPI.Items, spec.DefaultMode)
			default:
				part, err = w.tokenFiles(ctx, tokens, s.ServiceAccountToken)
			}
			if err != nil {
				return nil, err
			}
			maps.Copy(all, part)
		}
		return all, nil
	}, nil
}

// fill writes the volume's files if they are not what they were.
func (w *worker) fill(ctx context.Context, v *volume, objects objectSource) error {
	if v.content == nil {
		return nil
	}
	content, err := v.content(ctx, objects)
	if err != nil {
		return err
	}
	if v.written != nil && maps.Equal(v.written, content) {
		return nil
	}
	toWrite := content
	if w.rewritesFiles() {
		toWrite = w.rewriteFiles(content)
	}
	if err := writeAtomically(v.dir, toWrite); err != nil {
		return err
	}
	v.written = content
	return nil
}

// refresh keeps the volumes up to date until ctx ends.
func (w *worker) refresh(ctx context.Context) {
	for sleep(ctx, refreshPeriod) {
		if err := w.record.access.renew(ctx); err != nil {
			w.agent.complain("renew a pod's token", err)
		}
		for _, v := range w.record.volumes {
			if v.content == nil {
				continue
			}
			seen, err := v.content(ctx, w.agent.node.k.source)
			if err != nil || maps.Equal(seen, v.written) {
				// What was deleted stays mounted as it was.
				continue
			}
			// The watch may be behind what was read at the start: ask.
			if err := w.fill(ctx, v, liveObjects{w.agent.node.k.options.Client}); err != nil && !apierrors.IsNotFound(err) {
				w.agent.complain("refresh volume "+v.name, err)
			}
		}
	}
}

// rewritesFiles reports whether a program of the pod asks for it.
func (w *worker) rewritesFiles() bool {
	for _, c := range w.record.containers {
		if p, ok := w.agent.node.k.images.lookup(c.spec.Image); ok && p.RewriteFiles {
			return true
		}
	}
	return false
}

// rewriteFiles replaces the mount paths of all containers in the files' text.
func (w *worker) rewriteFiles(content files) files {
	var all mounts
	for _, c := range w.record.containers {
		for _, m := range c.spec.VolumeMounts {
			// A subPath inside a rewritten file would need the mounts to exist first.
			if m.SubPath == "" && m.SubPathExpr == "" {
				all = append(all, mount{path: filepath.Clean(m.MountPath), real: w.volumeDir(m.Name)})
			}
		}
	}
	all.sort()
	out := make(files, len(content))
	for name, f := range content {
		out[name] = file{data: all.rewrite(f.data), mode: f.mode}
	}
	return out
}
