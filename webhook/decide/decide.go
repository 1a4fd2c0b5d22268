// Package decide is the admission half of the webhook without its transport:
// facts of a request in, a Verdict out. It changes nothing and reads only what
// its Translator reads, so a dry run gets the answer of the real run.
//
// Every answer allows the request, but for Ingresses that cannot be converted in mode
// Enforce. What admission shows, and why nothing is
// created here, is measured: metadata.uid is empty while mutating webhooks run,
// and a request may still be refused by every validating webhook and by quota.
package decide

import (
	"context"
	"errors"
	"fmt"
	"slices"

	admissionv1 "k8s.io/api/admission/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// SelfTestLabel with value "true" on an Ingress asks for SelfTestStamp, whatever
// the rest of the Ingress says. Installation and check send one as a dry run to
// see the whole way: registration, Service, certificate, answer, patch.
const (
	SelfTestLabel = "ingress-migrate.io/self-test"
	SelfTestStamp = "self-test"
)

// MaxObjectBytes is the size from which an object is not judged at admission:
// the API server stores 1.5 MiB at most, and a deploy must not wait for us. The
// reconciler still sees what was stored.
const MaxObjectBytes = 1 << 20

// Translator converts an Ingress that need not be stored yet.
type Translator interface {
	// Translate converts it together with the Ingresses that it shares something with.
	Translate(context.Context, *networkingv1.Ingress) (translate.Translation, error)
	// Alone converts it whatever else is in the cluster.
	Alone(context.Context, *networkingv1.Ingress) (translate.Translation, error)
}

// Routes tells about live IngressRoutes.
type Routes interface {
	// TakenBy says in a few words who made the IngressRoute of that name, when it
	// is not the Ingress; empty: the name is free.
	TakenBy(ctx context.Context, namespace, name, ingress string) (string, error)
}

// Mode says how much the webhook does.
type Mode string

// The modes.
const (
	// Observe: judge and count, say nothing, change nothing.
	Observe Mode = "observe"
	// Warn: warnings, no stamp, no routes.
	Warn Mode = "warn"
	// Mirror: warnings, the stamp, and routes once the Ingress is stored.
	Mirror Mode = "mirror"
	// Enforce: as Mirror, and what cannot be converted is refused, see refusal.
	Enforce Mode = "enforce"
)

// Modes lists the modes, mildest first.
func Modes() []Mode { return []Mode{Observe, Warn, Mirror, Enforce} }

// Writes tells whether Ingresses are stamped and get their routes.
func (m Mode) Writes() bool { return m == Mirror || m == Enforce }

// Judge answers requests.
type Judge struct {
	// Mode is how much to do.
	Mode Mode
	// Self is the user name of our own service account, whose writes are not judged.
	Self string
	// Namespaces are those whose Ingresses are judged; empty: all.
	Namespaces []string
	Translator Translator
	Routes     Routes
}

// Reason says why a Verdict is as it is; it is a metric label.
type Reason string

// The reasons.
const (
	Converted     Reason = "converted"      // stamped with its route's name
	Unconvertible Reason = "unconvertible"  // no route will be made
	Refused       Reason = "refused"        // unconvertible, in mode Enforce
	NotServed     Reason = "not_served"     // the source controller has no route for it now
	NotOurs       Reason = "not_ours"       // of another class, or of a namespace that is not looked at
	OptedOut      Reason = "opted_out"      // ingress-migrate.io/mode: ignore
	OwnWrite      Reason = "own_write"      // our own service account
	SelfTest      Reason = "self_test"      // asked whether we answer
	NotAnIngress  Reason = "not_an_ingress" // another resource or subresource
	NoChange      Reason = "no_change"      // an operation other than create and update
	TooLarge      Reason = "too_large"      // see MaxObjectBytes
	TooMany       Reason = "too_many"       // shares requests with too many Ingresses
	Undecodable   Reason = "undecodable"    // the API server will say why
	Failed        Reason = "failed"         // our fault; the reconciler repairs
)

// Reasons lists all reasons.
func Reasons() []Reason {
	return []Reason{Converted, Unconvertible, Refused, NotServed, NotOurs, OptedOut, OwnWrite, SelfTest, NotAnIngress, NoChange, TooLarge, TooMany, Undecodable, Failed}
}

// Verdict is the answer to one request, which is allowed unless Denied says why not.
type Verdict struct {
	Reason   Reason
	Denied   string
	Warnings []string
	// Patch is a JSON patch of one annotation, or nil.
	Patch []byte
	// HandOver names the Ingress that this replica should reconcile as soon as it
	// is stored; empty when there is nothing to wait for.
	HandOver string
	// Err is what went wrong when Reason is Failed or Undecodable.
	Err error
}

// Decide judges one request.
func (j *Judge) Decide(ctx context.Context, request *admissionv1.AdmissionRequest) Verdict {
	if reason := j.beforeDecoding(request); reason != "" {
		return Verdict{Reason: reason}
	}
	if len(request.Object.Raw) > MaxObjectBytes {
		return j.silenced(Verdict{Reason: TooLarge, Warnings: []string{fmt.Sprintf(
			"ingress-migrate: Ingress larger than %d KiB: judged after it is stored, see its events", MaxObjectBytes>>10)}})
	}
	ingress, err := decode(request)
	if err != nil {
		return Verdict{Reason: Undecodable, Err: err}
	}
	return j.silenced(j.judge(ctx, request, ingress))
}

// beforeDecoding sorts out what needs no look at the object. The same tests are
// matchConditions of the registration where the API server knows them; here
// they hold for every server.
func (j *Judge) beforeDecoding(request *admissionv1.AdmissionRequest) Reason {
	switch {
	case j.Self != "" && request.UserInfo.Username == j.Self:
		return OwnWrite
	case !isIngress(request.Resource) || request.SubResource != "":
		return NotAnIngress
	case len(j.Namespaces) > 0 && !slices.Contains(j.Namespaces, request.Namespace):
		return NotOurs
	case request.Operation != admissionv1.Create && request.Operation != admissionv1.Update:
		// A patch in answer to a DELETE would break every delete, whatever the
		// failure policy (k8s.io/apiserver mutating/dispatcher.go).
		return NoChange
	}
	return ""
}

func (j *Judge) judge(ctx context.Context, request *admissionv1.AdmissionRequest, ingress *networkingv1.Ingress) Verdict {
	if ingress.Labels[SelfTestLabel] == "true" {
		return Verdict{Reason: SelfTest, Patch: stampPatch(ingress.Annotations, SelfTestStamp)}
	}
	if ingress.Annotations[desired.ModeAnnotation] == desired.ModeIgnore {
		return Verdict{Reason: OptedOut, Patch: stampPatch(ingress.Annotations, "")}
	}
	alone, err := j.Translator.Alone(ctx, ingress)
	if err != nil {
		return Verdict{Reason: Failed, Err: err, HandOver: handOver(request, ingress)}
	}
	if !alone.Ours() {
		return Verdict{Reason: NotOurs, Patch: stampPatch(ingress.Annotations, "")}
	}
	translation, err := j.Translator.Translate(ctx, ingress)
	switch {
	case errors.Is(err, translate.ErrTooMany):
		v := Verdict{Reason: TooMany, HandOver: handOver(request, ingress), Warnings: []string{
			"ingress-migrate: too many Ingresses share requests with this one: judged after it is stored, see its events"}}
		return stamped(v, alone, ingress)
	case err != nil:
		return Verdict{Reason: Failed, Err: err, HandOver: handOver(request, ingress)}
	}
	v := Verdict{Reason: NotServed, HandOver: handOver(request, ingress)}
	var taken []string
	if route := translation.Route(ingress.Name); route != "" {
		v.Reason = Converted
		taken = j.taken(ctx, ingress, route)
	} else if translation.Obstacle() != "" {
		v.Reason = Unconvertible
	}
	if j.Mode == Enforce {
		if denied := j.refusal(ctx, request, ingress, translation); denied != "" {
			return Verdict{Reason: Refused, Denied: denied}
		}
	}
	v.Warnings = diag.Warnings(translation.Diagnostics, taken...)
	return stamped(v, alone, ingress)
}

// stamped adds the patch of the stamp to a verdict.
func stamped(v Verdict, alone translate.Translation, ingress *networkingv1.Ingress) Verdict {
	if ingress.Name != "" {
		v.Patch = stampPatch(ingress.Annotations, stamp(alone, ingress.Name))
	}
	// With generateName the name is made after us: nothing to promise yet.
	return v
}

// taken returns a warning when somebody else's object has our route's name.
func (j *Judge) taken(ctx context.Context, ingress *networkingv1.Ingress, route string) []string {
	if j.Routes == nil || ingress.Name == "" {
		return nil
	}
	who, err := j.Routes.TakenBy(ctx, ingress.Namespace, route, ingress.Name)
	if err != nil || who == "" {
		return nil
	}
	return []string{takenWarning(route, who)}
}

// handOver names the Ingress to reconcile after it is stored: not in a dry run,
// which stores nothing, and not with generateName, whose name is still unknown.
func handOver(request *admissionv1.AdmissionRequest, ingress *networkingv1.Ingress) string {
	if (request.DryRun != nil && *request.DryRun) || ingress.Name == "" {
		return ""
	}
	return ingress.Namespace + "/" + ingress.Name
}

// silenced takes from v what the mode does not do.
func (j *Judge) silenced(v Verdict) Verdict {
	if j.Mode == Observe {
		v.Warnings = nil
	}
	if !j.Mode.Writes() && v.Reason != SelfTest {
		v.Patch, v.HandOver = nil, ""
	}
	return v
}

func isIngress(r metav1.GroupVersionResource) bool {
	return r.Resource == "ingresses" && (r.Group == networkingv1.GroupName || r.Group == "extensions")
}
