package nginx

import (
	"regexp"
	"strconv"
	"strings"
)

// The values that the controller accepts, named as in its
// internal/ingress/annotations/parser/validators.go.
var (
	basicChars      = regexp.MustCompile(`^[-._~a-zA-Z0-9/:]*$`)
	charsWithSpace  = regexp.MustCompile(`^[-._~a-zA-Z0-9/: ]*$`)
	plainURL        = regexp.MustCompile(`^[-._~a-zA-Z0-9/:?&=]*$`)
	urlWithVariable = regexp.MustCompile(`^[-._~a-zA-Z0-9/:, ?&=$]*$`)
	serverName      = regexp.MustCompile(`^[-._~a-zA-Z0-9/:^$\[\](){}*+?|&=\\]*$`)
	sizeText        = regexp.MustCompile(`^(?i)\d+[bkmg]?$`)
	statusList      = regexp.MustCompile(`^(?:[4,5]\d{2},?)*$`)
	serviceName     = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`)
	cipherList      = regexp.MustCompile(`^(?:[A-Za-z0-9!:+-]|@STRENGTH|@SECLEVEL=[0-5])*$`)
	operationName   = regexp.MustCompile(`^[A-Za-z0-9_-]*$`)
	fileName        = regexp.MustCompile(`^[A-Za-z0-9._-]+$`)
)

// validator is a condition on the value of an annotation without which the
// controller does not read the Ingress at all. Other invalid values are as if they
// were absent, or deny the locations.
type validator struct {
	name string
	ok   func(string) bool
	// with is an annotation without which this one is not looked at.
	with string
}

// validators are those of the controller (each annotation's Parse that hands on
// the error of its validator), in the order in which they are reported.
var validators = [...]validator{
	{name: "auth-realm", ok: charsWithSpace.MatchString, with: "auth-type"},
	{name: "auth-secret-type", ok: mentions("auth-file", "auth-map"), with: "auth-type"},
	{name: "auth-tls-secret", ok: unspaced(basicChars)},
	{name: "auth-type", ok: mentions("basic", "digest")},
	{name: "auth-url", ok: urlWithVariable.MatchString},
	{name: "client-body-buffer-size", ok: unspaced(sizeText)},
	{name: "connection-proxy-header", ok: oneOf("close", "keep-alive")},
	{name: "custom-http-errors", ok: unspaced(statusList)},
	{name: "default-backend", ok: serviceName.MatchString},
	{name: "fastcgi-index", ok: unspaced(fileName)},
	{name: "fastcgi-params-configmap", ok: unspaced(basicChars)},
	{name: "from-to-www-redirect", ok: isBool},
	{name: "http2-push-preload", ok: isBool},
	{name: "limit-allowlist", ok: isRanges},
	{name: "limit-connections", ok: isNumber},
	{name: "limit-rpm", ok: isNumber},
	{name: "limit-rps", ok: isNumber},
	{name: "limit-whitelist", ok: isRanges},
	{name: "load-balance", ok: oneOf("chash", "chashsubset", "ewma", "round_robin", "sticky_balanced", "sticky_persistent")},
	{name: "opentelemetry-operation-name", ok: unspaced(operationName), with: "enable-opentelemetry"},
	{name: "permanent-redirect", ok: plainURL.MatchString},
	{name: "permanent-redirect-code", ok: isNumber},
	{name: "proxy-ssl-secret", ok: unspaced(basicChars)},
	{name: "server-alias", ok: isNames},
	{name: "ssl-ciphers", ok: unspaced(cipherList)},
	{name: "ssl-passthrough", ok: isBool},
	{name: "temporal-redirect", ok: plainURL.MatchString},
	{name: "upstream-hash-by-subset", ok: isBool},
	{name: "upstream-hash-by-subset-size", ok: isNumber},
	{name: "upstream-vhost", ok: serverName.MatchString},
	{name: "x-forwarded-prefix", ok: unspaced(pathWithCapture)},
}

// invalid returns the first annotation for which the controller does not read the
// Ingress, and why; empty when there is none. Without usable users it denies the
// locations before it reads their realm.
func (a *annotations) invalid(users bool) (name, why string) {
	for i := range validators {
		v := &validators[i]
		value, ok := a.find(v.name)
		if !ok || v.ok(value) || v.with != "" && !a.has(v.with) {
			continue
		}
		switch v.name {
		case "auth-realm":
			if !users {
				continue
			}
		case "permanent-redirect", "permanent-redirect-code":
			if a.has("temporal-redirect") {
				continue // which is taken before these are read
			}
			if v.name == "permanent-redirect" {
				return v.name, "the URL has characters that the controller refuses"
			}
		case "temporal-redirect":
			return v.name, "the URL has characters that the controller refuses"
		case "auth-secret-type":
			return v.name, "the controller takes only auth-file and auth-map"
		case "auth-type":
			return v.name, "the controller takes only basic and digest"
		}
		return v.name, "a value that the controller refuses"
	}
	return "", ""
}

func unspaced(expression *regexp.Regexp) func(string) bool {
	return func(value string) bool { return expression.MatchString(strings.ReplaceAll(value, " ", "")) }
}

func oneOf(options ...string) func(string) bool {
	return func(value string) bool {
		for _, option := range options {
			if value == option {
				return true
			}
		}
		return false
	}
}

// mentions is how the controller compares some words: anywhere in the value.
func mentions(words ...string) func(string) bool {
	return func(value string) bool {
		for _, word := range words {
			if strings.Contains(value, word) {
				return true
			}
		}
		return false
	}
}

func isBool(value string) bool {
	_, err := strconv.ParseBool(value)
	return err == nil
}

func isNumber(value string) bool {
	_, err := strconv.Atoi(value)
	return err == nil
}

func isRanges(value string) bool {
	for _, entry := range splitList(value) {
		if _, ok := canonicalRange(entry); !ok {
			return false
		}
	}
	return true
}

func isNames(value string) bool {
	for name := range strings.SplitSeq(value, ",") {
		if !serverName.MatchString(strings.TrimSpace(name)) {
			return false
		}
	}
	return true
}
