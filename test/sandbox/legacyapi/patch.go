package legacyapi

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/api/extensions/v1beta1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
)

// conflictRetries is what the API server itself grants a patch that names no
// resource version.
const conflictRetries = 5

// patch carries out a patch that was written for the old shape. A strategic
// merge patch cannot be translated (its directives name fields and keys of the
// old shape), so the object is read, patched in the old shape, and written
// back; a conflict starts again. Only server-side apply sends an object, which
// can be translated and is left to the API server.
func (h *handler) patch(w http.ResponseWriter, r *http.Request) {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil {
		writeStatus(w, http.StatusUnsupportedMediaType, "UnsupportedMediaType", "content type of the patch: "+err.Error())
		return
	}
	if types.PatchType(media) == types.ApplyYAMLPatchType {
		h.apply(w, r)
		return
	}
	patch, err := io.ReadAll(r.Body)
	if err != nil {
		writeStatus(w, http.StatusBadRequest, "BadRequest", "reading the patch: "+err.Error())
		return
	}
	for attempt := 0; ; attempt++ {
		response, mayRetry, err := h.patchOnce(r, types.PatchType(media), patch)
		if err != nil {
			var refused *refusal
			if errors.As(err, &refused) {
				writeStatus(w, refused.code, refused.reason, refused.Error())
			} else {
				unreachable(w, r, err)
			}
			return
		}
		if response.StatusCode == http.StatusConflict && mayRetry && attempt < conflictRetries {
			response.Body.Close()
			continue
		}
		relay(w, response)
		return
	}
}

// apply translates the object of a server-side apply.
func (h *handler) apply(w http.ResponseWriter, r *http.Request) {
	body, err := bodyToNew(r)
	if err != nil {
		writeStatus(w, http.StatusBadRequest, "BadRequest", err.Error())
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body)) // JSON is YAML
	r.ContentLength = int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	h.ingresses.ServeHTTP(w, r)
}

// patchOnce reads, patches and writes. It returns the API server's answer, of
// the write or of a read that failed, and whether a conflict is worth another
// try: not if the patch itself demands a resource version.
func (h *handler) patchOnce(r *http.Request, kind types.PatchType, patch []byte) (*http.Response, bool, error) {
	current, err := h.call(r, http.MethodGet, nil)
	if err != nil || current.StatusCode != http.StatusOK {
		return current, false, err
	}
	body, err := io.ReadAll(current.Body)
	current.Body.Close()
	if err != nil {
		return nil, false, fmt.Errorf("reading the object to be patched: %w", err)
	}
	var versionBefore, versionAfter any
	old, err := translate(body, func(o object) { toOld(o); versionBefore = resourceVersion(o) })
	if err != nil {
		return nil, false, err
	}
	patched, err := applyPatch(kind, old, patch)
	if err != nil {
		return nil, false, err
	}
	patched, err = translate(patched, func(o object) { toNew(o); versionAfter = resourceVersion(o) })
	if err != nil {
		return nil, false, err
	}
	response, err := h.call(r, http.MethodPut, patched)
	if err != nil {
		return nil, false, err
	}
	if err := answerOld(response); err != nil {
		return nil, false, err
	}
	return response, versionBefore == versionAfter, nil
}

func applyPatch(kind types.PatchType, old, patch []byte) ([]byte, error) {
	var patched []byte
	var err error
	switch kind {
	case types.StrategicMergePatchType:
		patched, err = strategicpatch.StrategicMergePatch(old, patch, v1beta1.Ingress{})
	case types.MergePatchType:
		patched, err = jsonpatch.MergePatch(old, patch)
	case types.JSONPatchType:
		var operations jsonpatch.Patch
		if operations, err = jsonpatch.DecodePatch(patch); err == nil {
			patched, err = operations.Apply(old)
		}
	default:
		return nil, &refusal{http.StatusUnsupportedMediaType, "UnsupportedMediaType", fmt.Sprintf("patch of type %q", kind)}
	}
	if err != nil {
		return nil, &refusal{http.StatusUnprocessableEntity, "Invalid", "applying the patch: " + err.Error()}
	}
	return patched, nil
}

// call sends a request in the caller's name to the object that the caller's
// patch is for. Options such as dryRun and fieldManager are options of an
// update too.
func (h *handler) call(caller *http.Request, method string, body []byte) (*http.Response, error) {
	target := h.server.JoinPath(newRoot, strings.TrimPrefix(caller.URL.Path, oldRoot))
	if method != http.MethodGet {
		target.RawQuery = caller.URL.RawQuery
	}
	request, err := http.NewRequestWithContext(caller.Context(), method, target.String(), bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header = caller.Header.Clone()
	request.Header.Del("Content-Length")
	request.Header.Set("Content-Type", "application/json")
	askForJSON(request.Header)
	return h.transport.RoundTrip(request)
}

func relay(w http.ResponseWriter, response *http.Response) {
	defer response.Body.Close()
	for name, values := range response.Header {
		w.Header()[name] = values
	}
	w.WriteHeader(response.StatusCode)
	io.Copy(w, response.Body) // a client that went away needs no answer
}

func resourceVersion(o object) any {
	metadata, _ := o["metadata"].(object)
	return metadata["resourceVersion"]
}

// refusal is an answer of our own to a patch that cannot be carried out.
type refusal struct {
	code    int
	reason  string
	message string
}

func (r *refusal) Error() string { return r.message }
