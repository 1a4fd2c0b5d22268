package cutover_test

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/rig"
)

func TestMain(m *testing.M) { rig.Main(m) }
