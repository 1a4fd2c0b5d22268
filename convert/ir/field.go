package ir

import "strconv"

// Ingresses have few rules and paths, whose fields every route and most findings
// name. Those of the first ones are made once.
const (
	commonRules = 4
	commonPaths = 16
)

type pathField struct{ path, backend string }

var commonFields = func() (fields [commonRules][commonPaths]pathField) {
	for rule := range fields {
		for path := range fields[rule] {
			fields[rule][path] = newPathField(rule, path)
		}
	}
	return fields
}()

func newPathField(rule, path int) pathField {
	field := "spec.rules[" + strconv.Itoa(rule) + "].http.paths[" + strconv.Itoa(path) + "]"
	return pathField{field, field + ".backend"}
}

func fieldOf(rule, path int) pathField {
	if rule < commonRules && path < commonPaths {
		return commonFields[rule][path]
	}
	return newPathField(rule, path)
}

// PathField names one path of an Ingress, such as spec.rules[0].http.paths[1].
func PathField(rule, path int) string { return fieldOf(rule, path).path }

// PathBackendField names the backend of one path of an Ingress.
func PathBackendField(rule, path int) string { return fieldOf(rule, path).backend }
