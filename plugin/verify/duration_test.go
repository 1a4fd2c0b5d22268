package verify

import (
	"strings"
	"testing"
	"time"
)

func TestLongest(t *testing.T) {
	for name, test := range map[string]struct {
		log  string
		want time.Duration
	}{
		"nothing":                {"", 0},
		"Traefik, JSON":          {`{"RequestMethod":"GET","Duration":1500000000}` + "\n" + `{"Duration":20}`, 1500 * time.Millisecond},
		"Traefik 1, common":      {`10.0.0.1 - - [02/Jan/2026:03:04:05 +0000] "GET / HTTP/1.1" 200 5 "-" "-" 7 "Host-shop-test-0" "http://10.0.0.2:80" 12ms` + "\nx 300ms\n", 300 * time.Millisecond},
		"nginx, a text":          {`{"request_time":"61.250"}`, 61250 * time.Millisecond},
		"nginx, a number":        {`{"request_time":0.5}`, 500 * time.Millisecond},
		"lines that do not tell": {"GET /\n{\"a\":1}\n{\"request_time\":\"-\"}\n", 0},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Longest(strings.NewReader(test.log))
			if err != nil || got != test.want {
				t.Errorf("%s, %v; want %s", got, err, test.want)
			}
		})
	}
	if _, err := Longest(strings.NewReader(strings.Repeat("x", mostInLine+1))); err == nil {
		t.Error("no error of a line without end")
	}
}
