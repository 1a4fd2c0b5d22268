// Package handler carries decide's verdicts over HTTP: AdmissionReview in and out.
package handler

import (
	"context"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admission/v1"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/webhook/admission"

	"github.com/ingress-migrate/kubectl-ingress-migrate/webhook/decide"
)

// Path is where the webhook is served; the registration names it.
const Path = "/mutate-ingress"

// Judge decides on one request. It changes nothing.
type Judge interface {
	Decide(context.Context, *admissionv1.AdmissionRequest) decide.Verdict
}

// Desk takes the names of Ingresses that this replica should look at once they
// are stored.
type Desk interface {
	HandOver(key string)
}

// Recorder counts answers.
type Recorder interface {
	Admitted(decide.Reason, time.Duration)
}

// Handler answers admission requests. Whatever goes wrong, it allows: a deploy must
// never fail because of a migration helper, and the reconciler repairs what was
// not judged. Only a verdict that denies, in the mode that was asked for, does not.
type Handler struct {
	Judge    Judge
	Desk     Desk
	Recorder Recorder
	// Now is the clock.
	Now func() time.Time
}

var _ admission.Handler = (*Handler)(nil)

// Handle implements admission.Handler.
func (h *Handler) Handle(ctx context.Context, request admission.Request) admission.Response {
	begin := h.Now()
	verdict := h.decide(ctx, &request.AdmissionRequest)
	if verdict.Err != nil {
		log.FromContext(ctx).Error(verdict.Err, "Ingress not judged at admission", "reason", verdict.Reason)
	}
	// Before the answer: the stored object can arrive in the cache at once.
	if verdict.HandOver != "" {
		h.Desk.HandOver(verdict.HandOver)
	}
	h.Recorder.Admitted(verdict.Reason, h.Now().Sub(begin))

	if verdict.Denied != "" {
		return admission.Denied("ingress-migrate: " + verdict.Denied)
	}
	response := admission.Response{AdmissionResponse: admissionv1.AdmissionResponse{Allowed: true, Warnings: verdict.Warnings}}
	if verdict.Patch != nil {
		patchType := admissionv1.PatchTypeJSONPatch
		response.Patch, response.PatchType = verdict.Patch, &patchType
	}
	return response
}

// decide turns a panic into an answer, so that it is counted as ours and not as
// a call that the API server had to fail open.
func (h *Handler) decide(ctx context.Context, request *admissionv1.AdmissionRequest) (verdict decide.Verdict) {
	defer func() {
		if r := recover(); r != nil {
			verdict = decide.Verdict{Reason: decide.Failed, Err: fmt.Errorf("judge %s/%s: panic: %v", request.Namespace, request.Name, r)}
		}
	}()
	return h.Judge.Decide(ctx, request)
}
