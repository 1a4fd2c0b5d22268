package plugin

import (
	"strings"
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/nginx"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikingress"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
)

// Whatever an Ingress can carry can be asked for, by the key that is written on it.
func TestEveryAnnotationIsExplained(t *testing.T) {
	keys := map[string]int{} // and how many controllers read it
	for _, a := range traefikv1.Annotations() {
		keys[a.Key]++
	}
	for _, a := range traefikingress.Annotations() {
		keys[strings.ReplaceAll(a.Key, ".n.", ".7.")]++
	}
	for _, a := range nginx.Annotations() {
		keys[nginx.DefaultPrefix+"/"+a.Name]++
	}
	for key, readers := range keys {
		if found := annotationsCalled(key); len(found) != readers {
			t.Errorf("%s: %d entries, and %d controllers read it", key, len(found), readers)
		}
	}
}
