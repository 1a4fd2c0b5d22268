package parallel_test

import (
	"testing"

	rigs "github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

func TestMain(m *testing.M) { rigs.Main(m) }
