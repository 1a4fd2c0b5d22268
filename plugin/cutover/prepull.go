package cutover

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// prePullName is the DaemonSet that fetches the new proxy's image on every node. The
// operator's role may delete this one by its name.
const prePullName = "ingress-migrate-prepull"

// prePull has every node fetch the new proxy's image before the first one is dark. A
// DaemonSet does it rather than a Job for each node: one object to make and to remove,
// and its pods go where the proxy's will, past cordons, too. They claim no port and run
// the image with "version". Where only names a node, only that one does.
func (s *session) prePull(ctx context.Context, f *fleet.Fleet, only string) error {
	if !s.Settings.PrePull || s.j.Pulled == f.New.Image {
		return nil
	}
	start := s.Clock.Now()
	err := s.change(ctx, func() error {
		_, err := s.Client.AppsV1().DaemonSets(f.New.Name.Namespace).Create(ctx, prePuller(f.New, s.id, only), metav1.CreateOptions{FieldManager: "ingress-migrate"})
		if apierrors.IsAlreadyExists(err) {
			return nil // the answer to the first attempt was lost: sweep removed all others
		}
		return err
	})
	if apierrors.IsForbidden(err) {
		s.Observer.Observe(Event{Kind: Warn, Text: "the image is not fetched beforehand, and a node is dark for as long as that takes: " + err.Error()})
		return nil
	}
	if err != nil {
		return fmt.Errorf("making daemonset %s/%s, which fetches the image %s: %w", f.New.Name.Namespace, prePullName, f.New.Image, err)
	}
	id, err := s.pulled(ctx, f, only)
	if err != nil {
		return err
	}
	if err := s.sweep(ctx, f); err != nil {
		return err
	}
	if only != "" {
		s.Observer.Observe(Event{Kind: Info, Text: fmt.Sprintf("%s has the image %s", only, f.New.Image), Took: s.Clock.Now().Sub(start)})
		return nil // the others do not have it yet
	}
	s.Observer.Observe(Event{Kind: Info, Text: fmt.Sprintf("every node has the image %s", f.New.Image), Took: s.Clock.Now().Sub(start)})
	return s.write(ctx, func(j *journal.Journal) { j.Pulled, j.PulledID = f.New.Image, id })
}

// sweep removes what fetches images, whoever left it and whatever is chosen now.
func (s *session) sweep(ctx context.Context, f *fleet.Fleet) error {
	sets := s.Client.AppsV1().DaemonSets(f.New.Name.Namespace)
	limit := s.deadline(s.Settings.NodeTimeout)
	for {
		limit.look()
		var live *appsv1.DaemonSet
		err := s.persist(ctx, func() (err error) {
			live, err = sets.Get(ctx, prePullName, metav1.GetOptions{})
			return err
		})
		limit.seen()
		switch {
		case apierrors.IsNotFound(err):
			return nil
		case err != nil:
			return fmt.Errorf("looking for daemonset %s: %w", prePullName, err)
		case live.Labels[fleet.PrePullLabel] == "":
			return fmt.Errorf("daemonset %s/%s was not made by ingress-migrate: rename it", live.Namespace, live.Name)
		case limit.over():
			return s.stop(ctx, &Stopped{Reason: fmt.Sprintf("daemonset %s/%s does not go away", live.Namespace, live.Name), Next: statusCommand})
		}
		if live.DeletionTimestamp == nil {
			err := s.change(ctx, func() error {
				background := metav1.DeletePropagationBackground
				return sets.Delete(ctx, prePullName, metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &live.UID}})
			})
			if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) {
				return fmt.Errorf("removing daemonset %s/%s, which fetched the image: %w", live.Namespace, live.Name, err)
			}
			continue
		}
		if err := s.pause(ctx, s.Settings.Poll); err != nil {
			return err
		}
	}
}

// prePuller runs the new proxy's image where the new proxy may run, or on one of those
// nodes only.
func prePuller(new *fleet.Set, id, only string) *appsv1.DaemonSet {
	template := new.Unguarded().Spec
	labels := map[string]string{fleet.PrePullLabel: id}
	of := new.ProxyContainer()
	grace, token := int64(0), false
	pod := corev1.PodSpec{
		NodeSelector: template.NodeSelector, Affinity: onNode(template.Affinity, only), Tolerations: template.Tolerations,
		ImagePullSecrets: template.ImagePullSecrets, ServiceAccountName: template.ServiceAccountName,
		AutomountServiceAccountToken: &token, TerminationGracePeriodSeconds: &grace,
		SecurityContext: template.SecurityContext, RuntimeClassName: template.RuntimeClassName,
		Containers: []corev1.Container{{
			Name: "pull", Image: of.Image, ImagePullPolicy: of.ImagePullPolicy, Args: []string{"version"},
			SecurityContext: of.SecurityContext, Resources: of.Resources,
		}},
	}
	if pod.ServiceAccountName == "" {
		pod.ServiceAccountName = "default"
	}
	if pod.SecurityContext != nil {
		pod.SecurityContext = pod.SecurityContext.DeepCopy()
		pod.SecurityContext.Sysctls = nil // some are the host's network's
	}
	return &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: new.Name.Namespace, Name: prePullName,
			Labels: map[string]string{fleet.PrePullLabel: id, "app.kubernetes.io/managed-by": "ingress-migrate"},
			// Nobody else has to remember it when the proxy is removed.
			OwnerReferences: []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "DaemonSet", Name: new.Object.Name, UID: new.Object.UID}},
		},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: pod},
		},
	}
}

// onNode narrows an affinity to one node; no name narrows nothing. Terms are
// alternatives, so each of them is narrowed.
func onNode(a *corev1.Affinity, node string) *corev1.Affinity {
	if node == "" {
		return a
	}
	if a = a.DeepCopy(); a == nil {
		a = &corev1.Affinity{}
	}
	if a.NodeAffinity == nil {
		a.NodeAffinity = &corev1.NodeAffinity{}
	}
	required := &a.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if *required == nil {
		*required = &corev1.NodeSelector{NodeSelectorTerms: make([]corev1.NodeSelectorTerm, 1)}
	}
	for i := range (*required).NodeSelectorTerms {
		term := &(*required).NodeSelectorTerms[i]
		term.MatchFields = append(term.MatchFields, corev1.NodeSelectorRequirement{
			Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node},
		})
	}
	return a
}

// pulled waits until every node that is well has the image, or the only one that is to
// have it, and returns its id where that is the same on all.
func (s *session) pulled(ctx context.Context, f *fleet.Fleet, only string) (string, error) {
	limit := s.deadline(s.Settings.NodeTimeout)
	told, next := false, resumeCommand
	if only != "" {
		next = drainCommand + " " + only
	}
	for {
		limit.look()
		f, err := s.read(ctx)
		if err != nil {
			return "", err
		}
		pods, err := s.pullers(ctx, f)
		if err != nil {
			return "", err
		}
		limit.seen()
		if s.asked() {
			return "", s.stop(ctx, &Stopped{Reason: "interrupted", Next: next, Interrupted: true})
		}
		ids := map[string][]string{} // of nodes by image id and architecture
		var waiting []string
		for i := range f.Nodes {
			n := &f.Nodes[i]
			if n.Gone || !n.Ready || !n.WantedByNew || only != "" && n.Name != only {
				continue
			}
			id, why := imageOf(pods[n.Name])
			if id == "" {
				waiting = append(waiting, n.Name+" ("+why+")")
				continue
			}
			key := n.Architecture + " " + id
			ids[key] = append(ids[key], n.Name)
		}
		if len(waiting) == 0 {
			return s.sameImage(ctx, f, ids)
		}
		if !told {
			s.Observer.Observe(Event{Kind: Wait, Text: "nodes fetch the image " + f.New.Image})
			told = true
		}
		if limit.over() {
			if err := s.sweep(ctx, f); err != nil {
				return "", err
			}
			return "", s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("the image %s is not on %s after %s; no node was moved", f.New.Image, list(waiting), s.Settings.NodeTimeout),
				Next:   next + ", after fixing it (or with --pre-pull=false)",
			})
		}
		if err := s.pauseFleet(ctx, f); err != nil {
			return "", err
		}
	}
}

// pullers are the pods that fetch the image, by node.
func (s *session) pullers(ctx context.Context, f *fleet.Fleet) (map[string]*corev1.Pod, error) {
	var pods *corev1.PodList
	err := s.persist(ctx, func() (err error) {
		pods, err = s.Client.CoreV1().Pods(f.New.Name.Namespace).List(ctx, metav1.ListOptions{LabelSelector: fleet.PrePullLabel + "=" + s.id})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("listing the pods that fetch the image: %w", err)
	}
	byNode := map[string]*corev1.Pod{}
	for i := range pods.Items {
		byNode[pods.Items[i].Spec.NodeName] = &pods.Items[i]
	}
	return byNode, nil
}

func imageOf(p *corev1.Pod) (id, why string) {
	if p == nil || len(p.Status.ContainerStatuses) == 0 {
		return "", "no pod yet"
	}
	c := p.Status.ContainerStatuses[0]
	if c.ImageID == "" && c.State.Waiting != nil {
		return "", c.State.Waiting.Reason
	}
	return c.ImageID, "not started"
}

// sameImage wants one image on all nodes of an architecture: a tag that was moved is two
// proxies. Container engines name images in two ways, which cannot be compared.
func (s *session) sameImage(ctx context.Context, f *fleet.Fleet, ids map[string][]string) (string, error) {
	kinds := map[string]string{}
	for _, key := range slices.Sorted(maps.Keys(ids)) {
		architecture, id, _ := strings.Cut(key, " ")
		kind := fmt.Sprint(architecture, strings.Contains(id, "@"))
		if first := kinds[kind]; first != "" {
			if err := s.sweep(ctx, f); err != nil {
				return "", err
			}
			return "", s.stop(ctx, &Stopped{
				Reason: fmt.Sprintf("the image %s is not the same everywhere: %s on %s, but %s on %s; no node was moved", f.New.Image, id, list(ids[key]), strings.TrimPrefix(first, architecture+" "), list(ids[first])),
				Next:   "name the image by its digest in " + f.New.Name.String() + ", then " + resumeCommand,
			})
		}
		kinds[kind] = key
	}
	if len(ids) != 1 {
		return "", nil
	}
	for key := range ids {
		_, id, _ := strings.Cut(key, " ")
		return id, nil
	}
	return "", nil
}
