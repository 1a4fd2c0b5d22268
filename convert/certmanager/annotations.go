package certmanager

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const prefix = "cert-manager.io/"

// usages are the key usages that cert-manager knows (pkg/api/util/usages.go).
var usages = []string{
	"any", "cert sign", "client auth", "code signing", "content commitment", "crl sign", "data encipherment", "decipher only",
	"digital signature", "email protection", "encipher only", "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement",
	"key encipherment", "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing", "timestamping",
}

// reader reads the annotations that shape a Certificate as ingress-shim does
// (pkg/controller/certificate-shim/helper.go): the first that it cannot read ends
// the reading, and nothing is made of the Ingress.
type reader struct {
	annotations map[string]string
	badKey      string
	problem     error
}

// find returns the value of an annotation, nothing more once one was bad.
func (r *reader) find(name string) (string, bool) {
	if r.problem != nil {
		return "", false
	}
	value, ok := r.annotations[prefix+name]
	return value, ok
}

func (r *reader) fail(name string, err error) {
	if r.problem == nil && err != nil {
		r.badKey, r.problem = prefix+name, err
	}
}

// spec fills what annotations say of every Certificate of an Ingress.
func (r *reader) spec(s *Spec) {
	if name, ok := r.find("common-name"); ok {
		s.CommonName = name
	}
	if names, ok := r.find("alt-names"); ok && names != "" {
		s.DNSNames = append(s.DNSNames, strings.Split(names, ",")...)
	}
	if addresses, ok := r.find("ip-sans"); ok && addresses != "" {
		s.IPAddresses = append(s.IPAddresses, strings.Split(addresses, ",")...)
	}
	if addresses, ok := r.find("email-sans"); ok {
		s.EmailAddresses = strings.Split(addresses, ",")
	}
	s.Subject = r.subject()
	s.Duration = r.duration("duration")
	s.RenewBefore = r.duration("renew-before")
	s.RenewBeforePercentage = r.number("renew-before-percentage", 0)
	r.usages(s)
	s.RevisionHistoryLimit = r.number("revision-history-limit", 1)
	s.PrivateKey = r.privateKey()
	s.SecretTemplate = r.secretTemplate()
}

func (r *reader) subject() *Subject {
	s := Subject{
		Organizations:       r.csv("subject-organizations"),
		OrganizationalUnits: r.csv("subject-organizationalunits"),
		Countries:           r.csv("subject-countries"),
		Provinces:           r.csv("subject-provinces"),
		Localities:          r.csv("subject-localities"),
		PostalCodes:         r.csv("subject-postalcodes"),
		StreetAddresses:     r.csv("subject-streetaddresses"),
	}
	s.SerialNumber, _ = r.find("subject-serialnumber")
	if reflect.DeepEqual(s, Subject{}) {
		return nil
	}
	return &s
}

// csv reads one line of comma-separated values, where quotes keep commas.
func (r *reader) csv(name string) []string {
	value, ok := r.find(name)
	if !ok {
		return nil
	}
	lines, err := csv.NewReader(strings.NewReader(value)).ReadAll()
	if err == nil && len(lines) != 1 {
		err = fmt.Errorf("%d lines of values, want one", len(lines))
	}
	if err != nil {
		r.fail(name, err)
		return nil
	}
	return lines[0]
}

func (r *reader) duration(name string) *metav1.Duration {
	value, ok := r.find(name)
	if !ok {
		return nil
	}
	d, err := time.ParseDuration(value)
	r.fail(name, err)
	return &metav1.Duration{Duration: d}
}

// number reads a 32-bit number; least is 0 for any.
func (r *reader) number(name string, least int64) *int32 {
	value, ok := r.find(name)
	if !ok {
		return nil
	}
	n, err := strconv.ParseInt(value, 10, 32)
	if err == nil && least > 0 && n < least {
		err = fmt.Errorf("%d is less than %d", n, least)
	}
	r.fail(name, err)
	out := int32(n)
	return &out
}

func (r *reader) usages(s *Spec) {
	value, ok := r.find("usages")
	if !ok {
		return
	}
	s.Usages = nil
	for usage := range strings.SplitSeq(value, ",") {
		usage = strings.Trim(usage, " ")
		if !slices.Contains(usages, usage) {
			r.fail("usages", fmt.Errorf("there is no key usage %q", usage))
		}
		s.Usages = append(s.Usages, usage)
	}
}

func (r *reader) privateKey() *PrivateKey {
	key := PrivateKey{
		Algorithm: r.oneOf("private-key-algorithm", "RSA", "ECDSA", "Ed25519"),
		Encoding:  r.oneOf("private-key-encoding", "PKCS1", "PKCS8"),
	}
	const size = "private-key-size"
	if value, ok := r.find(size); ok {
		var err error
		if key.Size, err = strconv.Atoi(value); err == nil {
			err = checkSize(key)
		}
		r.fail(size, err)
	}
	key.RotationPolicy = r.oneOf("private-key-rotation-policy", "Never", "Always")
	if key == (PrivateKey{}) {
		return nil
	}
	return &key
}

// checkSize knows the limits of pkg/util/pki/generate.go.
func checkSize(key PrivateKey) error {
	switch key.Algorithm {
	case "", "RSA":
		if key.Size < 2048 || key.Size > 8192 {
			return fmt.Errorf("an RSA key has 2048 to 8192 bits, not %d", key.Size)
		}
	case "ECDSA":
		if !slices.Contains([]int{256, 384, 521}, key.Size) {
			return fmt.Errorf("an ECDSA key has 256, 384 or 521 bits, not %d", key.Size)
		}
	}
	return nil
}

func (r *reader) oneOf(name string, values ...string) string {
	value, ok := r.find(name)
	if ok && !slices.Contains(values, value) {
		r.fail(name, fmt.Errorf("%q is none of %s", value, strings.Join(values, ", ")))
	}
	return value
}

func (r *reader) secretTemplate() *SecretTemplate {
	const name = "secret-template"
	value, ok := r.find(name)
	if !ok {
		return nil
	}
	decoder := json.NewDecoder(strings.NewReader(value))
	decoder.DisallowUnknownFields()
	template := &SecretTemplate{}
	if err := decoder.Decode(template); err != nil {
		r.fail(name, fmt.Errorf("not the JSON of a template: %w", err))
		return nil
	}
	for key := range template.Annotations {
		if strings.HasPrefix(key, prefix) {
			r.fail(name, fmt.Errorf("annotations of %s are not for templates", Group))
		}
	}
	if len(template.Annotations) == 0 && len(template.Labels) == 0 {
		return nil
	}
	return template
}
