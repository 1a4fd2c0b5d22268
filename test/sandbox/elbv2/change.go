package elbv2

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// change answers the actions that change something.
func (f *Fake) change(action string, form url.Values) (string, *Error) {
	switch action {
	case "ModifyListener":
		l := f.listener(form.Get("ListenerArn"))
		if l == nil {
			return "", refuse("ListenerNotFound", "One or more listeners not found")
		}
		fields := url.Values{}
		for key, value := range form {
			if rest, ok := strings.CutPrefix(key, "DefaultActions."); ok {
				fields["Actions."+rest] = value
			}
		}
		return "", f.set(l.rules[len(l.rules)-1], fields)
	case "ModifyRule":
		_, r := f.rule(form.Get("RuleArn"))
		if r == nil {
			return "", refuse("RuleNotFound", "One or more rules not found")
		}
		if r.Priority == 0 {
			return "", refuse("OperationNotPermitted", "Default rule '%s' cannot be modified", r.Arn)
		}
		return "", f.set(r, ruleFields(form))
	case "CreateRule":
		l := f.listener(form.Get("ListenerArn"))
		if l == nil {
			return "", refuse("ListenerNotFound", "One or more listeners not found")
		}
		priority, err := strconv.Atoi(form.Get("Priority"))
		if err != nil || priority < 1 || priority > 50000 {
			return "", refuse("ValidationError", "Priority %q is not between 1 and 50000", form.Get("Priority"))
		}
		if slices.ContainsFunc(l.rules, func(r *Rule) bool { return r.Priority == priority }) {
			return "", refuse("PriorityInUse", "Priority '%d' is currently in use", priority)
		}
		fields := ruleFields(form)
		if failure := f.check(fields, nil); failure != nil {
			return "", failure
		}
		r := f.addRule(l, priority, fields)
		return element("Rules", element("member", leaf("RuleArn", r.Arn))), nil
	case "DeleteRule":
		l, r := f.rule(form.Get("RuleArn"))
		if r == nil {
			return "", refuse("RuleNotFound", "One or more rules not found")
		}
		l.rules = slices.DeleteFunc(l.rules, func(other *Rule) bool { return other == r })
		return "", nil
	case "SetRulePriorities":
		return "", f.setPriorities(form)
	case "RegisterTargets", "DeregisterTargets":
		return "", f.setTargets(action, form)
	}
	return "", refuse("InvalidAction", "Could not find operation %s for version 2015-12-01", action)
}

// setTargets registers or deregisters. What is there already, or is not, is no error.
func (f *Fake) setTargets(action string, form url.Values) *Error {
	at := slices.IndexFunc(f.groups, func(g Group) bool { return GroupArn(g.Name) == form.Get("TargetGroupArn") })
	if at < 0 {
		return refuse("TargetGroupNotFound", "One or more target groups not found")
	}
	g := f.groups[at]
	for i := 1; form.Get("Targets.member."+strconv.Itoa(i)+".Id") != ""; i++ {
		member := "Targets.member." + strconv.Itoa(i) + "."
		id, port := form.Get(member+"Id"), form.Get(member+"Port")
		if g.Type != "ip" && !strings.HasPrefix(id, "i-") {
			return refuse("InvalidTarget", "The following targets are not valid instances: '%s'", id)
		}
		target := id + ":" + port
		if _, ok := g.Targets[id]; ok && port == "80" {
			target = id // as whoever started the account wrote it
		}
		_, registered := g.Targets[target]
		switch {
		case action == "DeregisterTargets" && registered:
			g.Targets[target] = "draining"
		case action == "RegisterTargets" && (!registered || g.Targets[target] == "draining"):
			g.Targets[target] = "initial"
		}
	}
	return nil
}

func (f *Fake) setPriorities(form url.Values) *Error {
	for i := 1; form.Get("RulePriorities.member."+strconv.Itoa(i)+".RuleArn") != ""; i++ {
		pair := "RulePriorities.member." + strconv.Itoa(i) + "."
		l, r := f.rule(form.Get(pair + "RuleArn"))
		if r == nil {
			return refuse("RuleNotFound", "One or more rules not found")
		}
		priority, _ := strconv.Atoi(form.Get(pair + "Priority")) // 0 is refused as taken
		if slices.ContainsFunc(l.rules, func(other *Rule) bool { return other != r && other.Priority == priority }) {
			return refuse("PriorityInUse", "Priority '%d' is currently in use", priority)
		}
		r.Priority = priority
		slices.SortFunc(l.rules, func(a, b *Rule) int { return order(a) - order(b) })
	}
	return nil
}

// ruleFields are the values of a request that describe a rule.
func ruleFields(form url.Values) url.Values {
	fields := url.Values{}
	for key, value := range form {
		if group, _, _ := strings.Cut(key, "."); group == "Actions" || group == "Conditions" || group == "Transforms" {
			fields[key] = value
		}
	}
	return fields
}

// set replaces the groups of fields that are given.
func (f *Fake) set(r *Rule, fields url.Values) *Error {
	if failure := f.check(fields, r.Fields); failure != nil {
		return failure
	}
	for key := range r.Fields {
		group, _, _ := strings.Cut(key, ".")
		for given := range fields {
			if strings.HasPrefix(given, group+".") {
				delete(r.Fields, key)
			}
		}
	}
	for key, value := range fields {
		r.Fields[key] = value
	}
	complete(r.Fields)
	return nil
}

// check holds a rule to what the API demands. before is what the rule is like.
func (f *Fake) check(fields, before url.Values) *Error {
	forwards := map[string]int{}
	for key, values := range fields {
		value := values[0]
		switch {
		case strings.HasSuffix(key, "TargetGroupArn"):
			at := slices.IndexFunc(f.groups, func(g Group) bool { return GroupArn(g.Name) == value })
			if at < 0 {
				return refuse("TargetGroupNotFound", "One or more target groups not found")
			}
			action, _, weighted := strings.Cut(key, "ForwardConfig")
			if weighted {
				forwards[action]++
			}
			if weighted && f.groups[at].Sticky && fields.Get(action+"ForwardConfig.TargetGroupStickinessConfig.Enabled") != "true" {
				return refuse("InvalidConfigurationRequest", "You must enable group stickiness on a rule if you enabled target stickiness on one of its target groups")
			}
		case strings.HasSuffix(key, ".Weight"):
			if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 999 {
				return refuse("ValidationError", "weight %q is not between 0 and 999", value)
			}
		case strings.HasSuffix(key, ".Type") && strings.HasPrefix(value, "authenticate-oidc"):
			oidc := strings.TrimSuffix(key, "Type") + "AuthenticateOidcConfig."
			if fields.Get(oidc+"ClientSecret") == "" && (before == nil || fields.Get(oidc+"UseExistingClientSecret") != "true") {
				return refuse("ValidationError", "A client secret must be specified")
			}
			fields.Del(oidc + "UseExistingClientSecret")
			fields.Del(oidc + "ClientSecret") // is not told again
		case strings.Contains(key, "Config.Values") && fields.Get(key[:strings.LastIndex(key[:strings.Index(key, "Config.Values")], ".")+1]+"Values.member.1") != "":
			return refuse("ValidationError", "values are given in two places of a condition")
		}
	}
	for action, n := range forwards {
		if fields.Get(action+"TargetGroupArn") != "" && n > 1 {
			return refuse("ValidationError", "You can specify only one target group with TargetGroupArn")
		}
	}
	return nil
}
