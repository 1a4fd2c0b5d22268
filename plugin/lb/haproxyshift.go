package lb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// HAProxyShifter divides requests by the weights of servers, over HAProxy's runtime API.
// A side is a pattern of BACKEND/SERVER, as path.Match has it. Weights are lost when
// HAProxy is restarted: its configuration is what it starts with.
type HAProxyShifter struct {
	*HAProxy
	sides Sides
}

// NewHAProxyShifter returns the HAProxies at some addresses, with two patterns of servers.
func NewHAProxyShifter(addresses []string, sides Sides) (*HAProxyShifter, error) {
	for _, pattern := range []string{sides.Old, sides.New} {
		if _, err := path.Match(pattern, ""); err != nil || strings.Count(pattern, "/") != 1 {
			return nil, fmt.Errorf("%q is no pattern of servers, such as web/old-*: BACKEND/SERVER", pattern)
		}
	}
	return &HAProxyShifter{NewHAProxy(addresses), sides}, nil
}

// mostWeight is the largest that HAProxy knows (configuration manual, "weight").
const mostWeight = 256

// weightPart is a server's. Side is kept because Plan asks nobody.
type weightPart struct {
	Instance string `json:"instance"`
	Backend  string `json:"backend"`
	Server   string `json:"server"`
	Side     Side   `json:"side"`
	Weight   int    `json:"weight"`
}

func (w weightPart) name() string {
	return "server " + w.Backend + "/" + w.Server + " of " + w.Instance
}

// sided lists the servers of both sides.
func (h *HAProxyShifter) sided(ctx context.Context) ([]weightPart, error) {
	all, err := h.servers(ctx)
	if err != nil {
		return nil, err
	}
	var found []weightPart
	for _, s := range all {
		old, _ := path.Match(h.sides.Old, s.path()) // patterns were checked
		fresh, _ := path.Match(h.sides.New, s.path())
		w := weightPart{Instance: s.instance, Backend: s.backend, Server: s.name, Side: OldSide, Weight: s.weight}
		switch {
		case old && fresh:
			return nil, fmt.Errorf("server %s of HAProxy at %s is of both sides, %s and %s: make the patterns narrower", s.path(), s.instance, h.sides.Old, h.sides.New)
		case fresh:
			w.Side = NewSide
		case !old:
			continue
		}
		found = append(found, w)
	}
	return found, nil
}

// Read implements Shifter.
func (h *HAProxyShifter) Read(ctx context.Context, known Parts) (Parts, error) {
	servers, err := h.sided(ctx)
	if err != nil {
		return nil, err
	}
	out := Parts{}
	for _, w := range servers {
		if known == nil && w.Side == NewSide && w.Weight != 0 {
			return nil, alreadyShifted(fmt.Sprintf("%s has weight %d (HAProxy's configuration should have \"weight 0\" there, or set it with \"set weight %s/%s 0\")", w.name(), w.Weight, w.Backend, w.Server))
		}
		if out[w.name()], err = Value(w); err != nil {
			return nil, err
		}
	}
	if known == nil {
		_, err = groups(out)
	}
	return out, err
}

// groups sorts servers by instance and backend: weights divide what comes to a backend.
func groups(original Parts) ([][]weightPart, error) {
	by := map[string][]weightPart{}
	for _, name := range Names(original) {
		var w weightPart
		if err := json.Unmarshal(original[name], &w); err != nil {
			return nil, fmt.Errorf("%s as recorded: %w", name, err)
		}
		key := w.Instance + "\x00" + w.Backend
		by[key] = append(by[key], w)
	}
	var out [][]weightPart
	for _, name := range Names(original) {
		var w weightPart
		_ = json.Unmarshal(original[name], &w) // worked above
		key := w.Instance + "\x00" + w.Backend
		if by[key] == nil {
			continue
		}
		out = append(out, by[key])
		for _, side := range []Side{OldSide, NewSide} {
			if !slices.ContainsFunc(by[key], func(o weightPart) bool { return o.Side == side && (side == NewSide || o.Weight > 0) }) {
				return nil, fmt.Errorf("backend %s of HAProxy at %s has no server of the %s side that could get requests: both sides need one in every backend that is shifted", w.Backend, w.Instance, side)
			}
		}
		delete(by, key)
	}
	return out, nil
}

// Plan implements Shifter.
func (h *HAProxyShifter) Plan(original Parts, split Split) (Parts, error) {
	if split.Header != nil {
		return nil, errors.New("HAProxy's runtime API has no rules for headers: write one into its configuration (use_backend … if { hdr(NAME) VALUE }); weights can be shifted")
	}
	backends, err := groups(original)
	if err != nil {
		return nil, err
	}
	out := Parts{}
	for _, servers := range backends {
		for i, weight := range weights(servers, split.Weight) {
			w := servers[i]
			w.Weight = weight
			if out[w.name()], err = Value(w); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// weights are those that send so many percent to the new side: exactly where numbers up
// to 256 can say that, otherwise as near as they can, and never none to a side that is to
// get some. The old side's servers keep their proportions.
func weights(servers []weightPart, percent int) []int {
	before, news := 0, 0
	for _, w := range servers {
		if w.Side == NewSide {
			news++
		} else {
			before += w.Weight
		}
	}
	exact := make([]int, len(servers))
	divisor, most := 0, 0
	for i, w := range servers {
		if w.Side == NewSide {
			exact[i] = percent * before
		} else {
			exact[i] = w.Weight * (100 - percent) * news
		}
		divisor, most = gcd(divisor, exact[i]), max(most, exact[i])
	}
	for i := range exact {
		switch {
		case exact[i] == 0:
		case most/divisor <= mostWeight:
			exact[i] /= divisor
		default:
			exact[i] = max(1, (exact[i]*mostWeight+most/2)/most)
		}
	}
	return exact
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// Write implements Shifter.
func (h *HAProxyShifter) Write(ctx context.Context, change Change) error {
	var to weightPart
	if change.To == nil {
		return nil // servers are not ours to remove
	}
	if err := json.Unmarshal(change.To, &to); err != nil {
		return fmt.Errorf("%s as recorded: %w", change.Part, err)
	}
	if !slices.Contains(h.addresses, to.Instance) {
		return fmt.Errorf("%s is recorded, and --lb does not name that HAProxy", change.Part)
	}
	answer, err := h.command(ctx, to.Instance, fmt.Sprintf("set server %s/%s weight %d", to.Backend, to.Server, to.Weight))
	if err == nil && answer != "" { // success is silent
		err = fmt.Errorf("HAProxy does not set the weight of %s to %d: %s", to.name(), to.Weight, printable(answer))
	}
	return err
}

// Health implements Shifter.
func (h *HAProxyShifter) Health(ctx context.Context, side Side) ([]TargetHealth, error) {
	servers, err := h.sided(ctx)
	if err != nil {
		return nil, err
	}
	rows := map[string][]statRow{}
	var out []TargetHealth
	for _, w := range servers {
		if w.Side != side {
			continue
		}
		if rows[w.Instance] == nil {
			if rows[w.Instance], err = h.stats(ctx, w.Instance); err != nil {
				return nil, err
			}
		}
		health := TargetHealth{Target: w.Backend + "/" + w.Server, State: Unknown, Why: "HAProxy has no statistics of it"}
		for _, row := range rows[w.Instance] {
			if row["pxname"] == w.Backend && row["svname"] == w.Server {
				health.State, health.Why = row.health(w.Weight)
			}
		}
		if len(h.addresses) > 1 {
			health.Target += " of " + w.Instance
		}
		out = append(out, health)
	}
	return out, nil
}

// health is the state of a server, whatever its weight: without any HAProxy shows it as
// draining, and checks it all the same.
func (r statRow) health(weight int) (State, string) {
	check := strings.TrimPrefix(r["check_status"], "* ")
	if weight > 0 || !strings.HasPrefix(r["status"], "DRAIN") || check == "INI" {
		return r.state()
	}
	if check == "" || strings.HasSuffix(check, "OK") || strings.HasSuffix(check, "OKC") {
		return InService, "its check is good, it has no weight"
	}
	return Unhealthy, "is " + r["status"] + " " + check
}
