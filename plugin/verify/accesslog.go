package verify

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"strings"
)

// Log is what an access log had.
type Log struct {
	Requests []Request
	// Lines that are no request, whose host is not in the line, and whose method changes
	// something and is not repeated.
	Unknown, WithoutHost, Unsafe int
}

// logLine is a request in one of the JSON forms: Traefik's (pkg/middlewares/accesslog),
// and the names that people give the variables of nginx.
type logLine struct {
	RequestMethod, RequestHost, RequestPath, RequestScheme, RequestAddr string

	Method   string `json:"request_method"`
	HTTPHost string `json:"http_host"`
	Host     string `json:"host"`
	URI      string `json:"request_uri"`
	Scheme   string `json:"scheme"`
}

// commonLine is a line of the common log format, with what Traefik 1.7 puts behind it:
// the number of the request, the frontend and the backend.
var commonLine = regexp.MustCompile(`^\S+ \S+ .*? \[[^\]]*\] "([A-Z]+) (\S+) HTTP/[0-9.]+" \d+ \S+(?: "[^"]*" "[^"]*"(?: \d+ "([^"]*)")?)?`)

// mostInLine bounds a line, bytes.
const mostInLine = 1 << 20

// FromAccessLog reads the access log of a proxy: JSON of Traefik, JSON with nginx's
// variables, or the common format, whose lines name a host only where Traefik 1.7 wrote
// them (in the name of the frontend); for others host is taken, if it is not empty. Each
// request is asked on every scheme, unless its line says on which one it came.
func FromAccessLog(r io.Reader, host string, schemes []string) (Log, error) {
	var log Log
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), mostInLine)
	number := 0
	for lines.Scan() {
		number++
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		request, ok := parseLine(line)
		if !ok {
			log.Unknown++
			continue
		}
		if request.Host == "" {
			request.Host = host
		}
		switch {
		case request.Host == "":
			log.WithoutHost++
			continue
		case request.Method != "GET" && request.Method != "HEAD":
			log.Unsafe++
			continue
		}
		request.Of = fmt.Sprintf("line %d of the access log", number)
		asked := schemes
		if request.Scheme != "" {
			asked = []string{request.Scheme}
		}
		for _, scheme := range asked {
			request.Scheme = scheme
			log.Requests = append(log.Requests, request)
		}
	}
	if err := lines.Err(); err != nil {
		return log, fmt.Errorf("line %d of the access log: %w", number+1, err)
	}
	log.Requests = Distinct(log.Requests)
	return log, nil
}

func parseLine(line string) (Request, bool) {
	if strings.HasPrefix(line, "{") {
		return parseJSON(line)
	}
	match := commonLine.FindStringSubmatch(line)
	if match == nil {
		return Request{}, false
	}
	request := Request{Method: match[1], Target: match[2]}
	// A frontend is called after its host and path.
	if name, _, _ := strings.Cut(match[3], "/"); strings.Contains(name, ".") && !strings.ContainsAny(name, "*{ ,") {
		request.Host = name
	}
	return request, sane(&request)
}

func parseJSON(text string) (Request, bool) {
	var line logLine
	if err := json.Unmarshal([]byte(text), &line); err != nil {
		return Request{}, false
	}
	request := Request{
		Method: first(line.RequestMethod, line.Method), Host: first(line.RequestHost, line.HTTPHost, line.Host),
		Target: first(line.RequestPath, line.URI), Scheme: first(line.RequestScheme, line.Scheme),
	}
	return request, sane(&request)
}

// sane tells whether the request can be sent as it is, and puts it into one form.
func sane(r *Request) bool {
	if name, port, found := strings.Cut(r.Host, ":"); found && strings.Trim(port, "0123456789") == "" {
		r.Host = name
	}
	if r.Scheme != "http" && r.Scheme != "https" {
		r.Scheme = ""
	}
	r.Host = strings.ToLower(r.Host)
	if r.Method == "" || !strings.HasPrefix(r.Target, "/") || strings.ContainsAny(r.Target, " \t\r\n#") {
		return false
	}
	if _, err := url.ParseRequestURI(r.Target); err != nil {
		return false
	}
	_, err := url.Parse("http://" + r.Host + "/")
	return err == nil
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" && text != "-" {
			return text
		}
	}
	return ""
}
