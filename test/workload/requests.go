package workload

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
)

// readRequests parses a list of requests, one a line: method, URL, optional
// header. The method "slow" is a GET that the application takes a second to answer.
// More quick ones may be added. After every three quick requests comes a slow one.
func readRequests(text string, divided map[string][]string, more []load.Request) ([]load.Request, error) {
	var quick, slow []load.Request
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, isSlow, err := parseRequest(line, divided)
		if err != nil {
			return nil, err
		}
		if isSlow {
			slow = append(slow, r)
		} else {
			quick = append(quick, r)
		}
	}
	quick = append(quick, more...)
	var all []load.Request
	for i, r := range quick {
		all = append(all, r)
		if i%3 == 2 {
			all = append(all, slow[(i/3)%len(slow)])
		}
	}
	return all, nil
}

func parseRequest(line string, divided map[string][]string) (load.Request, bool, error) {
	method, rest, _ := strings.Cut(line, " ")
	address, header, _ := strings.Cut(strings.TrimSpace(rest), " ")
	r := load.Request{Name: line, Method: method, URL: address, Header: http.Header{}}
	u, err := url.Parse(address)
	if err != nil {
		return r, false, fmt.Errorf("request %q: %w", line, err)
	}
	r.Interchangeable = divided[u.Host]
	slow := method == "slow"
	if slow {
		query := u.Query()
		query.Set("sleep", "1s")
		u.RawQuery = query.Encode()
		r.Method, r.URL = http.MethodGet, u.String()
	}
	if name, value, ok := strings.Cut(header, ": "); ok {
		r.Name = method + " " + address + " with " + name
		r.Header.Set(name, value)
	}
	return r, slow, nil
}
