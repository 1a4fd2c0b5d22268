package externaldns

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What external-dns 0.20 and 0.23 take for names, mistakes included.
func TestRead(t *testing.T) {
	got := Read([]string{
		"Host(`a.test`) && PathPrefix(`/`)",
		"(Host(`b.test`) || Host(`a.test`)) && !Host(`not.test`)",
		"Host(`c.test`, `d.test`)", "HostSNI(`e.test`)", "HostSNI(`*`)",
		"HostRegexp(`^x$`) && Host(\"quoted.test\")", "PathPrefix(`/Host`)",
	})
	if diff := cmp.Diff([]string{"a.test", "b.test", "c.test", "d.test", "e.test", "not.test"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnnotations(t *testing.T) {
	const prefix = "external-dns.kubernetes.io/"
	ing := func(annotations map[string]string) *networkingv1.Ingress {
		out := &networkingv1.Ingress{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{prefix + "target": "lb", prefix + "access": "public"}}}
		for name, value := range annotations {
			out.Annotations[prefix+name] = value
		}
		out.Spec.Rules = []networkingv1.IngressRule{{Host: "a.test"}, {Host: ""}, {Host: "b.test"}}
		return out
	}
	all := []string{"Host(`a.test`)", "Host(`b.test`)"}
	cases := map[string]struct {
		annotations map[string]string
		rules       []string
		want        map[string]string
	}{
		"rules tell the names": {nil, all, map[string]string{prefix + "target": "lb"}},
		"one host is no Host":  {nil, []string{"Host(`a.test`)", "HostRegexp(`b.test`)"}, map[string]string{prefix + "target": "lb", prefix + "hostname": "b.test"}},
		"another name":         {map[string]string{"hostname": "c.test,a.test"}, all, map[string]string{prefix + "target": "lb", prefix + "hostname": "c.test"}},
		"somebody else's host": {nil, []string{"Host(`a.test`) && !Host(`x.test`)"}, nil},
		"hosts do not count":   {map[string]string{"hostname": "c.test", "ingress-hostname-source": "Annotation-Only"}, all, nil},
		"hosts alone count":    {map[string]string{"hostname": "c.test", "ingress-hostname-source": "defined-hosts-only"}, all, map[string]string{prefix + "target": "lb"}},
		"no rule names a host": {map[string]string{"hostname": "c.test", "ingress-hostname-source": "annotation-only"}, []string{"PathPrefix(`/`)"}, map[string]string{prefix + "target": "lb", prefix + "hostname": "c.test"}},
		"what a record is like": {map[string]string{"ttl": "60", "alias": "true", "aws-weight": "1", "azure-tags": "x"}, all,
			map[string]string{prefix + "target": "lb", prefix + "ttl": "60", prefix + "alias": "true", prefix + "aws-weight": "1", prefix + "azure-tags": "x"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			records := Of(ing(c.annotations))
			if len(records) != 1 || !records[0].Target {
				t.Fatalf("records are %+v", records)
			}
			got, exact := records[0].Annotations(c.rules)
			if diff := cmp.Diff(c.want, got); diff != "" || exact != (c.want != nil) {
				t.Errorf("exact %v, -want +got:\n%s", exact, diff)
			}
		})
	}
	if left := Of(ing(map[string]string{"controller": "other"})); len(left) > 0 {
		t.Errorf("an Ingress of another controller has %+v", left)
	}
}
