package certmanager

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"

	networkingv1 "k8s.io/api/networking/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/foreign"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// Keys that are asked for in more than one place.
const (
	issuerKey        = prefix + "issuer"
	clusterIssuerKey = prefix + "cluster-issuer"
	issuerKindKey    = prefix + "issuer-kind"
	issuerGroupKey   = prefix + "issuer-group"

	acmePrefix  = "acme.cert-manager.io/"
	editInPlace = acmePrefix + "http01-edit-in-place"

	// What cert-manager read before 0.11.
	oldIssuerKey        = "certmanager.k8s.io/issuer"
	oldClusterIssuerKey = "certmanager.k8s.io/cluster-issuer"
)

// solverClasses are annotations of an Ingress that say which class the Ingresses
// of ACME challenges get, and what they become on a Certificate.
var solverClasses = [...]struct{ ingress, certificate string }{
	{acmePrefix + "http01-ingress-class", acmePrefix + "http01-override-ingress-class"},
	{acmePrefix + "http01-ingress-ingressclassname", acmePrefix + "http01-override-ingress-ingressclassname"},
}

// Certificates returns what ingress-shim of cert-manager 1.21 makes of ing
// (pkg/controller/certificate-shim/sync.go), with two differences: nobody owns
// the Certificates, and they do not ask for challenges to be written into ing,
// because they are to live when it is gone. The findings are about ing.
func Certificates(ing ir.Ingress) ([]*Certificate, []diag.Diagnostic) {
	s := shim{ing: ing}
	switch trigger := s.trigger(); {
	case trigger == "":
		s.onlyOld()
	case ing.DeletionTimestamp != nil:
	default:
		s.certificates(trigger)
	}
	return s.made, s.findings
}

// Reads tells whether an annotation is one for which ingress-shim looks at an Ingress.
func Reads(key string) bool {
	switch key {
	case issuerKey, clusterIssuerKey, oldIssuerKey, oldClusterIssuerKey, foreign.TLSACME:
		return true
	}
	return false
}

type shim struct {
	ing      ir.Ingress
	made     []*Certificate
	findings []diag.Diagnostic
}

func (s *shim) say(code diag.Code, field, text string) {
	object := diag.Object{Kind: "Ingress", Namespace: s.ing.Namespace, Name: s.ing.Name, File: s.ing.File}
	s.findings = append(s.findings, diag.New(code, object, field, text))
}

func (s *shim) sayKey(code diag.Code, key, text string) {
	s.say(code, "metadata.annotations["+key+"]", text)
}

// trigger returns the annotation that makes ingress-shim look at the Ingress.
func (s *shim) trigger() string {
	for _, key := range [...]string{issuerKey, clusterIssuerKey} {
		if _, ok := s.ing.Annotations[key]; ok {
			return key
		}
	}
	if value := s.ing.Annotations[foreign.TLSACME]; value != "" {
		if on, _ := strconv.ParseBool(value); on {
			return foreign.TLSACME
		}
	}
	return ""
}

// onlyOld reports annotations that no cert-manager of today reads.
func (s *shim) onlyOld() {
	for _, key := range [...]string{oldIssuerKey, oldClusterIssuerKey} {
		if _, ok := s.ing.Annotations[key]; ok && len(s.ing.Spec.TLS) > 0 {
			s.sayKey(diag.WCertIssuer, key, "only cert-manager before 0.11 reads this: its Certificate, of another API group, is not written here")
		}
	}
}

func (s *shim) certificates(trigger string) {
	if len(s.ing.Spec.TLS) == 0 {
		return
	}
	issuer, err := s.issuer()
	if err != nil {
		s.sayKey(diag.WCertRefused, trigger, err.Error())
		return
	}
	if issuer.Name == "" {
		s.sayKey(diag.WCertIssuer, trigger, "cert-manager takes its default issuer, which is an argument of its controller: no Certificate can be written without knowing it")
		return
	}
	if field, text := repeated(s.ing.Spec.TLS); field != "" {
		s.say(diag.WCertRefused, field, text)
		return
	}
	for i := range s.ing.Spec.TLS {
		entry := &s.ing.Spec.TLS[i]
		if len(entry.Hosts) == 0 || entry.SecretName == "" {
			s.say(diag.WCertRefused, fmt.Sprintf("spec.tls[%d]", i), "cert-manager passes over an entry without hosts or without secretName")
			continue
		}
		c := newCertificate(s.ing.Namespace, entry.SecretName, s.ing.Labels, issuer)
		c.Spec.DNSNames, c.Spec.IPAddresses = split(entry.Hosts)
		r := reader{annotations: s.ing.Annotations}
		if r.spec(&c.Spec); r.problem != nil {
			s.made = nil
			s.sayKey(diag.WCertRefused, r.badKey, "cert-manager makes no Certificate of the Ingress: "+r.problem.Error())
			return
		}
		s.solver(c)
		s.made = append(s.made, c)
	}
	if len(s.made) > 0 {
		s.sayKey(diag.WCertOwned, trigger, "the Certificate of "+names(s.made)+" goes when the Ingress that cert-manager made it for goes")
		s.challenges()
	}
}

// issuer finds the issuer; without a name it is the controller's default one.
func (s *shim) issuer() (IssuerRef, error) {
	annotations := s.ing.Annotations
	name, isIssuer := annotations[issuerKey]
	clusterName, isCluster := annotations[clusterIssuerKey]
	kind, hasKind := annotations[issuerKindKey]
	group, hasGroup := annotations[issuerGroupKey]
	switch {
	case isCluster && (isIssuer || hasKind || hasGroup):
		return IssuerRef{}, errors.New("cert-manager refuses cluster-issuer beside issuer, issuer-kind or issuer-group")
	case isIssuer && name == "", isCluster && clusterName == "":
		return IssuerRef{}, errors.New("cert-manager refuses an issuer without name")
	}
	ref := IssuerRef{Name: name, Kind: "Issuer", Group: Group}
	if isCluster {
		ref = IssuerRef{Name: clusterName, Kind: "ClusterIssuer", Group: Group}
	}
	if hasKind {
		ref.Kind = kind
	}
	if hasGroup {
		ref.Group = group
	}
	return ref, nil
}

// repeated finds a Secret of two entries: the Ingress as a whole is refused.
func repeated(entries []networkingv1.IngressTLS) (field, text string) {
	for i := range entries {
		first := slices.IndexFunc(entries, func(e networkingv1.IngressTLS) bool { return e.SecretName == entries[i].SecretName })
		if first < i {
			return fmt.Sprintf("spec.tls[%d].secretName", i), fmt.Sprintf("cert-manager refuses an Ingress with two entries for the secret %q (spec.tls[%d])", entries[i].SecretName, first)
		}
	}
	return "", ""
}

// split tells names from addresses, each once.
func split(hosts []string) (names, addresses []string) {
	for _, host := range hosts {
		if addr, err := netip.ParseAddr(host); err == nil && addr.Zone() == "" {
			if !slices.Contains(addresses, host) {
				addresses = append(addresses, host)
			}
		} else if !slices.Contains(names, host) {
			names = append(names, host)
		}
	}
	return names, addresses
}

// solver carries over how ACME challenges are answered.
func (s *shim) solver(c *Certificate) {
	annotate := func(key, value string) {
		if c.Annotations == nil {
			c.Annotations = map[string]string{}
		}
		c.Annotations[key] = value
	}
	if s.ing.Annotations[editInPlace] == "true" {
		annotate(prefix+"issue-temporary-certificate", "true")
	}
	for _, class := range solverClasses {
		if value := s.ing.Annotations[class.ingress]; value != "" {
			annotate(class.certificate, value)
		}
	}
}

// challenges reports what has to be served when a certificate is renewed.
func (s *shim) challenges() {
	if s.ing.Annotations[editInPlace] == "true" {
		s.sayKey(diag.WCertHTTP01, editInPlace, "challenges are written into this Ingress, which will be gone: the Certificate leaves it to the issuer, whose solver makes Ingresses of its own")
	}
	for _, class := range solverClasses {
		if value := s.ing.Annotations[class.ingress]; value != "" {
			s.sayKey(diag.WCertHTTP01, class.ingress, fmt.Sprintf("challenges come as Ingresses of class %q, which somebody has to serve after the migration too", value))
		}
	}
}

func names(certificates []*Certificate) string {
	text := ""
	for i, c := range certificates {
		if i > 0 {
			text += ", "
		}
		text += c.Name
	}
	return text
}
