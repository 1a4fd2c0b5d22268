// Package reconcile makes the cluster hold, for every stored Ingress, the
// Traefik objects that the conversion gives for it. It is level-triggered: each
// pass looks at one Ingress as it is now, whatever happened before, so what
// admission missed (a webhook that was down, a refused request, a restore, an
// Ingress older than the webhook) needs no special case.
//
// It writes by server-side apply and never by force over somebody's edit. An
// object that people changed is kept and reported; an object that is not ours
// is not touched. Deletion is the garbage collector's, by owner references.
package reconcile

import (
	"context"
	"errors"
	"fmt"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/cluster"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// Cluster is what a pass reads, from a cache.
type Cluster interface {
	// Ingress returns nil when there is none.
	Ingress(context.Context, types.NamespacedName) (*networkingv1.Ingress, error)
	NamespaceOptedOut(ctx context.Context, name string) (bool, error)
	// AsWanted tells whether an object is there, exactly as it is wanted.
	AsWanted(context.Context, *unstructured.Unstructured) (bool, error)
	// MadeFor names the objects that are marked as made for an Ingress.
	MadeFor(context.Context, types.NamespacedName) ([]cluster.Name, error)
}

// Translator converts one Ingress together with its peers.
type Translator interface {
	Translate(context.Context, *networkingv1.Ingress) (translate.Translation, error)
}

// Observer is told what each pass did, for events and metrics.
type Observer interface {
	Passed(context.Context, *networkingv1.Ingress, Outcome)
	// Gone is told when there is no such Ingress any more.
	Gone(types.NamespacedName)
	// Failed is told when a pass could not be finished, and what it had done by then.
	Failed(context.Context, *networkingv1.Ingress, Outcome, error)
}

// Reconciler works on one Ingress at a time.
type Reconciler struct {
	Cluster    Cluster
	Translator Translator
	// Fresh reads Traefik objects from the API server itself.
	Fresh    client.Reader
	Writer   client.Writer
	Observer Observer
	Stage    *Stage
}

var _ reconcile.Reconciler = (*Reconciler)(nil)

// Reconcile implements reconcile.Reconciler; the request names an Ingress.
func (r *Reconciler) Reconcile(ctx context.Context, request reconcile.Request) (reconcile.Result, error) {
	key := request.NamespacedName
	ingress, err := r.Cluster.Ingress(ctx, key)
	if err != nil {
		return reconcile.Result{}, fmt.Errorf("read Ingress %s: %w", key, err)
	}
	if ingress == nil || ingress.DeletionTimestamp != nil {
		// Its objects are the garbage collector's. Of an Ingress that is being
		// deleted nothing may be written any more: the collector would remove what
		// we write, and we would write it again.
		r.Observer.Gone(key)
		r.Stage.gone(key)
		return reconcile.Result{}, nil
	}
	outcome, err := r.pass(ctx, ingress)
	if err != nil {
		r.Observer.Failed(ctx, ingress, outcome, err)
		return reconcile.Result{}, fmt.Errorf("reconcile Ingress %s: %w", key, err)
	}
	r.Observer.Passed(ctx, ingress, outcome)
	return reconcile.Result{}, nil
}

func (r *Reconciler) pass(ctx context.Context, ingress *networkingv1.Ingress) (Outcome, error) {
	out, err := r.optedOut(ctx, ingress)
	if err != nil {
		return Outcome{}, err
	}
	if out {
		return r.detach(ctx, ingress)
	}
	translation, err := r.Translator.Translate(ctx, ingress)
	if err != nil {
		return Outcome{}, err
	}
	outcome := Outcome{State: Current}
	switch {
	case translation.Verdict == convert.Skipped:
		outcome.State = NotOurs
	case translation.Verdict == convert.Blocked:
		outcome.State = Blocked
		outcome.Findings = append(outcome.Findings, Finding{State: Blocked, Object: "Ingress/" + ingress.Name, Text: obstacle(translation)})
	case translation.Route(ingress.Name) == "":
		outcome.State = Unrouted
	}
	wanted, err := r.wantedObjects(ingress, translation)
	if err != nil {
		return Outcome{}, err
	}
	if held, err := r.heldBack(ctx, ingress, wanted); held != nil || err != nil {
		if held != nil {
			outcome = Outcome{State: held.State, Findings: []Finding{*held}}
		}
		return outcome, err
	}
	missing, err := r.write(ctx, ingress, wanted, &outcome)
	if errors.Is(err, errDetach) {
		return r.detach(ctx, ingress)
	}
	if missing == protection {
		err = errors.Join(err, r.closeRoutes(ctx, ingress, &outcome))
	}
	if err != nil || missing != nothing {
		return outcome, err
	}
	return outcome, r.prune(ctx, ingress, wanted, &outcome)
}

// lack is what routes would have to do without.
type lack int

const (
	nothing lack = iota
	// something that they refer to: they stay as they are.
	something
	// protection: they are closed.
	protection
)

// write settles the wanted objects in order. Routes are held back while an
// object that they refer to belongs to somebody else or is refused: a route without
// its own authentication is worse than a missing one.
func (r *Reconciler) write(ctx context.Context, ingress *networkingv1.Ingress, wanted []*unstructured.Unstructured, outcome *Outcome) (missing lack, err error) {
	for _, want := range wanted {
		isRoute := emit.IsRouteKind(want.GetKind())
		if isRoute && missing != nothing {
			continue
		}
		finding, err := r.settle(ctx, ingress, want, outcome)
		lost := !isRoute && (desired.Refused(err) || finding != nil && finding.State == Foreign)
		switch {
		case lost && desired.Protects(want):
			missing = protection
		case lost:
			missing = max(missing, something)
		}
		if err != nil {
			return missing, err
		}
		if finding != nil {
			outcome.add(*finding)
		}
	}
	return missing, nil
}

func (r *Reconciler) optedOut(ctx context.Context, ingress *networkingv1.Ingress) (bool, error) {
	if ingress.Annotations[desired.ModeAnnotation] == desired.ModeIgnore {
		return true, nil
	}
	return r.Cluster.NamespaceOptedOut(ctx, ingress.Namespace)
}

func obstacle(t translate.Translation) string {
	for _, d := range t.Diagnostics {
		if d.Blocking {
			return fmt.Sprintf("%s (%s); see kubectl ingress-migrate explain %s", d.Text, d.Code, d.Code)
		}
	}
	return "a route was withheld; see kubectl ingress-migrate scan"
}
