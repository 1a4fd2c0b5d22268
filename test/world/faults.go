package world

import (
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/probe"
)

// Faults are what no migration may do: lose a request, change an answer, or have fewer
// nodes serve at any moment than the floor.
func Faults(report *probe.Report, least, floor int) []error {
	var errs []error
	if report.Lost > 0 {
		errs = append(errs, fmt.Errorf("%d requests were lost", report.Lost))
	}
	if report.Changed > 0 {
		errs = append(errs, fmt.Errorf("%d answers changed", report.Changed))
	}
	if least < floor {
		errs = append(errs, fmt.Errorf("only %d nodes served at one moment, the floor is %d", least, floor))
	}
	return errs
}
