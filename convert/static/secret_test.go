package static

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// secretKeys are the keys whose values must not be told.
var secretKeys = regexp.MustCompile(`(?i)(\.users|token|password|secretKey|secretAccessKey|accessKey|accessKeyID|username|AuthUser|\.key|keyFile|certFile)$`)

const sentinel = "-----BEGIN-s3cr3t-----"

// Findings and the report say nothing of what is behind a key that is secret.
func TestSecretsAreNotTold(t *testing.T) {
	seen := 0
	for line := range strings.Lines(keysText) {
		key, kind, _ := strings.Cut(strings.TrimSpace(line), " ")
		if !secretKeys.MatchString(key) {
			continue
		}
		seen++
		concrete := strings.ReplaceAll(strings.ReplaceAll(key, "entryPoints.*", "entryPoints.three"), "[]", "")
		i := strings.LastIndexByte(concrete, '.')
		setting := fmt.Sprintf("%s = %q\n", concrete[i+1:], sentinel)
		if kind == "list" {
			setting = fmt.Sprintf("%s = [%q]\n", concrete[i+1:], sentinel)
		}
		header := "[" + concrete[:i] + "]\n"
		if strings.Contains(key, "[].") {
			header = "[" + header[:len(header)-1] + "]\n"
		}
		text := around + before(concrete) + header + setting
		if strings.Contains(around+before(concrete), header) {
			text = around + before(concrete) + setting
		}
		t.Run(key, func(t *testing.T) { tellsNothing(t, Input{File: "traefik.toml", Content: []byte(text)}) })
	}
	if seen < 20 {
		t.Errorf("only %d keys are secret", seen)
	}
	for name, text := range map[string]string{
		"user":    "Name:http Address::80 Auth.Basic.Users:admin:" + sentinel,
		"blank":   "Name:http Address::80 Auth.Basic.Users:admin:x, " + sentinel,
		"unknown": "Name:http Address::80 Password:" + sentinel,
		"pair":    "Name:http Address::80 TLS:" + sentinel,
	} {
		t.Run("entry point "+name, func(t *testing.T) { tellsNothing(t, Input{Args: []string{"--kubernetes", "--entrypoints=" + text}}) })
	}
	t.Run("wrong type", func(t *testing.T) {
		tellsNothing(t, Input{File: "traefik.toml", Content: []byte("[kubernetes]\ntoken = [\"" + sentinel + "\"]\n")})
	})
	t.Run("no TOML", func(t *testing.T) {
		tellsNothing(t, Input{File: "traefik.toml", Content: []byte("token = \"" + sentinel)})
	})
}

func tellsNothing(t *testing.T, in Input) {
	t.Helper()
	config, err := Read(in)
	if err != nil {
		if strings.Contains(err.Error(), sentinel) {
			t.Errorf("the error tells it: %v", err)
		}
		return
	}
	opts := Options{Target: V2, Resolver: "le", Namespace: "edge"}
	report, err := json.Marshal(NewReport(Convert(config, opts), in, opts))
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(strings.ToLower(string(report)), strings.ToLower(sentinel)) {
		t.Errorf("the report tells it: %s", report)
	}
}
