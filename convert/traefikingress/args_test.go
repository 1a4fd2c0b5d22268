package traefikingress

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFactsFromArgs(t *testing.T) {
	for name, tc := range map[string]struct {
		args []string
		want Facts
	}{
		"nothing": {[]string{"traefik", "--api", "--log.level=DEBUG", "--providers.kubernetesingress"}, Facts{}},
		"the provider": {
			[]string{
				"--providers.kubernetesIngress.ingressClass=edge", "--providers.kubernetesingress.namespaces=a, b", "--providers.kubernetesingress.labelselector=team=x",
				"--providers.kubernetesingress.strictPrefixMatching", "--providers.kubernetesingress.allowemptyservices=true", "--providers.kubernetesingress.allowexternalnameservices=1",
				"--providers.kubernetesingress.nativelbbydefault=false", "--providers.kubernetesingress.disableclusterscoperesources=true", "--providers.kubernetesingress.disableingressclasslookup=true",
				"--providers.kubernetesingress.ingressendpoint.publishedservice=kube-system/traefik", "--core.defaultRuleSyntax=v2", "--providers.kubernetescrd.allowcrossnamespace=true",
				"--providers.kubernetescrd.ingressclass=other",
			},
			Facts{
				IngressClass: "edge", Namespaces: []string{"a", "b"}, LabelSelector: "team=x", StrictPrefixMatching: true, AllowEmptyServices: true, AllowExternalNameServices: true,
				DisableClusterScopeResources: true, DisableIngressClassLookup: true, PublishesStatus: true, DefaultRuleSyntax: "v2", AllowCrossNamespace: true,
			},
		},
		"entry points": {
			[]string{"--entryPoints.web.address=:8000/tcp", "--entrypoints.websecure.http.tls=true", "--entrypoints.websecure.asdefault=true", "--entrypoints.dns.address=:53/udp", "--entrypoints.traefik.address=:9000"},
			Facts{EntryPoints: []EntryPoint{{Name: "web"}, {Name: "websecure", AsDefault: true}, {Name: "traefik"}}},
		},
		"no namespace may refer to others": {[]string{"--providers.kubernetesingress.crossprovidernamespaces="}, Facts{CrossProviderNamespaces: []string{}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := FactsFromArgs(tc.args)
			if diff := cmp.Diff(tc.want, got); diff != "" || err != nil {
				t.Error(err, diff)
			}
		})
	}
	if _, err := FactsFromArgs([]string{"--providers.kubernetesingress.allowemptyservices=maybe"}); err == nil {
		t.Error("a value that is no boolean is taken")
	}
}
