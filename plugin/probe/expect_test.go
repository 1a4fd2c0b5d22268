package probe

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func TestExpectation(t *testing.T) {
	answer := func(status int, header, body string) Answer {
		a := Answer{Status: status, Header: http.Header{}, Body: []byte(body)}
		if name, value, ok := strings.Cut(header, ": "); ok {
			a.Header.Set(name, value)
		}
		return a
	}
	for name, c := range map[string]struct {
		statuses, header, body string
		answers                []Answer
		want                   string
	}{
		"first":           {statuses: "first", answers: []Answer{answer(301, "", ""), answer(301, "", "")}, want: "fine : "},
		"other status":    {statuses: "first", answers: []Answer{answer(200, "", ""), answer(404, "", "")}, want: "changed status: status 404, the first answer had 200"},
		"first is 5xx":    {statuses: "first", answers: []Answer{answer(503, "", ""), answer(404, "", "")}, want: "fine : "},
		"5xx":             {statuses: "first", answers: []Answer{answer(502, "", "")}, want: "lost 5xx: status 502"},
		"5xx and any":     {statuses: "any", answers: []Answer{answer(200, "", ""), answer(500, "", "")}, want: "lost 5xx: status 500"},
		"5xx as wanted":   {statuses: "503", answers: []Answer{answer(503, "", "")}, want: "fine : "},
		"any":             {statuses: "any", answers: []Answer{answer(200, "", ""), answer(404, "", "")}, want: "fine : "},
		"listed":          {statuses: "200, 3xx", answers: []Answer{answer(399, "", "")}, want: "fine : "},
		"not listed":      {statuses: "200,3xx", answers: []Answer{answer(400, "", "")}, want: "changed status: status 400, want 200,3xx"},
		"header":          {statuses: "any", header: "x-team: op", answers: []Answer{answer(200, "X-Team: ops", "")}, want: "fine : "},
		"header is there": {statuses: "any", header: "x-team", answers: []Answer{answer(200, "X-Team: ops", "")}, want: "fine : "},
		"no header":       {statuses: "any", header: "x-team: op", answers: []Answer{answer(200, "", "")}, want: "changed header: no header X-Team"},
		"other header":    {statuses: "any", header: "x-team: dev", answers: []Answer{answer(200, "X-Team: ops", "")}, want: `changed header: header X-Team is "ops", want "dev" in it`},
		"secret header":   {statuses: "any", header: "set-cookie: id=7", answers: []Answer{answer(200, "Set-Cookie: id=8", "")}, want: "changed header: header Set-Cookie has another value"},
		"body":            {statuses: "any", body: "ell", answers: []Answer{answer(200, "", "hello")}, want: "fine : "},
		"other body":      {statuses: "any", body: "elf", answers: []Answer{answer(200, "", "hello")}, want: `changed body: the body does not have "elf"`},
	} {
		t.Run(name, func(t *testing.T) {
			statuses, err := ParseStatuses(c.statuses)
			if err != nil {
				t.Fatal(err)
			}
			e := &Expectation{Statuses: statuses, Body: c.body}
			if c.header != "" {
				h, err := ParseHeaderText(c.header)
				if err != nil {
					t.Fatal(err)
				}
				e.Headers = []HeaderText{h}
			}
			var v Verdict
			for _, a := range c.answers {
				v = e.Judge(a)
			}
			if got := fmt.Sprintf("%s %s: %s", v.Outcome, v.Cause, v.Detail); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestWrongExpectations(t *testing.T) {
	for _, text := range []string{"", "2x", "9xx", "99", "600", "200,", "xx", "12xx"} {
		if _, err := ParseStatuses(text); err == nil {
			t.Errorf("statuses %q are accepted", text)
		}
	}
	for _, text := range []string{"", ": x", "a b: c"} {
		if _, err := ParseHeaderText(text); err == nil {
			t.Errorf("header %q is accepted", text)
		}
	}
}

// What could be a secret is in no error.
func TestHeaderErrorsQuoteNoValue(t *testing.T) {
	for text, want := range map[string]string{
		"Authorization Bearer s3cret":        "no colon",
		"Authorization Bearer: s3cret":       "no header name",
		"Authorization: Bearer s3cret\r\nX:": "the value of Authorization has a control character",
	} {
		_, _, err := ParseHeader(text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if name, value, err := ParseHeader("x-team:  ops "); err != nil || name != "X-Team" || value != "ops" {
		t.Errorf("%s: %s: %v", name, value, err)
	}
}
