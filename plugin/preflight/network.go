package preflight

import (
	"fmt"
	"slices"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// networkPolicies: policies name pods by labels. Of pods on the host's network they
// see nothing but the node.
func networkPolicies(f *Facts) []Finding {
	if f.onHost(f.Fleet.New) && f.onHost(f.Fleet.Old) {
		return nil
	}
	for _, what := range []string{"networkpolicies", "namespaces"} {
		if why, ok := f.Unreadable[what]; ok {
			return []Finding{unknown(what+" cannot be read: "+why, "see that no policy names the labels of "+name(f.Fleet.Old)+" alone")}
		}
	}
	out := f.shutOff()
	if f.onHost(f.Fleet.New) {
		return out
	}
	for _, p := range f.Policies {
		if !f.selects(p, f.Fleet.New) || f.selects(p, f.Fleet.Old) {
			continue
		}
		called := p.Namespace + "/" + p.Name
		if confines(p, networkingv1.PolicyTypeEgress) && !slices.ContainsFunc(p.Spec.Egress, func(r networkingv1.NetworkPolicyEgressRule) bool { return len(r.To) == 0 && len(r.Ports) == 0 }) {
			out = append(out, warn(
				fmt.Sprintf("NetworkPolicy %s says where pods of %s may connect to, and not those of %s", called, name(f.Fleet.New), name(f.Fleet.Old)),
				"see that it lets them reach the API server, DNS and every application",
			))
		}
		if confines(p, networkingv1.PolicyTypeIngress) && !slices.ContainsFunc(p.Spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool { return len(r.From) == 0 && len(r.Ports) == 0 }) {
			out = append(out, warn(
				fmt.Sprintf("NetworkPolicy %s says who may connect to pods of %s, and not to those of %s", called, name(f.Fleet.New), name(f.Fleet.Old)),
				"see that it lets clients, the load balancer's health check and you (the gate) reach their host ports",
			))
		}
	}
	return out
}

func (f *Facts) onHost(set *fleet.Set) bool { return set.Object.Spec.Template.Spec.HostNetwork }

// confines tells whether a policy is about a direction; without types it is about
// ingress, and about egress if it has rules for that.
func confines(p networkingv1.NetworkPolicy, direction networkingv1.PolicyType) bool {
	if len(p.Spec.PolicyTypes) > 0 {
		return slices.Contains(p.Spec.PolicyTypes, direction)
	}
	return direction == networkingv1.PolicyTypeIngress || len(p.Spec.Egress) > 0
}

// shutOff finds policies that let the old proxy's pods reach an application and not
// the new one's.
func (f *Facts) shutOff() []Finding {
	if f.onHost(f.Fleet.Old) {
		return nil // they let nodes in, or all
	}
	var closed []string
	for _, p := range f.Policies {
		if !confines(p, networkingv1.PolicyTypeIngress) || !f.admits(p, f.Fleet.Old) || f.admits(p, f.Fleet.New) {
			continue
		}
		// Policies add up: another one for the same pods may let it in.
		if slices.ContainsFunc(f.Policies, func(o networkingv1.NetworkPolicy) bool {
			all := equality.Semantic.DeepEqual(o.Spec.PodSelector, metav1.LabelSelector{})
			return o.Namespace == p.Namespace && (all || equality.Semantic.DeepEqual(o.Spec.PodSelector, p.Spec.PodSelector)) && f.admits(o, f.Fleet.New)
		}) {
			continue
		}
		closed = append(closed, p.Namespace+"/"+p.Name)
	}
	if len(closed) == 0 {
		return nil
	}
	what := "NetworkPolicy " + closed[0] + " lets"
	if len(closed) > 1 {
		what = fmt.Sprintf("%d NetworkPolicies (%s) let", len(closed), some(closed))
	}
	where := "add " + labels.Set(f.Fleet.New.Object.Spec.Template.Labels).String() + " in namespace " + f.Fleet.New.Name.Namespace + " to who may connect"
	if f.onHost(f.Fleet.New) {
		where = "let the nodes' addresses connect (ipBlock): " + name(f.Fleet.New) + " is on the host's network"
	}
	return []Finding{stop(fmt.Sprintf("%s pods of %s reach applications, and not those of %s", what, name(f.Fleet.Old), name(f.Fleet.New)), where)}
}

// admits tells whether an ingress rule of the policy names the pods of a set.
func (f *Facts) admits(p networkingv1.NetworkPolicy, set *fleet.Set) bool {
	return slices.ContainsFunc(p.Spec.Ingress, func(r networkingv1.NetworkPolicyIngressRule) bool {
		return len(r.From) == 0 || slices.ContainsFunc(r.From, func(peer networkingv1.NetworkPolicyPeer) bool {
			return f.names(peer, p.Namespace, set)
		})
	})
}

// names tells whether a peer is the pods of a set. Addresses of pods are not known,
// so that a block of them is taken for the same to both.
func (f *Facts) names(peer networkingv1.NetworkPolicyPeer, namespace string, set *fleet.Set) bool {
	if peer.IPBlock != nil {
		return true
	}
	if f.onHost(set) {
		return false
	}
	home := set.Name.Namespace
	if peer.NamespaceSelector == nil {
		if home != namespace {
			return false
		}
	} else if !matches(peer.NamespaceSelector, f.Namespaces[home]) {
		return false
	}
	return peer.PodSelector == nil || matches(peer.PodSelector, set.Object.Spec.Template.Labels)
}

// selects tells whether a policy is about the pods of a set.
func (f *Facts) selects(p networkingv1.NetworkPolicy, set *fleet.Set) bool {
	return !f.onHost(set) && p.Namespace == set.Name.Namespace && matches(&p.Spec.PodSelector, set.Object.Spec.Template.Labels)
}

// matches: the API has checked selectors; one that is not understood matches nothing.
func matches(selector *metav1.LabelSelector, of map[string]string) bool {
	s, err := metav1.LabelSelectorAsSelector(selector)
	return err == nil && s.Matches(labels.Set(of))
}
