package traefikingress_test

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/property"
)

func TestMain(m *testing.M) { property.Main(m) }
