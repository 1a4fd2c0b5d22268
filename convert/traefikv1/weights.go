package traefikv1

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v2"
	corev1 "k8s.io/api/core/v1"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// hundred is 100 % in thousandths of a percent, the unit in which Traefik 1.7
// counts shares.
const hundred = 100_000

// shares are the service-weights of one Ingress: thousandths of a percent by Service.
type shares struct{ listed map[string]int }

// readShares reads service-weights; false when Traefik 1.7 drops the Ingress. The
// checks are in its order, because a panic only comes when nothing fails before.
func (t *translator) readShares(s *source) bool {
	asked := s.ann.find("service-weights")
	if asked == nil {
		return true
	}
	parsed, problem := parseShares(asked.value)
	if problem == nil {
		problem = t.checkServices(s)
	}
	if problem == nil {
		problem = parsed.check(s)
	}
	if problem != nil {
		if problem.field == "" {
			*problem = s.of("service-weights", *problem)
		}
		t.loseAll(s, *problem)
		return false
	}
	s.shares = parsed
	return true
}

// badShares is the finding that Traefik 1.7 drops the Ingress.
func badShares(why string) *finding {
	f := dropped("", "service-weights: "+why+", so Traefik 1.7 drops the whole Ingress")
	return &f
}

// panics is the finding that Traefik 1.7 never gets any further.
func panics(field, why string) *finding {
	f := blocked(diag.EV1Panic, field, why+" makes Traefik 1.7 panic; it loads no Ingress at all")
	return &f
}

// parseShares reads the YAML mapping of Service names to percentages.
func parseShares(raw string) (*shares, *finding) {
	texts := map[string]string{}
	if err := yaml.Unmarshal([]byte(raw), texts); err != nil {
		return nil, badShares("not a YAML mapping of Services to percentages")
	}
	s := &shares{listed: map[string]int{}}
	var problem *finding
	for _, service := range sortedKeys(texts) {
		value, ok := parsePercentage(texts[service])
		switch number, err := strconv.ParseFloat(strings.TrimSuffix(texts[service], "%"), 64); {
		case ok:
			s.listed[service] = value
		case err == nil && (math.IsNaN(number) || math.IsInf(number, 0)):
			return nil, panics("", "a share that is not a finite number")
		default:
			problem = badShares("a value is not a percentage")
		}
	}
	return s, problem
}

// parsePercentage reads "12.5%" or "12.5" as thousandths of a percent, cut off
// after the third decimal. Absurdly large numbers come back as more than 100 %.
func parsePercentage(text string) (int, bool) {
	number, err := strconv.ParseFloat(strings.TrimSuffix(text, "%"), 64)
	if err != nil || math.IsNaN(number) || math.IsInf(number, 0) {
		return 0, false
	}
	if math.Abs(number) > 1e9 {
		return int(math.Copysign(1e12, number)), true
	}
	// In decimal, so that 0.29 is 290 and not 289.
	whole, fraction, _ := strings.Cut(strconv.FormatFloat(number, 'f', -1, 64), ".")
	value, err := strconv.Atoi(whole + (fraction + "000")[:3])
	return value, err == nil
}

// checkServices looks up every Service of the Ingress, as Traefik 1.7 does to
// count pods.
func (t *translator) checkServices(s *source) *finding {
	for r, rule := range s.Spec.Rules {
		if rule.HTTP == nil {
			return panics(place{src: s, rule: r}.ruleField(), "a rule without http beside service-weights")
		}
		for i := range rule.HTTP.Paths {
			serviceName, _ := backendOf(&rule.HTTP.Paths[i])
			service, known := t.service(s.Namespace, serviceName)
			switch {
			case service == nil && known:
				return badShares("Service " + strconv.Quote(serviceName) + " of the Ingress does not exist")
			case service == nil || service.Spec.Type == corev1.ServiceTypeExternalName || !t.in.EndpointsKnown:
			case t.endpoints[name{s.Namespace, serviceName}] == nil:
				return badShares("Service " + strconv.Quote(serviceName) + " of the Ingress has no Endpoints object")
			}
		}
	}
	return nil
}

// check adds up the shares of each path.
func (w shares) check(s *source) *finding {
	for _, rule := range s.Spec.Rules {
		rest := map[string]int{}
		unlisted := map[string]bool{}
		for i := range rule.HTTP.Paths {
			path := &rule.HTTP.Paths[i]
			serviceName, _ := backendOf(path)
			if _, ok := rest[path.Path]; !ok {
				rest[path.Path] = hundred
			}
			share, ok := w.listed[serviceName]
			if !ok {
				unlisted[path.Path] = true
				continue
			}
			if rest[path.Path] -= share; rest[path.Path] < 0 {
				return badShares("the shares of path " + path.Path + " exceed 100 %")
			}
		}
		for i := range rule.HTTP.Paths {
			path := rule.HTTP.Paths[i].Path
			if rest[path] > 0 && !unlisted[path] {
				return badShares("the shares of path " + path + " do not add up to 100 %")
			}
		}
	}
	return nil
}

// weights are the shares of the members of a backend, in lowest terms.
func (b *backend) weights(t *translator, members []*member) []int {
	weights := make([]int, len(members))
	sources := map[*source]bool{}
	shared, snapshot := false, false
	for i, m := range members {
		sources[m.at.src] = true
		s := m.at.src.shares
		if s == nil {
			snapshot = true
			weights[i] = m.count()
			continue
		}
		shared = true
		listed := false
		if weights[i], listed = s.listed[m.name]; !listed {
			var more bool
			weights[i], more = b.remainder(m, members)
			snapshot = snapshot || more
		} else if weights[i] <= 0 {
			weights[i] = 0
			m.at.src.sayOf(diag.IWeightZero, "service-weights", b.zeroText(t, m))
		}
	}
	if shared && len(sources) > 1 {
		members[len(members)-1].at.src.say(diag.WWeightsMerge, members[len(members)-1].at.field(), "several Ingresses share this host and path; their weights meet in Traefik 1.7 as weights of single pods")
	}
	if shared {
		members[0].at.src.sayOf(diag.WWRRSmooth, "service-weights", "the target mixes the Services from the first request on; Traefik 1.7 sends long runs to the heaviest one")
	}
	if snapshot {
		text := "Traefik 1.7 weighs Services by their ready pods; the output has the numbers of now"
		if slices.ContainsFunc(members, func(m *member) bool { return !m.podsKnown }) {
			text = "Traefik 1.7 weighs Services by their ready pods, which are not part of the input; the output weighs them equally"
		}
		members[0].at.src.say(diag.WPodCountWeights, members[0].at.field(), text)
	}
	return lowestTerms(weights)
}

// count is the number of pods; 1 when it is not known.
func (m *member) count() int {
	if !m.podsKnown {
		return 1
	}
	return len(m.pods)
}

// remainder is the share of a member whose Service is not listed: what the
// listed ones leave, divided by pods among the others. more: there are others.
func (b *backend) remainder(m *member, members []*member) (weight int, more bool) {
	rest, pods, others := hundred, 0, 0
	for _, other := range members {
		if other.at.src != m.at.src {
			continue
		}
		if share, listed := m.at.src.shares.listed[other.name]; listed {
			rest -= share
			continue
		}
		pods += other.count()
		others++
	}
	if pods == 0 {
		return rest / max(others, 1), others > 1
	}
	return rest * m.count() / pods, others > 1
}

func (b *backend) zeroText(t *translator, m *member) string {
	if t.facts.AllowMinWeightZero {
		return "Service " + m.name + " has 0 % and is never served"
	}
	return "Service " + m.name + " has 0 %: Traefik 1.7 still gives it about one request in 100000, and all of them when the others have no pods; the output gives it none"
}

// lowestTerms divides weights by their greatest common divisor; nothing but
// zeros (no pod is ready now) becomes equal weights.
func lowestTerms(weights []int) []int {
	if !slices.ContainsFunc(weights, func(w int) bool { return w > 0 }) {
		for i := range weights {
			weights[i] = 1
		}
	}
	divisor := 0
	for _, w := range weights {
		for w != 0 {
			divisor, w = w, divisor%w
		}
	}
	if divisor > 1 {
		for i := range weights {
			weights[i] /= divisor
		}
	}
	return weights
}
