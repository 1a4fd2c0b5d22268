package traefikv1

import (
	"testing"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func TestForwardedProto(t *testing.T) {
	host := func(h string, kind ir.HostKind) ir.Match {
		return ir.Match{Hosts: []ir.Host{{Kind: kind, Value: h}}, Paths: []ir.Path{{Kind: ir.PathPrefix, Value: "/"}}}
	}
	tests := map[string]struct {
		regex, replacement string
		match              ir.Match
		want               protoEffect
	}{
		"http only":               {`^http://h\.test/(.*)`, "https://h.test/$1", host("h.test", ir.HostExact), protoPasses},
		"both to the same host":   {`^https?://h\.test/(.*)`, "https://h.test/$1", host("h.test", ir.HostExact), protoPasses},
		"both to another host":    {`^https?://h\.test/(.*)`, "https://www.h.test/$1", host("h.test", ir.HostExact), protoSame},
		"scheme is kept":          {`^(https?)://h\.test/(.*)`, "$1://www.h.test/$2", host("h.test", ir.HostExact), protoDiffers},
		"any host to itself":      {`^https?://([^/]+)/(.*)`, "https://$1/$2", host("*.w", ir.HostWildcard), protoPasses},
		"one path to itself":      {`^https?://h\.test/secure/(.*)`, "https://h.test/secure/$1", host("h.test", ir.HostExact), protoPasses},
		"one path elsewhere":      {`^https?://h\.test/old/(.*)`, "https://h.test/new/$1", host("h.test", ir.HostExact), protoSame},
		"only https":              {`^https://h\.test/(.*)`, "http://h.test/$1", host("h.test", ir.HostExact), protoDiffers},
		"not anchored":            {`h\.test/old(.*)`, "h.test/new$1", host("h.test", ir.HostExact), protoSame},
		"not anchored, to https":  {`http://h\.test/(.*)`, "https://h.test/$1", host("h.test", ir.HostExact), protoPasses},
		"never":                   {`^ftp://`, "https://o/", host("h.test", ir.HostExact), protoSame},
		"dots not escaped":        {`^https?://h.test/(.*)`, "https://h.test/$1", host("h.test", ir.HostExact), protoPasses},
		"other host not of route": {`^https?://(?:www\.)?h\.test/(.*)`, "https://h.test/$1", host("h.test", ir.HostExact), protoPasses},
		"some to itself":          {`^https?://(?:www\.)?h\.test/(.*)`, "https://h.test/$1", ir.Match{}, protoDiffers},
		"long repetition":         {`^http://(((a{10}){10}){10})$`, "https://$1", host("h.test", ir.HostExact), protoSame},
		"does not compile either": {`(`, "x", host("h.test", ir.HostExact), protoDiffers},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got := forwardedProto(ir.RedirectRegex{Regex: tc.regex, Replacement: tc.replacement}, tc.match); got != tc.want {
				t.Errorf("got %d, want %d", got, tc.want)
			}
		})
	}
}
