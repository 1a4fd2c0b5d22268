package emitnginx

import (
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// errorPages uses the default backend of the location, of which there is one.
func (b *builder) errorPages(f ir.ErrorPages) {
	if len(f.Service.Services) != 1 || b.answer.annotations["default-backend"] != "" {
		b.say(diag.WToNginxErrors, "the error page is not carried over: nginx has one Service for all of them")
		return
	}
	codes := statusCodes(f.Status)
	if len(codes) == 0 {
		return
	}
	b.set("custom-http-errors", strings.Join(codes, ","))
	b.set("default-backend", f.Service.Services[0].Name)
	b.say(diag.WToNginxErrors, "nginx asks the first port of Service "+f.Service.Services[0].Name+" for / with the status in X-Code, in place of "+f.Query+", and answers with the status of the page")
}

// statusCodes are those of ranges such as 404 and 500-599 that nginx intercepts.
func statusCodes(ranges []string) []string {
	var codes []int
	for _, text := range ranges {
		low, high, isRange := strings.Cut(text, "-")
		if !isRange {
			high = low
		}
		from, err := strconv.Atoi(low)
		to, errTo := strconv.Atoi(high)
		if err != nil || errTo != nil {
			continue
		}
		for code := max(from, 300); code <= min(to, 599); code++ {
			codes = append(codes, code)
		}
	}
	slices.Sort(codes)
	var out []string
	for _, code := range slices.Compact(codes) {
		out = append(out, strconv.Itoa(code))
	}
	return out
}
