package decide

import (
	"context"
	"fmt"

	admissionv1 "k8s.io/api/admission/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/desired"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/translate"
)

// refusal says why an Ingress is refused in mode Enforce; empty: it is not.
//
//	operation                                    cannot be converted
//	create                                       refused
//	update of the spec                           refused
//	update of something else that makes it so    refused
//	update of something else, as bad as before   allowed: cert-manager, controllers and
//	                                             finalizers go on working on old Ingresses
//
// What the webhook cannot judge (too large, too many peers, a fault of ours) is
// allowed in every mode.
func (j *Judge) refusal(ctx context.Context, request *admissionv1.AdmissionRequest, ingress *networkingv1.Ingress, translation translate.Translation) string {
	obstacle, found := obstacleOf(translation, ingress.Name)
	if !found {
		return ""
	}
	if request.Operation == admissionv1.Update {
		before, err := decodeRaw(request, request.OldObject.Raw)
		if err != nil {
			// Nothing is known of the change, so nothing is held against it.
			return ""
		}
		if equality.Semantic.DeepEqual(before.Spec, ingress.Spec) {
			was, err := j.Translator.Translate(ctx, before)
			if _, bad := obstacleOf(was, before.Name); err != nil || bad {
				return ""
			}
		}
	}
	return fmt.Sprintf("%s: %s (%s). See kubectl ingress-migrate explain %s, or take it out with the annotation %s: %s",
		diag.Escape(obstacle.Object.String()), diag.Escape(obstacle.Text), obstacle.Code, obstacle.Code, desired.ModeAnnotation, desired.ModeIgnore)
}

// obstacleOf returns the finding because of which an Ingress, or a part of it that
// must not be left out, gets no route.
func obstacleOf(t translate.Translation, name string) (diag.Diagnostic, bool) {
	routed := t.Route(name) != ""
	for _, d := range t.Diagnostics {
		if d.Code == t.Obstacle() && (d.Blocking || !routed) {
			return d, true
		}
	}
	return diag.Diagnostic{}, false
}
