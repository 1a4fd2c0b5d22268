package elbv2

import (
	"fmt"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
)

// HeaderGroup names, in every answer of a Front, the target group that was asked.
const HeaderGroup = "X-Target-Group"

// Front is the load balancer itself: it sends each request of a listener where the rules say
// at that moment. Handlers stand for target groups, by name. Of so many requests as the
// weights of a rule sum up to, each group gets exactly its share.
func (f *Fake) Front(listenerArn string, groups map[string]http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		group := f.choose(listenerArn, r)
		handler, ok := groups[group]
		if !ok {
			http.Error(w, fmt.Sprintf("no rule leads to a target group that answers (%q)", group), http.StatusServiceUnavailable)
			return
		}
		w.Header().Set(HeaderGroup, group)
		handler.ServeHTTP(w, r)
	})
}

// choose is the target group for a request.
func (f *Fake) choose(listenerArn string, r *http.Request) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, rule := range f.listener(listenerArn).rules {
		if applies(rule.Fields, r) {
			return f.share(rule)
		}
	}
	return ""
}

// applies tells whether a request meets all conditions of a rule.
func applies(fields url.Values, r *http.Request) bool {
	for i := 1; ; i++ {
		condition := "Conditions.member." + strconv.Itoa(i) + "."
		var config, value string
		switch fields.Get(condition + "Field") {
		case "":
			return true
		case "host-header":
			config, value = "HostHeaderConfig", r.Host
		case "path-pattern":
			config, value = "PathPatternConfig", r.URL.Path
		case "http-header":
			config, value = "HttpHeaderConfig", r.Header.Get(fields.Get(condition+"HttpHeaderConfig.HttpHeaderName"))
		default:
			return false
		}
		if !anyOf(fields, condition+config+".Values.member.", value) {
			return false
		}
	}
}

func anyOf(fields url.Values, prefix, value string) bool {
	for i := 1; fields.Has(prefix + strconv.Itoa(i)); i++ {
		if ok, _ := path.Match(fields.Get(prefix+strconv.Itoa(i)), value); ok {
			return true
		}
	}
	return false
}

// share chooses by the weights of the rule's forward action.
func (f *Fake) share(rule *Rule) string {
	type weighted struct {
		group  string
		weight int
	}
	var all []weighted
	sum := 0
	for i := 1; ; i++ {
		target := "Actions.member.1.ForwardConfig.TargetGroups.member." + strconv.Itoa(i) + "."
		arn := rule.Fields.Get(target + "TargetGroupArn")
		if arn == "" {
			break
		}
		_, name, _ := strings.Cut(arn, "targetgroup/")
		name, _, _ = strings.Cut(name, "/")
		weight, _ := strconv.Atoi(rule.Fields.Get(target + "Weight")) // check has seen that it is a number
		all, sum = append(all, weighted{name, weight}), sum+weight
	}
	if sum == 0 {
		return ""
	}
	if f.asked == nil {
		f.asked = map[string]int{}
	}
	at := f.asked[rule.Arn] % sum
	f.asked[rule.Arn]++
	for _, w := range all {
		if at < w.weight {
			return w.group
		}
		at -= w.weight
	}
	return ""
}
