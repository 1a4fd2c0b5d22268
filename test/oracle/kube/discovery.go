package kube

import (
	"net/http"
	"slices"
)

// discover answers the questions which groups, versions and resources there
// are. Some clients ask before they list.
func (s *Server) discover(w http.ResponseWriter, r *http.Request) bool {
	switch r.URL.Path {
	case "/api":
		reply(w, http.StatusOK, map[string]any{"kind": "APIVersions", "versions": []string{"v1"}})
		return true
	case "/apis":
		var groups []map[string]any
		var seen []string
		for _, resource := range s.store.resources {
			if resource.Group == "" || slices.Contains(seen, resource.apiVersion()) {
				continue
			}
			seen = append(seen, resource.apiVersion())
			version := map[string]string{"groupVersion": resource.apiVersion(), "version": resource.Version}
			groups = append(groups, map[string]any{"name": resource.Group, "versions": []any{version}, "preferredVersion": version})
		}
		reply(w, http.StatusOK, map[string]any{"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
		return true
	}
	var resources []map[string]any
	groupVersion := ""
	for _, resource := range s.store.resources {
		path := "/apis/" + resource.apiVersion()
		if resource.Group == "" {
			path = "/api/" + resource.Version
		}
		if path == r.URL.Path {
			groupVersion = resource.apiVersion()
			resources = append(resources, map[string]any{
				"name": resource.Plural, "kind": resource.Kind, "namespaced": true, "verbs": []string{"get", "list", "watch"},
			})
		}
	}
	if groupVersion == "" {
		return false
	}
	reply(w, http.StatusOK, map[string]any{"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": groupVersion, "resources": resources})
	return true
}
