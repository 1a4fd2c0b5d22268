// Package compare tells what is different between two answers to one request,
// and whether the conversion said so beforehand.
package compare

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/pods"
)

// Kind is a respect in which two answers can differ.
type Kind string

// The kinds.
const (
	Failure        Kind = "failure"
	Certificate    Kind = "certificate"
	Status         Kind = "status"
	Location       Kind = "location"
	Cookie         Kind = "cookie"
	ResponseHeader Kind = "response header"
	Body           Kind = "body"
	// Answerer: one answer is from a pod and the other from Traefik, or the pods
	// belong to different Services.
	Answerer Kind = "answerer"
	// What the pod saw.
	Path          Kind = "path"
	Query         Kind = "query"
	Host          Kind = "host"
	Transport     Kind = "transport"
	RequestHeader Kind = "request header"
	RequestBody   Kind = "request body"
)

// Difference is one respect in which two answers differ.
type Difference struct {
	Kind Kind
	// Name of the header or cookie.
	Name          string
	Before, After string
}

// String says it in a line.
func (d Difference) String() string {
	what := string(d.Kind)
	if d.Name != "" {
		what += " " + d.Name
	}
	return fmt.Sprintf("%s: %q -> %q", what, d.Before, d.After)
}

// ignoredResponse are response headers that say nothing about routing.
var ignoredResponse = []string{"Date", "Content-Length", "Connection", pods.HeaderPod, "Location", "Set-Cookie"}

// ignoredRequest are request headers that name the hop and not the request, and
// the Host that HTTP/2 has besides its own form.
var ignoredRequest = []string{"Content-Length", "Transfer-Encoding", "Host"}

// Differences lists in which respects the answers differ, in a fixed order. When
// one is an answer of Traefik's own and they are quite different, only that is said.
func Differences(before, after judge.Answer) []Difference {
	out := differences(before, after)
	if before.Failure == after.Failure && before.Certificate != after.Certificate {
		out = append(out, Difference{Kind: Certificate, Before: before.Certificate, After: after.Certificate})
	}
	return out
}

func differences(before, after judge.Answer) []Difference {
	var out []Difference
	add := func(kind Kind, name, a, b string) {
		if a != b {
			out = append(out, Difference{Kind: kind, Name: name, Before: a, After: b})
		}
	}
	add(Failure, "", before.Failure, after.Failure)
	add(Status, "", fmt.Sprint(before.Status), fmt.Sprint(after.Status))
	add(Location, "", before.Header.Get("Location"), after.Header.Get("Location"))
	add(Answerer, "", answerer(before), answerer(after))
	if len(out) > 0 && (before.Seen == nil || after.Seen == nil) {
		return out // the rest follows from these
	}
	cookies(before, after, add)
	headers(ResponseHeader, before.Header, after.Header, ignoredResponse, add)
	if before.Seen == nil {
		add(Body, "", before.Body, after.Body)
		return slices.DeleteFunc(out, func(d Difference) bool { return ownWords(before, d) })
	}
	seen(before.Seen, after.Seen, add)
	return out
}

// ownWords tells whether a difference is only how Traefik 3 words its own answers:
// it guesses no Content-Type, and says something else when there is no server.
func ownWords(before judge.Answer, d Difference) bool {
	if d.Kind == ResponseHeader && d.Name == "Content-Type" && d.After == "" {
		return true
	}
	// To HEAD the words are not sent, but what net/http says of them is.
	// An error page that cannot be had says why, with the status of what it is the page of.
	unavailable := before.Status == http.StatusServiceUnavailable && before.Body == "" ||
		before.Status >= http.StatusInternalServerError && (before.Body == http.StatusText(http.StatusServiceUnavailable) || before.Body == http.StatusText(http.StatusInternalServerError))
	return unavailable && (d.Kind == Body || d.Kind == ResponseHeader && d.Name == "X-Content-Type-Options")
}

// answerer is the Service of the pod that answered; "traefik" when none did.
func answerer(a judge.Answer) string {
	if a.Seen == nil {
		return "traefik"
	}
	return Service(a.Seen.Pod)
}

// Service is the namespace and name of a pod's Service.
func Service(pod string) string {
	return pod[:max(0, strings.LastIndex(pod, "/"))]
}

func seen(before, after *pods.Seen, add func(Kind, string, string, string)) {
	pathBefore, queryBefore, _ := strings.Cut(before.URI, "?")
	pathAfter, queryAfter, _ := strings.Cut(after.URI, "?")
	add(Path, "", pathBefore, pathAfter)
	add(Query, "", queryBefore, queryAfter)
	add(Host, "", before.Host, after.Host)
	add(Transport, "", transport(before), transport(after))
	add(RequestBody, "", fmt.Sprint(before.Bytes), fmt.Sprint(after.Bytes))
	headers(RequestHeader, before.Header, after.Header, ignoredRequest, add)
}

func transport(s *pods.Seen) string {
	return fmt.Sprintf("%s %s tls=%v", s.Method, s.Proto, s.TLS)
}

func headers(kind Kind, before, after http.Header, ignored []string, add func(Kind, string, string, string)) {
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		if !slices.Contains(ignored, name) {
			add(kind, name, value(before[name]), value(after[name]))
		}
	}
}

// random matches what both proxies draw anew for each answer.
var random = regexp.MustCompile(`nonce-[A-Za-z0-9+/=_-]+|(?:nonce|opaque)="[^"]*"`)

func value(values []string) string {
	return random.ReplaceAllString(strings.Join(values, " | "), "RANDOM")
}

// cookies compares names and attributes: the values are the proxies' own.
func cookies(before, after judge.Answer, add func(Kind, string, string, string)) {
	read := func(a judge.Answer) map[string]string {
		out := map[string]string{}
		for _, line := range a.Header.Values("Set-Cookie") {
			pair, attributes, _ := strings.Cut(line, ";")
			name, _, _ := strings.Cut(pair, "=")
			parts := strings.Split(attributes, ";")
			for i := range parts {
				parts[i] = strings.TrimSpace(parts[i])
			}
			slices.Sort(parts)
			text := "set; " + strings.Join(parts, "; ")
			if out[name] != "" {
				text = "set more than once" // so that a browser has the last one alone
			}
			out[name] = text
		}
		return out
	}
	a, b := read(before), read(after)
	names := maps.Clone(a)
	maps.Copy(names, b)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		add(Cookie, name, a[name], b[name])
	}
}
