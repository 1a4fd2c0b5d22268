package nginx

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// reference splits "namespace/name" or "name" of an object that annotation names.
// Objects of another namespace are refused by the controller unless it is told
// otherwise, and Traefik cannot refer to them.
func (t *translator) reference(s *source, x *settings, annotation, value string) (objectName string, ok bool) {
	namespace, objectName := s.objectName(value)
	switch {
	case objectName == "" || strings.Contains(objectName, "/"):
		x.deny(s.of(annotation, finding{code: diag.ENginxNotServed, text: "not the name of an object, so nginx answers 503"}))
		return "", false
	case namespace == s.Namespace:
		return objectName, true
	case t.config.boolean("allow-cross-namespace-resources", false) || !t.facts.ConfigMapKnown:
		x.withhold(s.of(annotation, finding{code: diag.EXNS, text: "the object is in namespace " + namespace}))
		return "", false
	}
	x.deny(s.of(annotation, finding{code: diag.ENginxNotServed, text: "an object of another namespace is not allowed (allow-cross-namespace-resources), so nginx answers 503"}))
	return "", false
}

// objectName splits "namespace/name" or "name", which is of the Ingress' namespace.
func (s *source) objectName(value string) (namespace, objectName string) {
	if namespace, objectName, ok := strings.Cut(value, "/"); ok {
		return namespace, objectName
	}
	return s.Namespace, value
}

// secret finds a Secret of the Ingress's namespace; known is false when the input
// does not say whether it exists.
func (t *translator) secret(s *source, secretName string) (secret ir.Secret, found, known bool) {
	secret, found = t.secrets[name{s.Namespace, secretName}]
	return secret, found, found || t.in.SecretsKnown
}

func (t *translator) readAuth(s *source, x *settings) {
	kind, ok := s.ann.find("auth-type")
	if !ok {
		for _, name := range []string{"auth-realm", "auth-secret", "auth-secret-type"} {
			s.ann.ignoreIfPresent(name, "read only with auth-type")
		}
		return
	}
	if kind != "basic" && kind != "digest" {
		x.deny(s.of("auth-type", finding{code: diag.ENginxNotServed, text: "neither basic nor digest, so nginx answers 503"}))
		return
	}
	value, ok := s.ann.find("auth-secret")
	if !ok {
		x.deny(s.of("auth-type", finding{code: diag.ENginxNotServed, text: "without auth-secret nginx answers 503"}))
		return
	}
	secretName, ok := t.reference(s, x, "auth-secret", value)
	form := ir.UsersBasic
	if kind == "digest" {
		form = ir.UsersDigest
	}
	if !ok || !t.usableUsers(s, x, secretName, form) {
		return
	}
	realm := s.ann.str("auth-realm", "")
	if kind == "digest" {
		x.auth = ir.DigestAuth{Secret: secretName, Realm: realm, RemoveHeader: true}
		return
	}
	x.auth = ir.BasicAuth{Secret: secretName, Realm: realm, RemoveHeader: true}
	s.sayOf(diag.WNginxBasicAuth, "auth-secret", "")
}

// usableUsers tells whether Traefik can read the users. It wants one key with
// lines of the form, which is what nginx reads of key "auth"; of what nginx skips or
// lets nobody in for, Traefik makes no middleware, and drops the route that has it.
func (t *translator) usableUsers(s *source, x *settings, secretName, form string) bool {
	if s.ann.str("auth-secret-type", "auth-file") == "auth-map" {
		x.withhold(s.of("auth-secret-type", finding{code: diag.ENginxAuth, text: "Traefik does not read a Secret with a key for each user; put lines of user:hash into one key of a new Secret"}))
		return false
	}
	secret, found, known := t.secret(s, secretName)
	switch {
	case !known:
		s.sayOf(diag.INotChecked, "auth-secret", "Secret "+secretName+" is not part of the input and taken to exist with one key, auth")
	case !found:
		x.deny(s.of("auth-secret", finding{code: diag.ENginxNotServed, text: "Secret " + secretName + " does not exist, so nginx answers 503"}))
		return false
	case !slices.Contains(secret.Keys, "auth"):
		x.deny(s.of("auth-secret", finding{code: diag.ENginxNotServed, text: "Secret " + secretName + " has no key auth, so nginx answers 503"}))
		return false
	case len(secret.Keys) != 1:
		x.withhold(s.of("auth-secret", finding{code: diag.ENginxAuth, text: "Secret " + secretName + " has several keys, Traefik reads only Secrets with one"}))
		return false
	case secret.Type == corev1.SecretTypeBasicAuth:
		x.withhold(s.of("auth-secret", finding{code: diag.ENginxAuth, text: "Secret " + secretName + " is of type " + string(secret.Type)}))
		return false
	case secret.Users == ir.UsersNone:
		x.withhold(s.of("auth-secret", finding{code: diag.ENginxAuth, text: "Secret " + secretName + " has no line with a user: nginx lets nobody in"}))
		return false
	case secret.Problem != "":
		x.withhold(s.of("auth-secret", finding{code: diag.ENginxAuth, text: "Secret " + secretName + ": " + secret.Problem + "; nginx skips such a line, Traefik refuses the whole Secret"}))
		return false
	case secret.Users != "" && secret.Users != form:
		x.withhold(s.of("auth-secret", finding{code: diag.ENginxAuth, text: "Secret " + secretName + " has lines of the form " + secret.Users + ", and " + form + " is needed"}))
		return false
	}
	return true
}
