package plugin

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/preflight"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
)

// manualEntry is an entry of the manual that a search finds.
type manualEntry struct{ name, what string }

// search finds the codes and annotations whose name or heading has all the words, in
// any case and written apart or together: "rate limit" finds W-RATELIMIT. Words of one
// or two letters are in every other one, so they stand alone.
func search(words []string) []manualEntry {
	var found []manualEntry
	consider := func(name, what string) {
		text := strings.ToLower(name + " " + what)
		alone := strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(apart, r) })
		together := squeeze(text)
		for _, word := range words {
			if len(word) < 3 && !slices.Contains(alone, word) || !strings.Contains(together, squeeze(word)) {
				return
			}
		}
		found = append(found, manualEntry{name, what})
	}
	for _, info := range diag.All() {
		consider(string(info.Code), info.Title)
	}
	for _, info := range preflight.Codes() {
		consider(info.Code, "preflight: "+info.What)
	}
	for _, a := range allAnnotations() {
		consider(a.name, "annotation of "+a.controller)
	}
	slices.SortStableFunc(found, func(a, b manualEntry) int { return strings.Compare(a.name, b.name) })
	return found
}

// apart is what people write words apart with.
const apart = "-_. ,:"

func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(apart, r) {
			return -1
		}
		return r
	}, strings.ToLower(text))
}

// searched lists what a search has found; false: nothing.
func (o *explainOptions) searched(w io.Writer, text string) (bool, error) {
	words := strings.Fields(strings.ToLower(text))
	found := search(words)
	if len(words) == 0 || len(found) == 0 {
		return false, nil
	}
	table := ui.Table{Columns: []string{"NAME", "ABOUT"}, Flexible: 1}
	for _, entry := range found {
		table.Add(ui.Text(entry.name, entry.what)...)
	}
	if err := table.Write(w, o.width, o.palette); err != nil {
		return true, err
	}
	fmt.Fprintf(w, "Next: %s explain NAME, such as %s\n", displayName, found[0].name)
	return true, nil
}
