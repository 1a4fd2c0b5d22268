package preflight

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Number is one term or one sum of the drain arithmetic.
type Number struct {
	// Of is whose it is: the load balancer, or a DaemonSet as NAMESPACE/NAME.
	Of   string `json:"of"`
	Name string `json:"name"`
	// Value is in Unit: "s" is seconds, none a count or a port.
	Value float64 `json:"value"`
	Unit  string  `json:"unit,omitempty"`
	// From is where it is set, or the formula of a sum.
	From string `json:"from"`
}

// Text is the value with its unit.
func (n Number) Text() string {
	text := strconv.FormatFloat(n.Value, 'f', -1, 64)
	if n.Unit != "" {
		text += " " + n.Unit
	}
	return text
}

// closing is what a proxy needs beyond its graces: Traefik closes what is left
// within 10 s of its own after graceTimeOut, and the kubelet needs a moment.
const closing = 15 * time.Second

func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + " s" }

// balancer is what is known of the health check: what was told goes before what the
// load balancer says of itself.
func (f *Facts) balancer() cutover.Balancer {
	b := f.Settings.Balancer
	if f.LoadBalancer == nil {
		return b
	}
	said := f.LoadBalancer.Facts
	b.Interval, b.Timeout = cmp.Or(b.Interval, said.Interval), cmp.Or(b.Timeout, said.Timeout)
	b.Unhealthy, b.Healthy = cmp.Or(b.Unhealthy, said.Unhealthy), cmp.Or(b.Healthy, said.Healthy)
	return b
}

// arithmetic lists every number that the checks of the drain use.
func (f *Facts) arithmetic() []Number {
	sums := &sums{of: "load balancer"}
	told, b := f.Settings.Balancer, f.balancer()
	said := "the load balancer"
	if f.LoadBalancer != nil && f.LoadBalancer.Facts.Name != "" {
		said = f.LoadBalancer.Facts.Name
	}
	from := func(given bool, flag string) string {
		if given {
			return flag
		}
		return said
	}
	sums.time("interval", b.Interval, from(told.Interval > 0, "--lb-interval"))
	sums.time("timeout", b.Timeout, from(told.Timeout > 0, "--lb-timeout"))
	sums.count("unhealthyThreshold", b.Unhealthy, from(told.Unhealthy > 0, "--lb-unhealthy"))
	sums.count("healthyThreshold", b.Healthy, from(told.Healthy > 0, "--lb-healthy"))
	sums.count("checkedPort", int(b.Port), "--lb-port")
	sums.time("margin", b.Margin, "--lb-margin")
	if b.Known() {
		sums.time("detection", b.Detection(), fmt.Sprintf("%d x %s + %s + %s", b.Unhealthy, seconds(b.Interval), seconds(b.Timeout), seconds(b.Margin)))
		sums.time("recovery", b.Recovery(), fmt.Sprintf("%d x %s + %s + %s", b.Healthy, seconds(b.Interval), seconds(b.Timeout), seconds(b.Margin)))
	}
	if f.LoadBalancer != nil {
		sums.time("deregistrationDelay", f.LoadBalancer.Facts.DeregistrationDelay, said)
		sums.time("drainTimeout", f.Settings.NodeTimeout, "--node-timeout")
	}
	longest, longestFrom := f.longest()
	sums.time("longestRequest", longest, longestFrom)
	for _, set := range f.sets() {
		f.sumUp(sums, set)
	}
	return sums.numbers
}

// longest is how long a request may take, and who says so: what was told, or what was
// seen if that is longer.
func (f *Facts) longest() (time.Duration, string) {
	if f.Seen > f.Settings.LongestRequest {
		return f.Seen, "the longest in " + f.SeenIn
	}
	return f.Settings.LongestRequest, "--longest-request"
}

// sumUp adds the numbers of one proxy.
func (f *Facts) sumUp(s *sums, set *fleet.Set) {
	s.of = set.Name.String()
	c, before := f.config(set.Side), preStopOf(set)
	if before.from != "" {
		s.always("preStop", before.sleep, before.from)
	}
	if c.Problem == "" {
		s.always("acceptGrace", c.Accept, c.AcceptFrom)
		s.always("finishGrace", c.Finish, c.FinishFrom)
		s.time("answerLimit", c.AnswerLimit, "writeTimeout of its entry points")
		if c.Ping != nil {
			s.count("pingPort", int(c.Ping.Port), "its "+c.Ping.Path)
		}
		s.always("closing", closing, "what Traefik and the kubelet take")
		s.always("neededGrace", needed(c, before), fmt.Sprintf("%s + %s + %s + %s", seconds(before.sleep), seconds(c.Accept), seconds(c.Finish), seconds(closing)))
		s.always("forLongRequests", f.left(set), f.leftFormula(set))
	}
	grace := "terminationGracePeriodSeconds"
	if set.Object.Spec.Template.Spec.TerminationGracePeriodSeconds == nil {
		grace = "the API's default"
	}
	s.always("podGrace", time.Duration(set.Grace())*time.Second, grace)
}

// needed is the grace period that a pod's drain takes.
func needed(c Config, before preStop) time.Duration {
	return before.sleep + c.Accept + c.Finish + closing
}

// left is how long the last request that the load balancer sends may take: the
// finish grace, and what is left of the accept grace when it has noticed.
func (f *Facts) left(set *fleet.Set) time.Duration {
	c, b := f.config(set.Side), f.balancer()
	if f.LoadBalancer != nil || !b.Known() {
		return c.Finish
	}
	return c.Finish + max(0, preStopOf(set).sleep+c.Accept-b.Detection())
}

func (f *Facts) leftFormula(set *fleet.Set) string {
	c, b := f.config(set.Side), f.balancer()
	if f.LoadBalancer != nil || !b.Known() {
		return "finishGrace"
	}
	return fmt.Sprintf("%s + max(0, %s - %s)", seconds(c.Finish), seconds(preStopOf(set).sleep+c.Accept), seconds(b.Detection()))
}

// sums collects numbers; what is zero because it is not known is left out.
type sums struct {
	of      string
	numbers []Number
}

func (s *sums) add(name string, value float64, unit, from string) {
	s.numbers = append(s.numbers, Number{Of: s.of, Name: name, Value: value, Unit: unit, From: from})
}

func (s *sums) always(name string, d time.Duration, from string) { s.add(name, d.Seconds(), "s", from) }

func (s *sums) time(name string, d time.Duration, from string) {
	if d > 0 {
		s.always(name, d, from)
	}
}

func (s *sums) count(name string, n int, from string) {
	if n > 0 {
		s.add(name, float64(n), "", from)
	}
}
