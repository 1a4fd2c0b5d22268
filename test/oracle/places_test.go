package oracle

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// measured are the numbers of the measured cases in the dialects' specifications,
// but for T93 and T94, which are about static configuration and no Ingress: package
// startup asks those.
func measured() map[string]string {
	return map[string]string{
		"t-cases": `T01 T02 T04 T05 T06 T08 T09 T10 T12 T13 T14 T16 T17 T18 T20 T21 T22 T24 T25 T26 T28 T29 T30 T32 T33 T34 T36 T37 T38
		T40 T41 T42 T44 T45 T46 T48 T49 T50 T52 T53 T54 T56 T57 T58 T60 T61 T62 T64 T65 T66 T68 T69 T70 T72 T73 T74 T76 T77 T78
		T80 T81 T82 T84 T85 T86 T88 T89 T90 T92 T96`,
		"traefik-cases": `1 2 4 5 6 8 9 10 12 13 14 16 17 18 20 21 21b 22 24 25 26 28 29 30 32 32b 32c 33 34 36 37 38 40 41 42 44 45 46 48
		49 50 52 53 54 56 57 58 60 61 62 62b 62c`,
		// 70 is not here: it needs a client that speaks WebSocket.
		"nginx-cases": `1 2 4 5 6 8 9 10 12 13 14 16 17 18 20 21 22 24 25 26 28 29 30 32 33 34 36 37 38 40 41 42 44 45 46 48 49 50 52 53 54
		56 57 58 60 61 62 64 65 66 68 69`,
	}
}

// elsewhere are the stories of the conversion that hold the cases which no
// controller is asked about here. Their comments name the cases.
func elsewhere() map[string]map[string]string {
	return map[string]map[string]string{
		"t-cases": {
			"T70": "v1-client-cert", "T74": "v1-merge-namespaces",
		},
		"nginx-cases": {"38": "nginx-mirror", "54": "nginx-backend", "57": "nginx-redirects"},
		"traefik-cases": {
			"10": "traefik-wildcard-v37", "48": "traefik-middlewares-known", "52": "traefik-class-set", "53": "traefik-prefix", "54": "traefik-prefix",
			"56": "traefik-tlsoptions", "60": "traefik-service-v3", "61": "traefik-prefix", "62": "traefik-duplicates", "62b": "nginx-canary-empty",
		},
	}
}

// TestEveryCaseHasAPlace names the place of each measured case.
func TestEveryCaseHasAPlace(t *testing.T) {
	for name, numbers := range measured() {
		archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			t.Fatal(err)
		}
		for _, number := range strings.Fields(numbers) {
			if slices.ContainsFunc(archive.Files, func(f txtar.File) bool {
				first, _, _ := strings.Cut(f.Name, "-")
				return first == number
			}) {
				continue
			}
			story := elsewhere()[name][number]
			if story == "" {
				t.Errorf("%s: case %s has no place", name, number)
				continue
			}
			text, err := os.ReadFile(filepath.Join("..", "..", "convert", "testdata", story+".txtar"))
			if err != nil {
				t.Error(err)
				continue
			}
			comment, _, _ := strings.Cut(string(text), "\n-- ")
			if !regexp.MustCompile(`\b` + number + `\b`).MatchString(comment) {
				t.Errorf("%s: %s does not name case %s", name, story, number)
			}
		}
	}
}
