package diag

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

const (
	// maxWarning and maxWarnings keep admission warnings whole: the API server
	// cuts items to 256 runes once all together pass 4,096
	// (k8s.io/apiserver endpoints/filters/warning.go).
	maxWarning  = 120
	maxWarnings = 8
)

// Warning returns d as one admission warning of at most 120 characters, such as
//
//	ingress-migrate: rate-limit on shop/cart: rate limiting differs in detail (W-RATELIMIT); kubectl ingress-migrate explain W-RATELIMIT
//
// dropping first the hint, then the annotation, then the end of the name until it fits.
func Warning(d Diagnostic) string {
	phrase := cut(Escape(d.Text), 48)
	if info, ok := Lookup(d.Code); ok {
		phrase = info.Warning
	}
	code := string(d.Code)
	object := Escape(d.Object.String())
	tail := ": " + phrase + " (" + code + ")"
	hint := "; kubectl ingress-migrate explain " + code

	long := "ingress-migrate: " + object + tail
	if name := annotationName(d.Field); name != "" {
		long = "ingress-migrate: " + name + " on " + object + tail
	}
	short := "ingress-migrate: " + object + tail
	for _, try := range []string{long + hint, long, short} {
		if len([]rune(try)) <= maxWarning {
			return try
		}
	}
	room := maxWarning - len([]rune("ingress-migrate: "+tail))
	if room < 8 {
		return cut(short, maxWarning)
	}
	return "ingress-migrate: " + cut(object, room) + tail
}

// Warnings returns at most eight admission warnings: those given as first, then
// diagnostics, the worst before the others; the last one counts what was left out.
// Findings that change nothing for clients (milder than lossy) are left to the report.
func Warnings(ds []Diagnostic, first ...string) []string {
	worst := slices.Clone(ds)
	worst = slices.DeleteFunc(worst, func(d Diagnostic) bool { return !d.Blocking && d.Severity < Lossy })
	slices.SortStableFunc(worst, func(a, b Diagnostic) int {
		return cmp.Or(-compareBool(a.Blocking, b.Blocking), -cmp.Compare(a.Severity, b.Severity))
	})
	var out []string
	for _, w := range first {
		out = append(out, Fit(w))
	}
	for _, d := range worst {
		if w := Warning(d); !slices.Contains(out, w) {
			out = append(out, w)
		}
	}
	if len(out) <= maxWarnings {
		return out
	}
	left := len(out) - (maxWarnings - 1)
	more := "ingress-migrate: ... and " + strconv.Itoa(left) + " more: kubectl ingress-migrate explain"
	if len(worst) > 0 {
		if named := more + " " + Escape(worst[0].Object.String()); len([]rune(named)) <= maxWarning {
			more = named
		}
	}
	return append(out[:maxWarnings-1], more)
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}

// annotationName returns "rate-limit" for
// metadata.annotations[traefik.ingress.kubernetes.io/rate-limit].
func annotationName(field string) string {
	key, ok := strings.CutPrefix(field, "metadata.annotations[")
	if !ok {
		return ""
	}
	key = strings.TrimSuffix(key, "]")
	return Escape(key[strings.LastIndexByte(key, '/')+1:])
}

// Escape writes what could disturb a terminal, a log line or an HTTP header as
// escape sequences of Go: control characters, quotes, backslashes and whatever is
// not ASCII. Every string that a user wrote goes through it before it is shown.
func Escape(s string) string {
	quoted := strconv.QuoteToASCII(s)
	return quoted[1 : len(quoted)-1]
}

// Fit cuts a sentence to what one admission warning may have.
func Fit(warning string) string { return cut(warning, maxWarning) }
