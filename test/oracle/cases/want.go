package cases

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
)

// parseWant reads what is behind =>.
func parseWant(words []string) (Want, error) {
	w := Want{Saw: map[string]string{}, Got: map[string]string{}}
	if len(words) == 0 {
		return w, fmt.Errorf("no status")
	}
	var err error
	if w.Status, err = strconv.Atoi(words[0]); err != nil {
		return w, fmt.Errorf("status: %w", err)
	}
	for words = words[1:]; len(words) >= 2; words = words[2:] {
		switch words[0] {
		case "to":
			w.Location = words[1]
		case "by":
			w.Service = words[1]
			if !strings.Contains(w.Service, "/") {
				w.Service = "one/" + w.Service
			}
			if len(words) > 2 && strings.HasPrefix(words[2], "/") {
				w.URI = words[2]
				words = words[1:]
			}
		case "cert":
			w.Certificate = words[1]
		case "saw", "got":
			name, value, ok := strings.Cut(words[1], "=")
			if value, err = url.QueryUnescape(value); err != nil || !ok {
				return w, fmt.Errorf("want Header=value, not %q", words[1])
			}
			if words[0] == "saw" {
				w.Saw[name] = value
			} else {
				w.Got[name] = value
			}
		default:
			return w, fmt.Errorf("unknown word %q", words[0])
		}
	}
	if len(words) > 0 {
		return w, fmt.Errorf("word %q stands alone", words[0])
	}
	return w, nil
}

// shares reads the words behind "shares".
func (p *parser) shares(text string) error {
	question, parts, ok := strings.Cut(text, " => ")
	if !ok {
		return fmt.Errorf("no => in %q", text)
	}
	request, err := judge.ParseRequest(question)
	if err != nil {
		return err
	}
	shares := map[string]float64{}
	for _, part := range strings.Fields(parts) {
		if part == "source" {
			p.c.SourceShares = true
			continue
		}
		service, percent, _ := strings.Cut(part, ":")
		if !strings.Contains(service, "/") {
			service = "one/" + service
		}
		if shares[service], err = strconv.ParseFloat(percent, 64); err != nil {
			return fmt.Errorf("share %q: %w", part, err)
		}
	}
	p.c.Dealt, p.c.Shares = append(p.c.Dealt, request), append(p.c.Shares, shares)
	return nil
}

// Check says in what an answer is not as wanted; empty: in nothing. text undoes
// the place of the set.
func (w Want) Check(a judge.Answer, text func(string) string) string {
	var wrong []string
	expect := func(what, want, got string) {
		if want != got {
			wrong = append(wrong, fmt.Sprintf("%s %q, want %q", what, got, want))
		}
	}
	expect("status", strconv.Itoa(w.Status), strconv.Itoa(a.Status))
	expect("location", w.Location, text(a.Header.Get("Location")))
	service, uri := "", ""
	if a.Seen != nil {
		service, uri = compare.Service(a.Seen.Pod), a.Seen.URI
	}
	if w.Service == "one/any" && service != "" {
		service = w.Service
	}
	expect("service", w.Service, service)
	if w.URI != "" {
		expect("target", w.URI, text(uri))
	}
	if w.Certificate != "" && !slices.Contains(strings.Fields(text(a.Certificate)), w.Certificate) {
		wrong = append(wrong, fmt.Sprintf("certificate for %q, want one for %q", a.Certificate, w.Certificate))
	}
	headers := func(what string, want map[string]string, got http.Header) {
		for name, value := range want {
			have := strings.Join(got[name], ",")
			switch {
			case len(got[name]) == 0:
				have = "-"
			case value == "*":
				continue
			}
			expect(what+" "+name, value, text(have))
		}
	}
	headers("header of the answer", w.Got, a.Header)
	if a.Seen != nil {
		headers("header at the pod", w.Saw, a.Seen.Header)
	} else if len(w.Saw) > 0 {
		wrong = append(wrong, "no pod answered")
	}
	return strings.Join(wrong, "; ")
}
