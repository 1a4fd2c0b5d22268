package versions

import (
	"fmt"
	"regexp"
	"slices"

	utilversion "k8s.io/apimachinery/pkg/util/version"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/controller"
)

// The API server has networking.k8s.io/v1 since this version.
const oldestKubernetes = "1.19.0"

// The newest Traefik that the conversion was held against; the oracles in test/
// run it.
const newestTraefik = "3.7"

// skew says what does not fit. What tells no version says nothing.
func (r *Report) skew() []string {
	var warnings []string
	warn := func(format string, args ...any) { warnings = append(warnings, fmt.Sprintf(format, args...)) }

	if v, err := utilversion.ParseGeneric(r.Kubernetes); err == nil && v.LessThan(utilversion.MustParseGeneric(oldestKubernetes)) {
		warn("Kubernetes %s does not serve networking.k8s.io/v1, which came with 1.19", r.Kubernetes)
	}
	if w := r.Webhook; w != nil && Released(r.Plugin.Version) && Released(w.Version) && w.Version != r.Plugin.Version {
		warn("the webhook is %s and the plugin %s, so they may convert differently: let webhook install bring the webhook to the plugin's version", w.Version, r.Plugin.Version)
	}
	for _, c := range r.Controllers {
		if c.Product == "traefik" {
			warnings = append(warnings, r.traefikSkew(c)...)
		}
	}
	return warnings
}

// traefikSkew holds one Traefik against the custom resources that are served:
// traefik.io came with 2.10, and 3.0 does not read traefik.containo.us any more.
func (r *Report) traefikSkew(c controller.Version) []string {
	v, err := utilversion.ParseGeneric(c.Version)
	if err != nil {
		v, err = utilversion.ParseMajorMinor(c.Version)
	}
	if err != nil || v.Major() < 2 {
		return nil
	}
	var warnings []string
	serves := func(group string) bool { return slices.Contains(r.Resources, group+"/v1alpha1") }
	current, legacy := v.AtLeast(utilversion.MustParseGeneric("2.10.0")), v.Major() == 2
	switch {
	case current && serves(emit.Group), legacy && serves(emit.LegacyGroup):
	case current:
		warnings = append(warnings, fmt.Sprintf("%s runs Traefik %s, but the cluster does not serve %s/v1alpha1: apply Traefik's custom resources", c.Workload, c.Version, emit.Group))
	default:
		warnings = append(warnings, fmt.Sprintf("%s runs Traefik %s, but the cluster does not serve %s/v1alpha1, the only ones that it reads: apply them, and use --api-group %s", c.Workload, c.Version, emit.LegacyGroup, emit.LegacyGroup))
	}
	if newest := utilversion.MustParseMajorMinor(newestTraefik); v.Major() > newest.Major() || v.Major() == newest.Major() && v.Minor() > newest.Minor() {
		warnings = append(warnings, fmt.Sprintf("%s runs Traefik %s, which is newer than %s, the newest that this plugin knows", c.Workload, c.Version, newestTraefik))
	}
	return warnings
}

// pseudo is how the go command names a commit that has no tag, after what it
// comes after: 0.20261130125555-477dbc84d2f1.
var pseudo = regexp.MustCompile(`(^|\.)(0\.)?\d{14}-[0-9a-f]{12}$`)

// Released tells whether a version is a release's, and no commit between two.
func Released(version string) bool {
	v, err := utilversion.ParseSemantic(version)
	return err == nil && v.BuildMetadata() == "" && !pseudo.MatchString(v.PreRelease())
}
