package source

import (
	"fmt"
	"strings"
	"sync"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/validate/content"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// secretReaders is how many secrets are read at a time.
const secretReaders = 8

// secrets reads the Secrets that Ingresses refer to, one by one by name, and
// keeps facts only: the right to list secrets is not asked for.
func (l *lister) secrets(ingresses []ir.Ingress) (facts []ir.Secret, all bool, err error) {
	wanted := map[string]bool{}
	for _, ingress := range ingresses {
		for _, name := range secretNames(ingress) {
			wanted[ingress.Namespace+"/"+name] = true
		}
	}
	keys := sorted(wanted)
	answers := make([]answer, len(keys))
	var group sync.WaitGroup
	next := make(chan int)
	for range min(secretReaders, len(keys)) {
		group.Go(func() {
			for i := range next {
				answers[i] = l.secret(keys[i])
			}
		})
	}
	for i := range keys {
		next <- i
	}
	close(next)
	group.Wait()

	all = true
	forbidden := 0
	for i, a := range answers {
		switch {
		case a.err == nil:
			facts = append(facts, a.fact)
		case apierrors.IsNotFound(a.err):
		case apierrors.IsForbidden(a.err):
			all = false
			forbidden++
		default:
			return nil, false, fmt.Errorf("reading secret %s: %w", keys[i], a.err)
		}
	}
	if forbidden > 0 {
		l.note(fmt.Sprintf("not allowed to read %s that Ingresses refer to: whether they exist and are well formed is not checked", count(forbidden, "secret")))
	}
	return facts, all, nil
}

type answer struct {
	fact ir.Secret
	err  error
}

func (l *lister) secret(key string) answer {
	namespace, name, _ := strings.Cut(key, "/")
	secret, err := l.client.CoreV1().Secrets(namespace).Get(l.ctx, name, metav1.GetOptions{})
	if err != nil {
		return answer{err: err}
	}
	return answer{fact: secretFacts(secret)}
}

// secretNames are the Secrets of its own namespace that an Ingress refers to.
func secretNames(ingress ir.Ingress) []string {
	var names []string
	for _, tls := range ingress.Spec.TLS {
		if tls.SecretName != "" && len(content.IsPathSegmentName(tls.SecretName)) == 0 {
			names = append(names, tls.SecretName)
		}
	}
	for key, value := range ingress.Annotations {
		// A name that cannot be part of an address cannot exist either.
		if value == "" || len(content.IsPathSegmentName(value)) > 0 {
			continue
		}
		if strings.HasSuffix(key, "/auth-secret") || strings.HasSuffix(key, "/auth-tls-secret") {
			names = append(names, value)
		}
	}
	return names
}
