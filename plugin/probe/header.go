package probe

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"golang.org/x/net/http/httpguts"
)

// ParseHeader reads "NAME: VALUE". Its errors never quote the value, which may be
// a secret, nor a text without a colon, which may be one whole.
func ParseHeader(text string) (name, value string, err error) {
	name, value, found := strings.Cut(text, ":")
	switch {
	case !found:
		return "", "", errors.New("no colon: want NAME: VALUE")
	case !validHeaderName(name):
		return "", "", errors.New("what is before the colon is no header name: want NAME: VALUE")
	}
	value = strings.TrimSpace(value)
	if !httpguts.ValidHeaderFieldValue(value) {
		return "", "", fmt.Errorf("the value of %s has a control character", name)
	}
	return http.CanonicalHeaderKey(name), value, nil
}

func validHeaderName(name string) bool { return httpguts.ValidHeaderFieldName(name) }
