package legacyapi

import (
	"bytes"
	"net/http"
)

// serveGroups adds the group extensions to the API server's list. The list is
// asked for in its plain form: clients that would like the aggregated one take
// that for an older server and read group by group.
func (h *handler) serveGroups(w http.ResponseWriter, r *http.Request) {
	askForJSON(r.Header)
	recorded := &answer{header: http.Header{}}
	h.untouched.ServeHTTP(recorded, r)
	if recorded.code == http.StatusOK {
		if body, err := translate(recorded.body.Bytes(), addExtensions); err == nil {
			recorded.body = *bytes.NewBuffer(body)
			recorded.header.Del("Content-Length")
		}
	}
	for name, values := range recorded.header {
		w.Header()[name] = values
	}
	w.WriteHeader(recorded.code)
	w.Write(recorded.body.Bytes())
}

func addExtensions(list object) {
	groups, _ := list["groups"].([]any)
	// Last: "kubectl get ingress" keeps meaning the current group.
	list["groups"] = append(groups, extensionsGroup())
}

func extensionsGroup() object {
	version := object{"groupVersion": oldVersion, "version": "v1beta1"}
	return object{
		"kind": "APIGroup", "apiVersion": "v1", "name": "extensions",
		"versions": []any{version}, "preferredVersion": version,
	}
}

func extensionsResources() object {
	resource := func(name string, verbs ...string) object {
		return object{"name": name, "singularName": "", "namespaced": true, "kind": "Ingress", "verbs": verbs}
	}
	ingresses := resource("ingresses", "create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
	ingresses["singularName"] = "ingress"
	return object{
		"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": oldVersion,
		"resources": []any{ingresses, resource("ingresses/status", "get", "patch", "update")},
	}
}

// answer keeps a response to be changed before it is sent.
type answer struct {
	code   int
	header http.Header
	body   bytes.Buffer
}

func (a *answer) Header() http.Header { return a.header }

func (a *answer) WriteHeader(code int) { a.code = code }

func (a *answer) Write(p []byte) (int, error) {
	if a.code == 0 {
		a.code = http.StatusOK
	}
	return a.body.Write(p)
}
