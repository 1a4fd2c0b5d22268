package traefikingress

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// release is a version of Traefik, such as 3.6.12.
type release struct{ major, minor, patch int }

// lastPatch stands for the newest patch release of a minor version.
const lastPatch = 1 << 20

// Versions at which the provider changed what an Ingress means.
var (
	newest2 = release{2, 11, lastPatch}
	newest3 = release{3, 7, lastPatch}
	// v3_6_11 quotes rules with %q where earlier ones use back-ticks (traefik#12808).
	v3_6_11 = release{3, 6, 11}
	// v3_7 writes wildcard hosts as Host (traefik#12884).
	v3_7 = release{3, 7, 0}
)

// parseRelease reads 2, 2.11, v3.6 or 3.6.12; what is left out is the newest.
func parseRelease(text string) (release, error) {
	if text == "" {
		return newest2, nil
	}
	parts := strings.Split(strings.TrimPrefix(text, "v"), ".")
	numbers := make([]int, len(parts))
	for i, part := range parts {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil || len(parts) > 3 {
			return newest2, fmt.Errorf("%q is not a version of Traefik: want something like 2.11 or 3.6.12", text)
		}
		numbers[i] = int(n)
	}
	r := newest2
	switch numbers[0] {
	case 2:
	case 3:
		r = newest3
	default:
		return newest2, fmt.Errorf("version %q is neither of Traefik 2 nor of Traefik 3", text)
	}
	if len(numbers) > 1 {
		r = release{numbers[0], numbers[1], lastPatch}
	}
	if len(numbers) > 2 {
		r.patch = numbers[2]
	}
	return r, nil
}

func (r release) compare(other release) int {
	return cmp.Or(cmp.Compare(r.major, other.major), cmp.Compare(r.minor, other.minor), cmp.Compare(r.patch, other.patch))
}

func (r release) before(other release) bool { return r.compare(other) < 0 }

// String is how texts name the version: without a patch release nobody stated.
func (r release) String() string {
	text := "Traefik " + strconv.Itoa(r.major) + "." + strconv.Itoa(r.minor)
	if r.patch != lastPatch {
		text += "." + strconv.Itoa(r.patch)
	}
	return text
}

// takesAnyPathMatcher tells whether the provider writes router.pathmatcher into
// the rule without looking at it (traefik#13227).
func (r release) takesAnyPathMatcher() bool {
	switch {
	case r.major == 2:
		return r.before(release{2, 11, 48})
	case r.minor == 7:
		return r.patch < 3
	}
	return r.before(release{3, 6, 19})
}
