package binaries

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
)

// recipe says how a program is compiled.
type recipe struct {
	module   string   // directory of the nested module, beneath test/sandbox
	pkg      string   // the package that is the program
	release  string   // the required module whose version names the program
	stamps   []string // string variables that take the release's version
	trimV    bool     // the stamp has no leading v
	takes    string   // a cold build on two cores, for the progress line
	inAssets bool     // KUBEBUILDER_ASSETS may hold it
}

// recipes is the table of everything that is compiled from the module proxy.
func recipes() map[Program]recipe {
	kubernetes := func(pkg, takes string) recipe {
		return recipe{
			module: "controlplane", pkg: pkg, release: "k8s.io/kubernetes", takes: takes, inAssets: true,
			// Without these two the servers call themselves v0.0.0-master.
			stamps: []string{"k8s.io/component-base/version.gitVersion", "k8s.io/client-go/pkg/version.gitVersion"},
		}
	}
	krew := func(pkg string) recipe {
		return recipe{module: "../release/krew", pkg: pkg, release: "sigs.k8s.io/krew", takes: "10 seconds"}
	}
	etcd := kubernetes("go.etcd.io/etcd/server/v3", "a minute")
	return map[Program]recipe{
		Etcd:                  etcd,
		KubeAPIServer:         kubernetes("k8s.io/kubernetes/cmd/kube-apiserver", "5 minutes"),
		KubeControllerManager: kubernetes("k8s.io/kubernetes/cmd/kube-controller-manager", "2 minutes"),
		KubeScheduler:         kubernetes("k8s.io/kubernetes/cmd/kube-scheduler", "a minute"),
		Kubectl:               kubernetes("k8s.io/kubernetes/cmd/kubectl", "a minute"),
		CycloneDX: {
			module: "../release/cyclonedx", pkg: "github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod",
			release: "github.com/CycloneDX/cyclonedx-gomod", takes: "a minute",
		},
		Goreleaser: {
			module: "../release/goreleaser", pkg: "github.com/goreleaser/goreleaser/v2",
			release: "github.com/goreleaser/goreleaser/v2", takes: "6 minutes",
		},
		Krew:                 krew("sigs.k8s.io/krew/cmd/krew"),
		ValidateKrewManifest: krew("sigs.k8s.io/krew/cmd/validate-krew-manifest"),
		IngressNginx:         {module: "ingressnginx", pkg: ".", release: "k8s.io/ingress-nginx", takes: "4 minutes"},
		Traefik1: {
			module: "traefik1", pkg: ".", release: "github.com/traefik/traefik", takes: "3 minutes",
			stamps: []string{"github.com/traefik/traefik/version.Version"}, trimV: true,
		},
		Traefik2: {
			module: "traefik2", pkg: "github.com/traefik/traefik/v2/cmd/traefik", release: "github.com/traefik/traefik/v2", takes: "5 minutes",
			stamps: []string{"github.com/traefik/traefik/v2/pkg/version.Version"}, trimV: true,
		},
		Traefik3: {
			module: "traefik3", pkg: "github.com/traefik/traefik/v3/cmd/traefik", release: "github.com/traefik/traefik/v3", takes: "9 minutes",
			stamps: []string{"github.com/traefik/traefik/v3/pkg/version.Version"}, trimV: true,
		},
	}
}

// version reads the release's version from the nested module's go.mod, the one
// place that states it.
func (r recipe) version(dir string) (string, error) {
	goMod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return "", fmt.Errorf("reading the nested module: %w", err)
	}
	line := regexp.MustCompile(`(?m)^\s*(?:require\s+)?` + regexp.QuoteMeta(r.release) + `\s+(v\S+)`)
	found := line.FindSubmatch(goMod)
	if found == nil {
		return "", fmt.Errorf("%s/go.mod does not require %s", dir, r.release)
	}
	return string(found[1]), nil
}

// flags are the same for every program of a module: they are part of the hash
// that names the module's directory in the cache. The linker ignores a stamp
// of a package that is not linked.
func (r recipe) flags(version string) []string {
	if r.trimV {
		version = version[1:]
	}
	ldflags := "-s -w"
	for _, stamp := range r.stamps {
		ldflags += " -X " + stamp + "=" + version
	}
	return []string{"-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags", ldflags}
}
