package preflight

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

func (f *Facts) config(side fleet.Side) Config {
	if side == fleet.Old {
		return f.OldConfig
	}
	return f.NewConfig
}

// drainAccept: the leaving proxy must accept requests for as long as the balancer
// needs to notice that it leaves.
func drainAccept(f *Facts) []Finding {
	if f.LoadBalancer != nil {
		return nil // it has let go of the node before
	}
	if why, ok := f.Unreadable["configmaps"]; ok {
		return []Finding{unknown("the proxies' configuration cannot be read: "+why, "check requestAcceptGraceTimeout yourself")}
	}
	var out []Finding
	b := f.balancer()
	for _, set := range f.sets() {
		c, before := f.config(set.Side), preStopOf(set)
		accept := c.Accept + before.sleep
		setting := c.acceptSetting()
		switch {
		case c.Problem != "":
			out = append(out, unknown(name(set)+": "+c.Problem, "check "+setting+" yourself"))
		case before.unknown != "":
			out = append(out, unknown(fmt.Sprintf("%s runs %q before it is told to end: how long that takes cannot be told", name(set), before.unknown), "see that it and "+setting+" together take what the balancer needs"))
		case b.Known() && accept < b.Detection():
			out = append(out, stop(
				fmt.Sprintf("the balancer needs %s to notice (%d x %s + %s + %s), %s stops accepting after %s", seconds(b.Detection()), b.Unhealthy, seconds(b.Interval), seconds(b.Timeout), seconds(b.Margin), name(set), seconds(accept)),
				fmt.Sprintf("set %s of %s to %s or more, or check more often", setting, name(set), seconds(b.Detection())),
			))
		case !b.Known() && accept == 0:
			out = append(out, warn(
				name(set)+" stops accepting the moment it is told to end: what the balancer sends until it notices is lost",
				"set "+setting+" to what the balancer needs (unhealthy threshold x interval + timeout + 10 s), and tell the numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
			))
		case !b.Known():
			out = append(out, unknown(
				fmt.Sprintf("%s accepts requests for %s after it is told to end; whether that is enough depends on the balancer", name(set), seconds(accept)),
				"tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy",
			))
		}
	}
	return out
}

// preStop is what a pod does before it gets SIGTERM.
type preStop struct {
	sleep time.Duration
	// from is what says so; empty: there is none.
	from string
	// unknown is a command that takes nobody knows how long.
	unknown string
}

// sleeping is a command that does nothing else.
var sleeping = regexp.MustCompile(`^(?:(?:/bin/)?(?:sh|bash|ash) -c )?(?:/bin/)?sleep (\d+)s?$`)

func preStopOf(set *fleet.Set) preStop {
	for _, c := range set.Object.Spec.Template.Spec.Containers {
		if c.Image != set.Image || c.Lifecycle == nil || c.Lifecycle.PreStop == nil {
			continue
		}
		hook := c.Lifecycle.PreStop
		switch {
		case hook.Sleep != nil:
			return preStop{sleep: time.Duration(hook.Sleep.Seconds) * time.Second, from: "lifecycle.preStop.sleep"}
		case hook.Exec != nil:
			command := strings.Join(hook.Exec.Command, " ")
			if match := sleeping.FindStringSubmatch(command); match != nil {
				if n, err := strconv.Atoi(match[1]); err == nil {
					return preStop{sleep: time.Duration(n) * time.Second, from: "lifecycle.preStop.exec"}
				}
			}
			return preStop{from: "lifecycle.preStop.exec", unknown: command}
		case hook.HTTPGet != nil:
			return preStop{from: "lifecycle.preStop.httpGet", unknown: "GET " + hook.HTTPGet.Path}
		}
	}
	return preStop{}
}

// drainPing: what tells the balancer is /ping, on the port that it checks.
func drainPing(f *Facts) []Finding {
	if f.LoadBalancer != nil {
		return nil
	}
	var out []Finding
	checked := f.Settings.Balancer.Port
	for _, set := range f.sets() {
		c := f.config(set.Side)
		switch p := c.Ping; {
		case c.Problem != "" || c.Dialect == "":
		case p == nil && c.Accept == 0: // DRAIN-ACCEPT says what is worse
		case p == nil:
			out = append(out, stop(
				fmt.Sprintf("%s has no ping: nothing tells the balancer that it leaves, so the %s in which it still accepts pass unnoticed", name(set), seconds(c.Accept)),
				"enable ping on the entry point whose port the balancer checks, and have it check /ping there",
			))
		case p.Leaving >= 200 && p.Leaving < 300:
			out = append(out, stop(
				fmt.Sprintf("%s goes on answering %d on %s while it leaves (ping.terminatingStatusCode)", name(set), p.Leaving, p.Path),
				"leave ping.terminatingStatusCode out; its default is 503",
			))
		case checked == 0 || p.Port == 0:
		case p.Port != checked:
			out = append(out, stop(
				fmt.Sprintf("the balancer checks port %d, but %s tells on port %d (%s) that it leaves", checked, name(set), p.Port, p.Path),
				fmt.Sprintf("put ping on the entry point of port %d, or have the balancer check port %d", checked, p.Port),
			))
		}
		if checked != 0 && len(set.Ports) > 0 && !slices.ContainsFunc(set.Ports, func(p fleet.Port) bool { return p.HostPort == checked }) && !set.Object.Spec.Template.Spec.HostNetwork {
			out = append(out, stop(fmt.Sprintf("the balancer checks port %d, which %s has not on its node", checked, name(set)), fmt.Sprintf("declare hostPort %d", checked)))
		}
	}
	return out
}

// drainFinish: a request that is under way when the proxy stops accepting has the
// finish grace left.
func drainFinish(f *Facts) []Finding {
	longest, _ := f.longest()
	if b := f.LoadBalancer; b != nil {
		return drainWait(b, longest, f.Settings.NodeTimeout)
	}
	var out []Finding
	var graces []string
	for _, set := range f.sets() {
		c := f.config(set.Side)
		if c.Problem != "" {
			continue
		}
		takes, why := longest, "requests take up to "+seconds(longest)
		if c.AnswerLimit > 0 && (takes == 0 || c.AnswerLimit < takes) {
			takes, why = c.AnswerLimit, "its writeTimeout lets requests take up to "+seconds(c.AnswerLimit)
		}
		left := f.left(set)
		graces = append(graces, name(set)+" "+seconds(left))
		if takes > left {
			out = append(out, stop(
				fmt.Sprintf("%s, but one that %s still gets from the balancer has %s until it is cut off", why, name(set), seconds(left)),
				fmt.Sprintf("set %s of %s to %s or more", c.finishSetting(), name(set), seconds(takes-(left-c.Finish))),
			))
		}
	}
	if len(out) == 0 && longest == 0 && len(graces) > 0 {
		return []Finding{unknown(
			"how long the longest requests take is not known; those under way when a proxy leaves have "+strings.Join(graces, ", ")+" before they are cut off",
			"tell it with --longest-request, or show an access log with --from-access-log; without a better number, the load balancer's idle timeout (often 60s)",
		)}
	}
	return out
}

// drainWait: a balancer that takes nodes out waits for requests itself.
func drainWait(b *LoadBalancer, longest, patience time.Duration) []Finding {
	delay := b.Facts.DeregistrationDelay
	var out []Finding
	if delay > 0 && delay < longest {
		out = append(out, stop(
			fmt.Sprintf("requests take up to %s, but %s cuts them off %s after it begins to drain a node", seconds(longest), b.Facts.Name, seconds(delay)),
			"set its deregistration delay to "+seconds(longest)+" or more",
		))
	}
	if most := max(delay, longest); patience > 0 && most > patience {
		out = append(out, stop(
			fmt.Sprintf("a drain at the load balancer may take %s, but is waited for %s only", seconds(most), seconds(patience)),
			fmt.Sprintf("--node-timeout %s or more", most+time.Minute),
		))
	}
	return out
}

// drainGrace: a pod that is killed in the middle of its drain loses requests.
func drainGrace(f *Facts) []Finding {
	var out []Finding
	for _, set := range f.sets() {
		c, before := f.config(set.Side), preStopOf(set)
		if c.Problem != "" {
			continue
		}
		need := needed(c, before)
		grace := time.Duration(set.Grace()) * time.Second
		if grace >= need {
			continue
		}
		// Without a grace for accepting there is little to be cut off.
		finding := warn
		if c.Accept+before.sleep > 0 {
			finding = stop
		}
		out = append(out, finding(
			fmt.Sprintf("pods of %s are killed after %s, but need %s to end (%s accepting + %s finishing + %s closing)", name(set), seconds(grace), seconds(need), seconds(before.sleep+c.Accept), seconds(c.Finish), seconds(closing)),
			fmt.Sprintf("set terminationGracePeriodSeconds of %s to %.0f or more", name(set), need.Seconds()),
		))
	}
	return out
}

// drainLiveness: older kubelets probe pods that end (kubernetes#52817; #98571 and
// #105215 stopped it by 1.23), and /ping of a leaving proxy is bad.
func drainLiveness(f *Facts) []Finding {
	const probesNoMore = 23
	if minor := f.minor(); minor >= probesNoMore {
		return nil
	}
	var out []Finding
	for _, set := range f.sets() {
		c := f.config(set.Side)
		for _, container := range set.Object.Spec.Template.Spec.Containers {
			p := container.LivenessProbe
			if container.Image != set.Image || c.Problem != "" || p == nil || p.HTTPGet == nil || c.Ping == nil || p.HTTPGet.Path != c.Ping.Path {
				continue
			}
			survives := time.Duration(cmp.Or(p.FailureThreshold, 3)) * time.Duration(cmp.Or(p.PeriodSeconds, 10)) * time.Second
			if c.Accept < survives {
				continue
			}
			out = append(out, warn(
				fmt.Sprintf("the liveness probe of %s asks %s, which is bad for the %s in which the proxy leaves: a kubelet before 1.23 kills it after %s", name(set), c.Ping.Path, seconds(c.Accept), seconds(survives)),
				fmt.Sprintf("set failureThreshold of the probe to %d or more", int32(c.Accept/(time.Duration(cmp.Or(p.PeriodSeconds, 10))*time.Second))+1),
			))
		}
	}
	return out
}

// routeLoading is how long after its first good /ping a proxy may lack routes or
// certificates: what a provider saw first is loaded at once, the rest only after
// providersThrottleDuration (2 s by default, Traefik 1.7 and 2), and a busy node
// takes longer. Without a drain at the balancer only its up-threshold keeps
// requests away for so long.
const routeLoading = 5 * time.Second

// returning: /ping is good before routes are loaded.
func returning(f *Facts) []Finding {
	b := f.balancer()
	if !b.Known() || f.LoadBalancer != nil {
		return nil
	}
	out := time.Duration(b.Healthy) * b.Interval
	if out >= routeLoading {
		return nil
	}
	return []Finding{warn(
		fmt.Sprintf("the balancer uses a node again %s after its first good check (%d x %s), but routes and certificates can be %s late: some requests would get 404 or the default certificate", seconds(out), b.Healthy, seconds(b.Interval), seconds(routeLoading)),
		fmt.Sprintf("ask for %d good checks in a row", int((routeLoading+b.Interval-1)/b.Interval)),
	)}
}
