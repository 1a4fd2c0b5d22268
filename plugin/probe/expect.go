package probe

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// Expectation is what a good answer looks like. One belongs to one Request.
type Expectation struct {
	Statuses Statuses
	Headers  []HeaderText
	// Body is a text that the body must have.
	Body string

	mu    sync.Mutex
	first int
}

// HeaderText is a header that an answer must have, and a text in its value.
type HeaderText struct{ Name, Text string }

// Statuses is a set of status codes.
type Statuses struct {
	// Any: every status but 5xx.
	Any bool
	// Codes are those of 100 to 599 that are listed; none, without Any: that of the
	// first answer which is no 5xx.
	Codes []int
	text  string
}

// ParseStatuses reads "first", "any", or a list such as 200,3xx.
func ParseStatuses(text string) (Statuses, error) {
	switch text {
	case "first":
		return Statuses{}, nil
	case "any":
		return Statuses{Any: true}, nil
	}
	s := Statuses{text: text}
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if class, ok := strings.CutSuffix(part, "xx"); ok && len(class) == 1 && class >= "1" && class <= "5" {
			for code := range 100 {
				s.Codes = append(s.Codes, int(class[0]-'0')*100+code)
			}
			continue
		}
		code, err := strconv.Atoi(part)
		if err != nil || code < 100 || code > 599 {
			return Statuses{}, fmt.Errorf("want first, any, or statuses such as 200,3xx, not %q", part)
		}
		s.Codes = append(s.Codes, code)
	}
	return s, nil
}

// ParseHeaderText reads "NAME" or "NAME: TEXT".
func ParseHeaderText(text string) (HeaderText, error) {
	name, value, _ := strings.Cut(text, ":")
	if !validHeaderName(name) {
		return HeaderText{}, fmt.Errorf("%q is no header name: want NAME or NAME: TEXT", name)
	}
	return HeaderText{Name: http.CanonicalHeaderKey(name), Text: strings.TrimSpace(value)}, nil
}

// Judge compares one answer.
func (e *Expectation) Judge(a Answer) Verdict {
	if v := e.judgeStatus(a.Status); v.Outcome != Fine {
		return v
	}
	for _, h := range e.Headers {
		values := a.Header.Values(h.Name)
		switch {
		case len(values) == 0:
			return Verdict{Outcome: Changed, Cause: Header, Detail: "no header " + h.Name}
		case !slices.ContainsFunc(values, func(value string) bool { return strings.Contains(value, h.Text) }):
			return Verdict{Outcome: Changed, Cause: Header, Detail: h.difference(values[0])}
		}
	}
	if e.Body != "" && !bytes.Contains(a.Body, []byte(e.Body)) {
		return Verdict{Outcome: Changed, Cause: Body, Detail: fmt.Sprintf("the body does not have %q", shorten(e.Body, shown))}
	}
	return Verdict{Outcome: Fine}
}

func (e *Expectation) judgeStatus(status int) Verdict {
	if slices.Contains(e.Statuses.Codes, status) {
		return Verdict{Outcome: Fine}
	}
	switch {
	case status >= http.StatusInternalServerError:
		return serverError(status)
	case e.Statuses.Any:
		return Verdict{Outcome: Fine}
	case len(e.Statuses.Codes) > 0:
		return Verdict{Outcome: Changed, Cause: Status, Detail: fmt.Sprintf("status %d, want %s", status, e.Statuses.text)}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.first == 0 {
		e.first = status
	}
	if status != e.first {
		return Verdict{Outcome: Changed, Cause: Status, Detail: fmt.Sprintf("status %d, the first answer had %d", status, e.first)}
	}
	return Verdict{Outcome: Fine}
}

// shown is how much of a text from an answer or a flag is quoted.
const shown = 60

// secretHeaders of answers are for the client alone.
var secretHeaders = []string{"Set-Cookie", "Authorization", "Proxy-Authorization", "Authentication-Info", "Www-Authenticate"}

func (h HeaderText) difference(got string) string {
	if slices.Contains(secretHeaders, h.Name) {
		return "header " + h.Name + " has another value"
	}
	return fmt.Sprintf("header %s is %q, want %q in it", h.Name, shorten(got, shown), shorten(h.Text, shown))
}
