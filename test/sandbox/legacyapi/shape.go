package legacyapi

import "encoding/json"

const (
	oldVersion = "extensions/v1beta1"
	newVersion = "networking.k8s.io/v1"
)

// object is a decoded JSON object; numbers are json.Number, so that nothing is
// rounded on its way through.
type object = map[string]any

// toNew turns an Ingress of the old shape into the current one, in place, and
// leaves anything else (DeleteOptions, Status) alone. The field names are those
// of k8s.io/api/extensions/v1beta1 and networking/v1; what neither knows is
// kept for the API server to judge.
func toNew(o object) {
	if o["kind"] != "Ingress" {
		return
	}
	o["apiVersion"] = newVersion
	spec, ok := o["spec"].(object)
	if !ok {
		return
	}
	if backend, ok := spec["backend"].(object); ok {
		delete(spec, "backend")
		spec["defaultBackend"] = backendToNew(backend)
	}
	eachPath(spec, func(path object) {
		if backend, ok := path["backend"].(object); ok {
			path["backend"] = backendToNew(backend)
		}
		// Required today. It is what the old API server filled in.
		if _, ok := path["pathType"]; !ok {
			path["pathType"] = "ImplementationSpecific"
		}
	})
}

// toOld is the way back: for an Ingress, or every Ingress of a list.
func toOld(o object) {
	switch o["kind"] {
	case "IngressList":
		o["apiVersion"] = oldVersion
		items, _ := o["items"].([]any)
		for _, item := range items {
			if ingress, ok := item.(object); ok {
				ingressToOld(ingress)
			}
		}
	case "Ingress":
		ingressToOld(o)
	}
}

func ingressToOld(o object) {
	if _, ok := o["apiVersion"]; ok { // items of a list have none
		o["apiVersion"] = oldVersion
	}
	spec, ok := o["spec"].(object)
	if !ok {
		return
	}
	if backend, ok := spec["defaultBackend"].(object); ok {
		delete(spec, "defaultBackend")
		spec["backend"] = backendToOld(backend)
	}
	eachPath(spec, func(path object) {
		if backend, ok := path["backend"].(object); ok {
			path["backend"] = backendToOld(backend)
		}
	})
}

// backendToNew: a port that is text is a name, also when its text is digits, as
// in the API server's own conversion.
func backendToNew(old object) object {
	backend := object{}
	for field, value := range old {
		if field != "serviceName" && field != "servicePort" {
			backend[field] = value
		}
	}
	name, hasName := old["serviceName"]
	port, hasPort := old["servicePort"]
	if !hasName && !hasPort {
		return backend
	}
	service := object{"name": name}
	switch port := port.(type) {
	case json.Number:
		service["port"] = object{"number": port}
	case string:
		service["port"] = object{"name": port}
	}
	backend["service"] = service
	return backend
}

func backendToOld(current object) object {
	backend := object{}
	for field, value := range current {
		if field != "service" {
			backend[field] = value
		}
	}
	service, ok := current["service"].(object)
	if !ok {
		return backend
	}
	backend["serviceName"] = service["name"]
	port, _ := service["port"].(object)
	if number, ok := port["number"]; ok {
		backend["servicePort"] = number
	} else if name, ok := port["name"]; ok {
		backend["servicePort"] = name
	}
	return backend
}

func eachPath(spec object, visit func(path object)) {
	rules, _ := spec["rules"].([]any)
	for _, rule := range rules {
		rule, _ := rule.(object)
		http, _ := rule["http"].(object)
		paths, _ := http["paths"].([]any)
		for _, path := range paths {
			if path, ok := path.(object); ok {
				visit(path)
			}
		}
	}
}
