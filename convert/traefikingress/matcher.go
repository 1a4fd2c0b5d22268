package traefikingress

import (
	"strings"

	networkingv1 "k8s.io/api/networking/v1"
)

// matcherOf is the path matcher of a path: the pathType decides, and where it
// leaves it to the implementation router.pathmatcher does. annotated tells
// whether the annotation decided.
func matcherOf(path *networkingv1.HTTPIngressPath, annotation string) (matcher string, annotated bool) {
	switch {
	case path.PathType == nil, *path.PathType == "", *path.PathType == networkingv1.PathTypeImplementationSpecific:
		return annotation, true
	case *path.PathType == networkingv1.PathTypeExact:
		return pathExact, false
	}
	return pathPrefix, false
}

// knownMatcher returns the matcher that the source takes an annotation's value
// for. dead: the source has no router; unsafe: it has one that is not converted.
func knownMatcher(value string, source release) (matcher, dead, unsafe string) {
	for _, known := range []string{pathExact, pathPrefix, pathRegexp} {
		if value == known && (known != pathRegexp || source.major > 2) {
			return known, "", ""
		}
	}
	if !source.takesAnyPathMatcher() || value == pathRegexp {
		return "", "path matcher " + value + " is not one that " + source.String() + " takes", ""
	}
	// Rules know each matcher in four spellings.
	for _, known := range []string{pathExact, pathPrefix, pathRegexp} {
		title := known[:1] + strings.ToLower(known[1:])
		if value != strings.ToLower(known) && value != strings.ToUpper(known) && value != title {
			continue
		}
		if known == pathRegexp && source.major == 2 {
			return "", "path matcher " + value + " is not one that " + source.String() + " takes", ""
		}
		return known, "", ""
	}
	return "", "", source.String() + " writes the path matcher into the rule as it is"
}
