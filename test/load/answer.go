package load

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// volatileHeaders of an answer differ between two identical requests or name
// the proxy itself; they are not part of what a client relies on.
var volatileHeaders = []string{"Date", "Content-Length", "Connection", "Retry-After", "X-Retry-In"}

// pageHeaders say what a page of a proxy is.
var pageHeaders = []string{"Content-Type", "X-Content-Type-Options"}

// volatileEchoed headers, as the backend saw them, name the proxy.
var volatileEchoed = []string{"X-Forwarded-Server", "X-Forwarded-For", "X-Real-Ip"}

// normalise writes what a client can rely on in one answer as text: two
// requests got the same answer exactly when the texts are equal.
func normalise(status int, header http.Header, body []byte, told Told) string {
	ignored := volatileHeaders
	if told.Pages && status >= http.StatusMultipleChoices {
		ignored, body = append(slices.Clone(ignored), pageHeaders...), nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d\n", status)
	names := make([]string, 0, len(header))
	for name := range header {
		if !slices.Contains(ignored, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintf(&b, "%s: %s\n", name, strings.Join(header[name], ", "))
	}
	b.WriteString("\n")
	b.Write(normaliseBody(body, told.Echoed))
	return b.String()
}

// normaliseBody drops volatile headers, and those told of, from an echo backend's
// JSON; any other body is compared as it is.
func normaliseBody(body []byte, told []string) []byte {
	var echo map[string]any
	if json.Unmarshal(body, &echo) != nil {
		return body
	}
	delete(echo, "remote") // the proxy's address and port
	if headers, ok := echo["headers"].(map[string]any); ok {
		for _, name := range slices.Concat(volatileEchoed, told) {
			delete(headers, name)
		}
	}
	text, err := json.Marshal(echo)
	if err != nil {
		return body
	}
	return text
}
