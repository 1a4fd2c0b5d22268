package diag

import (
	"slices"
	"strings"
)

// Info is what there is to know about a Code: the manual's entry for it, and
// the defaults of a Diagnostic that carries it.
type Info struct {
	Code     Code     `json:"code"`
	Severity Severity `json:"severity"`
	// Title is a heading of at most 72 characters.
	Title string `json:"title"`
	// Explain says what the source controller does, what the target does and
	// who notices.
	Explain string `json:"explain"`
	// Remedy says what to do about it.
	Remedy string `json:"remedy"`
	// Warning is a phrase of at most 48 characters for an admission warning.
	Warning string `json:"warning"`
}

// Lookup returns the entry of code; false when there is no such code. It
// ignores case, because people type codes.
func Lookup(code Code) (Info, bool) {
	if info := lookup(code); info != nil {
		return *info, true
	}
	if info := lookup(Code(strings.ToUpper(string(code)))); info != nil {
		return *info, true
	}
	return Info{}, false
}

func lookup(code Code) *Info {
	if i, found := indexes[code]; found {
		return &registry[i]
	}
	return nil
}

// All returns every entry, sorted by code. The slice is the caller's.
func All() []Info {
	return slices.Clone(registry)
}

// registry is sorted by code; the parts are files of one source each.
var registry = sorted(
	acmeInfos,
	companionInfos,
	dialectInfos,
	errorInfos,
	nginxInfos,
	noteInfos,
	staticInfos,
	toNginxInfos,
	traefikInfos,
	warningInfos,
)

// indexes finds codes in the registry.
var indexes = func() map[Code]int {
	found := make(map[Code]int, len(registry))
	for i, info := range registry {
		found[info.Code] = i
	}
	return found
}()

func sorted(parts ...[]Info) []Info {
	all := slices.Concat(parts...)
	slices.SortFunc(all, func(a, b Info) int { return strings.Compare(string(a.Code), string(b.Code)) })
	return all
}

// New makes a Diagnostic of code with severity and remedy of the registry. An
// empty text becomes the title. A code that is not registered is reported as
// unsupported: saying too much is the safe side.
func New(code Code, object Object, field, text string) Diagnostic {
	d := Diagnostic{Code: code, Severity: Unsupported, Object: object, Field: field, Text: text}
	info := lookup(code)
	if info == nil {
		return d
	}
	d.Severity = info.Severity
	d.Remedy = info.Remedy
	if d.Text == "" {
		d.Text = info.Title
	}
	return d
}

// maxValue is how many characters of an offending value a report shows.
const maxValue = 80

// WithValue returns d with the offending value, cut to a readable length. The
// caller never passes a secret.
func (d Diagnostic) WithValue(value string) Diagnostic {
	d.Value = cut(value, maxValue)
	return d
}

// Block returns d as the reason why a route was withheld.
func (d Diagnostic) Block() Diagnostic {
	d.Blocking = true
	return d
}

// cut shortens s to at most n characters, ending in "..." when it was longer.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	runes := []rune(s)
	if len(runes) <= n {
		return s
	}
	return string(runes[:n-3]) + "..."
}
