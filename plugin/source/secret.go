package source

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// secretFacts keeps of a Secret what a conversion must know; the data goes no
// further than this function.
func secretFacts(secret *corev1.Secret) ir.Secret {
	data := maps.Clone(secret.Data)
	if data == nil {
		data = map[string][]byte{}
	}
	for key, value := range secret.StringData {
		data[key] = []byte(value)
	}
	facts := ir.Secret{
		Namespace: secret.Namespace,
		Name:      secret.Name,
		Type:      secret.Type,
		Keys:      slices.Sorted(maps.Keys(data)),
	}
	for _, key := range facts.Keys {
		if len(data[key]) == 0 {
			facts.EmptyKeys = append(facts.EmptyKeys, key)
		}
	}
	facts.Users, facts.Problem = secretProblem(secret.Type, data)
	return facts
}

// secretProblem says what is wrong with a Secret, and of which form its users are.
func secretProblem(kind corev1.SecretType, data map[string][]byte) (users, problem string) {
	_, hasCert := data[corev1.TLSCertKey]
	_, hasKey := data[corev1.TLSPrivateKeyKey]
	if kind == corev1.SecretTypeTLS || hasCert || hasKey {
		return "", certificateProblem(data)
	}
	if len(data) == 1 {
		for _, users := range data {
			return usersProblem(users)
		}
	}
	return "", ""
}

// certificateProblem knows what Traefik 1.7 takes for PEM: nothing may follow
// the last block, not even a blank line.
func certificateProblem(data map[string][]byte) string {
	for _, key := range []string{corev1.TLSCertKey, corev1.TLSPrivateKeyKey} {
		value := data[key]
		if len(value) == 0 {
			return key + " is empty or missing"
		}
		blocks := 0
		for {
			block, rest := pem.Decode(value)
			if block == nil {
				break
			}
			blocks++
			value = rest
		}
		switch {
		case blocks == 0:
			return key + " is not PEM"
		case len(bytes.TrimSpace(value)) > 0:
			return key + " has text after its last PEM block"
		case len(value) > 0:
			return key + " has a blank line after its last PEM block"
		}
	}
	return ""
}

// usersProblem checks a file of users: "user:hash" for basic authentication or
// "user:realm:hash" for digest, one a line; empty lines do not count.
func usersProblem(users []byte) (form, problem string) {
	colons := -1
	for i, line := range strings.Split(string(users), "\n") {
		if line == "" {
			continue
		}
		n := strings.Count(line, ":")
		if n != 1 && n != 2 {
			return "", fmt.Sprintf("line %d is neither user:hash nor user:realm:hash", i+1)
		}
		if colons >= 0 && n != colons {
			return "", fmt.Sprintf("line %d has another form than the lines before", i+1)
		}
		colons = n
	}
	switch colons {
	case 1:
		return ir.UsersBasic, ""
	case 2:
		return ir.UsersDigest, ""
	}
	return ir.UsersNone, "it has no line with a user"
}
