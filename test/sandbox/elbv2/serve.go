package elbv2

import (
	"cmp"
	"encoding/xml"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// serve answers one request of the query protocol.
func (f *Fake) serve(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	problem := func(text string) { f.problems = append(f.problems, text) }
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		problem("not a form: " + r.Method + " " + r.Header.Get("Content-Type"))
	}
	if err := r.ParseForm(); err != nil {
		problem(err.Error())
	}
	action := r.PostForm.Get("Action")
	if !strings.Contains(r.Header.Get("Authorization"), "/eu-central-1/elasticloadbalancing/aws4_request") || r.Header.Get("X-Amz-Date") == "" {
		problem(action + " is not signed")
	}
	if r.PostForm.Get("Version") != "2015-12-01" {
		problem(action + " of version " + r.PostForm.Get("Version"))
	}
	f.calls = append(f.calls, action)
	var failure *Error
	if f.before != nil {
		failure = f.before(action)
	}
	body := ""
	if failure == nil {
		body, failure = f.answer(action, r.PostForm)
	}
	w.Header().Set("Content-Type", "text/xml")
	if failure != nil {
		w.WriteHeader(failure.Status)
		fmt.Fprintf(w, `<ErrorResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><Error><Type>Sender</Type><Code>%s</Code><Message>%s</Message></Error><RequestId>1</RequestId></ErrorResponse>`, failure.Code, escape(failure.Message))
		return
	}
	fmt.Fprintf(w, `<%[1]sResponse xmlns="http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>1</RequestId></ResponseMetadata></%[1]sResponse>`, action, body)
}

func escape(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder does not fail
	return b.String()
}

func element(name string, inner ...string) string {
	return "<" + name + ">" + strings.Join(inner, "") + "</" + name + ">"
}

func leaf(name, text string) string { return element(name, escape(text)) }

func refuse(code, format string, args ...any) *Error {
	return &Error{http.StatusBadRequest, code, fmt.Sprintf(format, args...)}
}

func members(form url.Values, prefix string) []string {
	var out []string
	for i := 1; form.Get(prefix+".member."+strconv.Itoa(i)) != ""; i++ {
		out = append(out, form.Get(prefix+".member."+strconv.Itoa(i)))
	}
	return out
}

func (f *Fake) answer(action string, form url.Values) (string, *Error) {
	switch action {
	case "DescribeTargetGroups":
		return f.describeGroups(form)
	case "DescribeTargetGroupAttributes":
		for _, g := range f.groups {
			if GroupArn(g.Name) == form.Get("TargetGroupArn") {
				return element("Attributes", element("member", leaf("Key", "stickiness.enabled"), leaf("Value", strconv.FormatBool(g.Sticky))),
					element("member", leaf("Key", "deregistration_delay.timeout_seconds"), leaf("Value", "120"))), nil
			}
		}
		return "", refuse("TargetGroupNotFound", "One or more target groups not found")
	case "DescribeTargetHealth":
		return f.describeHealth(form)
	case "DescribeLoadBalancers":
		var all []string
		for _, b := range f.balancers {
			if slices.Contains(members(form, "LoadBalancerArns"), BalancerArn(b.Name)) {
				all = append(all, element("member", leaf("LoadBalancerArn", BalancerArn(b.Name)), leaf("LoadBalancerName", b.Name), leaf("Type", b.Type)))
			}
		}
		return element("LoadBalancers", all...), nil
	case "DescribeTags":
		tags := map[string]map[string]string{}
		for _, b := range f.balancers {
			tags[BalancerArn(b.Name)] = b.Tags
		}
		for _, g := range f.groups {
			tags[GroupArn(g.Name)] = g.Tags
		}
		var all []string
		for _, arn := range members(form, "ResourceArns") {
			var of []string
			for key, value := range tags[arn] {
				of = append(of, element("member", leaf("Key", key), leaf("Value", value)))
			}
			all = append(all, element("member", leaf("ResourceArn", arn), element("Tags", of...)))
		}
		return element("TagDescriptions", all...), nil
	case "DescribeListeners":
		var all []string
		for _, l := range f.listeners {
			if BalancerArn(l.balancer) == form.Get("LoadBalancerArn") {
				all = append(all, element("member", leaf("ListenerArn", l.arn), leaf("LoadBalancerArn", BalancerArn(l.balancer)), leaf("Port", strconv.Itoa(l.port)), leaf("Protocol", "HTTP")))
			}
		}
		return element("Listeners", all...), nil
	case "DescribeRules":
		return f.describeRules(form)
	}
	return f.change(action, form)
}

func (f *Fake) describeGroups(form url.Values) (string, *Error) {
	var all []string
	for _, g := range f.groups {
		if !slices.Contains(members(form, "Names"), g.Name) && !slices.Contains(members(form, "TargetGroupArns"), GroupArn(g.Name)) {
			continue
		}
		var balancers []string
		for _, name := range f.usedBy(g.Name) {
			balancers = append(balancers, leaf("member", BalancerArn(name)))
		}
		all = append(all, element("member",
			leaf("TargetGroupArn", GroupArn(g.Name)), leaf("TargetGroupName", g.Name), leaf("TargetType", cmp.Or(g.Type, "instance")), element("LoadBalancerArns", balancers...),
			leaf("HealthCheckIntervalSeconds", "30"), leaf("HealthCheckTimeoutSeconds", "6"), leaf("HealthyThresholdCount", "5"), leaf("UnhealthyThresholdCount", "2")))
	}
	if len(all) == 0 {
		return "", refuse("TargetGroupNotFound", "One or more target groups not found")
	}
	return element("TargetGroups", all...), nil
}

func (f *Fake) describeHealth(form url.Values) (string, *Error) {
	for _, g := range f.groups {
		if GroupArn(g.Name) != form.Get("TargetGroupArn") {
			continue
		}
		var ids, all []string
		for id := range g.Targets {
			ids = append(ids, id)
		}
		sort.Strings(ids)
		for _, target := range ids {
			state, reason := g.Targets[target], ""
			switch {
			case len(f.usedBy(g.Name)) == 0:
				state, reason = "unused", leaf("Reason", "Target.NotInUse")+leaf("Description", "Target group is not configured to receive traffic from the load balancer")
			case state == "unhealthy":
				reason = leaf("Reason", "Target.ResponseCodeMismatch") + leaf("Description", "Health checks failed with these codes: [503]")
			case state == "draining":
				reason = leaf("Reason", "Target.DeregistrationInProgress") + leaf("Description", "Target deregistration is in progress")
			}
			id, port, _ := strings.Cut(target, ":")
			all = append(all, element("member", element("Target", leaf("Id", id), leaf("Port", cmp.Or(port, "80"))), element("TargetHealth", leaf("State", state), reason)))
		}
		return element("TargetHealthDescriptions", all...), nil
	}
	return "", refuse("TargetGroupNotFound", "One or more target groups not found")
}

// describeRules answers two rules a page, so that clients have to ask again.
func (f *Fake) describeRules(form url.Values) (string, *Error) {
	l := f.listener(form.Get("ListenerArn"))
	if l == nil {
		return "", refuse("ListenerNotFound", "One or more listeners not found")
	}
	const page = 2
	from, _ := strconv.Atoi(form.Get("Marker")) // ours, or empty
	var all []string
	for _, r := range l.rules[from:min(len(l.rules), from+page)] {
		priority := "default"
		if r.Priority > 0 {
			priority = strconv.Itoa(r.Priority)
		}
		all = append(all, element("member", leaf("RuleArn", r.Arn), leaf("Priority", priority), leaf("IsDefault", strconv.FormatBool(r.Priority == 0)), tree(r.Fields)))
	}
	marker := ""
	if from+page < len(l.rules) {
		marker = leaf("NextMarker", strconv.Itoa(from+page))
	}
	return element("Rules", all...) + marker, nil
}

// tree turns form values into XML: both name the same things, but that a form numbers the
// members of a list.
func tree(fields url.Values) string {
	inner := map[string]url.Values{}
	var names []string
	for key, value := range fields {
		name, rest, _ := strings.Cut(key, ".")
		if number, more, ok := strings.Cut(rest, "."); name == "member" {
			if name += "." + number; !ok {
				more = ""
			}
			rest = more
		}
		if inner[name] == nil {
			inner[name] = url.Values{}
			names = append(names, name)
		}
		inner[name][rest] = value
	}
	number := func(name string) int { n, _ := strconv.Atoi(strings.TrimPrefix(name, "member.")); return n }
	slices.SortFunc(names, func(a, b string) int { return cmp.Or(number(a)-number(b), strings.Compare(a, b)) })
	var out []string
	for _, name := range names {
		tag, _, _ := strings.Cut(name, ".")
		if value, ok := inner[name][""]; ok {
			out = append(out, leaf(tag, value[0]))
		} else {
			out = append(out, element(tag, tree(inner[name])))
		}
	}
	return strings.Join(out, "")
}
