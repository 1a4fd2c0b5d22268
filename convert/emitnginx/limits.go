package emitnginx

import (
	"strconv"
	"strings"
	"time"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

// rateLimit counts per client in both; nginx knows whole requests per second or
// per minute.
func (b *builder) rateLimit(f ir.RateLimit) {
	period, err := time.ParseDuration(f.Period)
	if f.Period == "" {
		period, err = time.Second, nil
	}
	if err != nil || period <= 0 || f.Average <= 0 {
		b.say(diag.WToNginxLimit, "the rate limit is not carried over: it has no rate")
		return
	}
	if !f.Source.ClientIP {
		b.say(diag.WToNginxLimit, "the rate limit is not carried over: it counts by something else than the client's address")
		return
	}
	name, rate := "limit-rps", float64(f.Average)/period.Seconds()
	if rate != float64(int64(rate)) {
		name, rate = "limit-rpm", rate*60
	}
	limit := int64(rate)
	switch {
	case limit < 1:
		b.say(diag.WToNginxLimit, "the rate limit is not carried over: it is less than one request a minute")
		return
	case b.answer.annotations[name] != "":
		b.say(diag.WToNginxLimit, "of several rate limits nginx has one per second and one per minute")
		return
	}
	b.set(name, strconv.FormatInt(limit, 10))
	b.set("limit-burst-multiplier", strconv.FormatInt(max(1, (f.Burst+limit-1)/limit), 10))
	b.say(diag.WToNginxLimit, "nginx counts a leaky bucket per client and Ingress, with a burst that is a multiple of the rate, and answers 503 in place of 429")
}

func (b *builder) inFlight(f ir.InFlightReq) {
	if !f.Source.ClientIP || f.Amount < 1 {
		b.say(diag.WToNginxLimit, "the limit of simultaneous requests is not carried over: nginx counts by the client's address alone")
		return
	}
	b.set("limit-connections", strconv.FormatInt(f.Amount, 10))
	b.say(diag.WToNginxLimit, "nginx answers 503 in place of 429 when a client has too many simultaneous requests")
}

func (b *builder) retry(f ir.Retry) {
	b.set("proxy-next-upstream-tries", strconv.Itoa(f.Attempts))
	b.say(diag.WToNginxBackend, "nginx tries again only what may be repeated (not POST) and also after a timeout")
}

func (b *builder) buffering(f ir.Buffering) {
	if f.MaxRequestBodyBytes > 0 {
		b.set("proxy-body-size", strconv.FormatInt(f.MaxRequestBodyBytes, 10))
	}
	if f.MemRequestBodyBytes > 0 {
		b.set("client-body-buffer-size", strconv.FormatInt(f.MemRequestBodyBytes, 10))
	}
	b.set("proxy-buffering", "on")
	var lost []string
	if f.MaxResponseBodyBytes > 0 {
		lost = append(lost, "the limit of the response's size")
	}
	if f.RetryExpression != "" {
		lost = append(lost, "the retry expression")
	}
	if len(lost) > 0 {
		b.say(diag.WToNginxBackend, strings.Join(lost, " and ")+" has no counterpart")
	}
}
