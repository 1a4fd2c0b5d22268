package htmlreport

import (
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// answers are the differences between the old and the new proxy's.
type answers struct {
	Fact     fact
	Summary  string
	Old, New []string
	Rows     []difference
	// More differences were found than are shown.
	More string
}

type difference struct {
	Request, Of string
	How         []string
}

// mostDifferences are shown; the report that was read has all.
const mostDifferences = 1000

func newAnswers(report *verify.Report) *answers {
	if report == nil {
		return nil
	}
	a := &answers{Old: addresses(report.Old), New: addresses(report.New)}
	a.Fact = fact{Value: ui.Thousands(len(report.Different)), Name: "different answers", Detail: "of " + ui.Plural(report.Asked, "request"), Tone: good, Link: "#answers"}
	a.Summary = ui.Plural(report.Asked, "request") + " asked of " + ui.Thousands(report.Planned) + " planned: " + ui.Thousands(report.Same) + " the same, " + ui.Thousands(len(report.Different)) + " different"
	if report.Unsteady > 0 {
		a.Summary += ", " + ui.Thousands(report.Unsteady) + " not comparable, because the old proxy itself answers differently each time"
	}
	if len(report.Different) > 0 {
		a.Fact.Tone = bad
	} else if report.Asked < report.Planned {
		a.Fact.Tone = notice
	}
	for i, d := range report.Different {
		if i == mostDifferences {
			a.More = ui.Plural(len(report.Different)-i, "difference") + " more in the file"
			break
		}
		// Without its query, which may hold what nobody else should see.
		a.Rows = append(a.Rows, difference{Request: d.Request.String(), Of: d.Request.Of, How: d.How})
	}
	return a
}

func addresses(side verify.Side) []string {
	var out []string
	for _, scheme := range []string{"http", "https"} {
		if at := side[scheme]; at != "" {
			out = append(out, scheme+"://"+at)
		}
	}
	return out
}
