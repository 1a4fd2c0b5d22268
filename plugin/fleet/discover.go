package fleet

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Selection says which DaemonSets are the old and the new proxy. An empty name
// is found by its image.
type Selection struct {
	Old, New types.NamespacedName
}

// NotFoundError says that a side could not be told from the DaemonSets.
type NotFoundError struct {
	Side       Side
	Candidates []string
	// Named is what was asked for, if anything.
	Named types.NamespacedName
}

func (e *NotFoundError) Error() string {
	if e.Named.Name != "" {
		return fmt.Sprintf("there is no DaemonSet %s (given with --%s)", e.Named, e.Side)
	}
	product := "Traefik 1.7"
	if e.Side == New {
		product = "Traefik 2 or 3"
	}
	if len(e.Candidates) == 0 {
		return fmt.Sprintf("no DaemonSet with an image of %s: name it with --%s NAMESPACE/NAME", product, e.Side)
	}
	return fmt.Sprintf("%d DaemonSets have an image of %s (%s): choose one with --%s NAMESPACE/NAME", len(e.Candidates), product, strings.Join(e.Candidates, ", "), e.Side)
}

// ParseName reads NAMESPACE/NAME as in a flag; "" is no name.
func ParseName(s string) (types.NamespacedName, error) {
	if s == "" {
		return types.NamespacedName{}, nil
	}
	namespace, name, ok := strings.Cut(s, "/")
	if !ok || namespace == "" || name == "" || strings.Contains(name, "/") {
		return types.NamespacedName{}, fmt.Errorf("%q is not NAMESPACE/NAME of a DaemonSet", s)
	}
	return types.NamespacedName{Namespace: namespace, Name: name}, nil
}

// tag finds the version in an image's tag: v1.7.34, 1.7-alpine, v2.11.50.
var tag = regexp.MustCompile(`^v?(\d+)(?:\.(\d+))?`)

// imageVersion splits an image into its product and version; major is 0 when the
// tag does not tell.
func imageVersion(image string) (product string, major, minor int) {
	image, _, _ = strings.Cut(image, "@")
	path, base := "", image
	if slash := strings.LastIndexByte(image, '/'); slash >= 0 {
		path, base = image[:slash], image[slash+1:]
	}
	product, version, _ := strings.Cut(base, ":")
	if product == "controller" && path != "" {
		product = path[strings.LastIndexByte(path, '/')+1:] // ingress-nginx/controller
	}
	m := tag.FindStringSubmatch(version)
	if m == nil {
		return product, 0, 0
	}
	major, _ = strconv.Atoi(m[1])
	minor, _ = strconv.Atoi(m[2])
	return product, major, minor
}

// proxyImage returns the image of the container that is a Traefik, or of the
// first one.
func proxyImage(ds *appsv1.DaemonSet) string {
	if c := proxyContainer(ds); c != nil {
		return c.Image
	}
	return ""
}

// ProxyContainer is the one whose image is the set's; an API server has no set without
// containers.
func (s *Set) ProxyContainer() corev1.Container {
	if c := proxyContainer(s.Object); c != nil {
		return *c
	}
	return corev1.Container{Image: s.Image}
}

func proxyContainer(ds *appsv1.DaemonSet) *corev1.Container {
	containers := ds.Spec.Template.Spec.Containers
	for i := range containers {
		if product, _, _ := imageVersion(containers[i].Image); strings.Contains(product, "traefik") {
			return &containers[i]
		}
	}
	if len(containers) == 0 {
		return nil
	}
	return &containers[0]
}

// sideOf guesses a DaemonSet's side by its guard, then by its image.
func sideOf(ds *appsv1.DaemonSet) Side {
	for _, side := range []Side{Old, New} {
		if g, err := guardOf(ds, side); err == nil && g.Present {
			return side
		}
	}
	product, major, _ := imageVersion(proxyImage(ds))
	switch {
	case ds.Labels[PrePullLabel] != "":
		return ""
	case !strings.Contains(product, "traefik"):
		return ""
	case major == 1:
		return Old
	case major >= 2:
		return New
	}
	return ""
}

// choose picks the two DaemonSets; a side without a candidate stays nil, which
// the caller may or may not accept.
func choose(all []appsv1.DaemonSet, s Selection) (old, new *appsv1.DaemonSet, err error) {
	pick := func(side Side, name types.NamespacedName) (*appsv1.DaemonSet, error) {
		var found []*appsv1.DaemonSet
		var names []string
		for i := range all {
			ds := &all[i]
			if name.Name != "" {
				if ds.Namespace == name.Namespace && ds.Name == name.Name {
					return ds, nil
				}
				continue
			}
			if sideOf(ds) == side {
				found = append(found, ds)
				names = append(names, ds.Namespace+"/"+ds.Name)
			}
		}
		if name.Name != "" {
			return nil, &NotFoundError{Side: side, Named: name}
		}
		if len(found) > 1 {
			slices.Sort(names)
			return nil, &NotFoundError{Side: side, Candidates: names}
		}
		if len(found) == 0 {
			return nil, nil
		}
		return found[0], nil
	}
	old, oldErr := pick(Old, s.Old)
	new, newErr := pick(New, s.New)
	// A name without a DaemonSet is a mistake, unless the other one's guard tells
	// that there was one: then it was deleted in the middle of a cutover.
	if oldErr != nil && !(s.Old.Name != "" && isGuarded(new, New)) {
		return nil, nil, oldErr
	}
	if newErr != nil && !(s.New.Name != "" && isGuarded(old, Old)) {
		return nil, nil, newErr
	}
	if old != nil && new != nil && old.UID == new.UID {
		return nil, nil, fmt.Errorf("--old and --new both name DaemonSet %s/%s: they must differ", old.Namespace, old.Name)
	}
	return old, new, nil
}

func isGuarded(ds *appsv1.DaemonSet, side Side) bool {
	if ds == nil {
		return false
	}
	g, err := guardOf(ds, side)
	return err == nil && g.Present
}

// Need returns an error unless both sides are known.
func (f *Fleet) Need(sides ...Side) error {
	for _, side := range sides {
		if f.Set(side) == nil {
			named := f.selection.Old
			if side == New {
				named = f.selection.New
			}
			return &NotFoundError{Side: side, Named: named}
		}
	}
	return nil
}
