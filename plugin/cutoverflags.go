package plugin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// settingsFlags are the choices of a cutover. A resumed one makes those that its
// journal keeps, but for the flags that are given.
type settingsFlags struct {
	values cutover.Settings
	gates  gateFlags
	// hasGates: there are flags for gates.
	hasGates bool
	flags    *pflag.FlagSet
	// shifts tells whether --lb is what divides requests between both sides; nil: never.
	shifts func() bool
}

func (f *settingsFlags) add(cmd *cobra.Command) {
	f.values = cutover.DefaultSettings()
	flags, v := cmd.Flags(), &f.values
	f.flags = flags
	flags.StringVar(&v.Canary, "canary", "", "First node (default: the first by name)")
	flags.DurationVar(&v.CanarySoak, "canary-soak", v.CanarySoak, "How long the first node, or weight, is watched before the next")
	flags.DurationVar(&v.Soak, "soak", v.Soak, "How long every other node, or weight, is watched before the next")
	flags.BoolVar(&v.PauseAfterCanary, "pause-after-canary", false, "Stop when the first node is moved, or the first weight has passed; resume goes on")
	flags.Var((*batchValue)(v), "batch", "How many nodes are moved at once in the end, or what share of them as 25%; it begins with 1, 1, 2, 4")
	flags.BoolVar(&v.PrePull, "pre-pull", v.PrePull, "Have all nodes fetch the new proxy's image before the first is moved")
	flags.DurationVar(&v.Bake, "bake", v.Bake, "How long the new proxy serves all nodes before the old one may be retired")
	flags.DurationVar(&v.NodeTimeout, "node-timeout", v.NodeTimeout, "How long to wait for nodes that are away before stopping")
	flags.DurationVar(&v.ReadyTimeout, "ready-timeout", v.ReadyTimeout, "How long a pod may take to be ready before its node is put back")
	flags.DurationVar(&v.GateTimeout, "gate-timeout", v.GateTimeout, "How long routes may take to answer as before, before the node is put back")
	flags.IntVar(&v.GateRounds, "gate-rounds", v.GateRounds, "How many good rounds of routes in a row are asked for")
	flags.DurationVar(&v.GateEvery, "gate-every", v.GateEvery, "Pause between rounds of routes")
	flags.IntVar(&v.Sample, "routes", v.Sample, "How many routes are compared on every node at most")
	flags.DurationVar(&v.Settle, "settle", v.Settle, "How long pods must stay the same after a guard is set")
	flags.DurationVar(&v.LeaseDuration, "lease-duration", v.LeaseDuration, "How long a dead operator keeps others out")
	flags.DurationVar(&v.Poll, "poll", v.Poll, "How often the API is asked while waiting")
	f.gates.add(flags)
	f.hasGates = true
	f.addJudged(cmd)
}

// addJudged adds the settings that preflight judges as well; add comes first
// where both are wanted.
func (f *settingsFlags) addJudged(cmd *cobra.Command) {
	if f.flags == nil {
		f.values, f.flags = cutover.DefaultSettings(), cmd.Flags()
	}
	// Mistakes are told before a cluster is asked.
	cmd.PreRunE = func(*cobra.Command, []string) error { return f.validate() }
	flags, v := cmd.Flags(), &f.values
	flags.IntVar(&v.Floor, "floor", 0, "How many nodes serve at any moment at least (default: three quarters, never fewer than 2)")
	flags.IntVar(&v.ZoneFloor, "zone-floor", 0, "How many nodes of every zone serve at any moment at least (default: 1 where a zone has several)")
	flags.BoolVar(&v.AcceptSingleNode, "i-accept-single-node", false, "Go on with two nodes, of which one serves alone for a while")
	flags.StringVar(&v.LoadBalancer, "lb", "", "What takes nodes out of rotation: passive (its health check), aws:TARGET-GROUP[,TARGET-GROUP...], haproxy:SOCKET[,SOCKET...], node-label:DURATION or exec:PROGRAM")
	flags.DurationVar(&v.Balancer.Interval, "lb-interval", 0, "Interval of the load balancer's health check")
	flags.DurationVar(&v.Balancer.Timeout, "lb-timeout", 0, "Timeout of the load balancer's health check")
	flags.IntVar(&v.Balancer.Unhealthy, "lb-unhealthy", 0, "Failed checks until the load balancer leaves a node out")
	flags.IntVar(&v.Balancer.Healthy, "lb-healthy", 0, "Good checks until the load balancer uses a node again")
	v.Balancer.Margin = 10 * time.Second // what users of cloud balancers report as enough in most cases
	flags.DurationVar(&v.Balancer.Margin, "lb-margin", v.Balancer.Margin, "How long the load balancer takes to act on what it noticed")
	flags.Int32Var(&v.Balancer.Port, "lb-port", 0, "Port that the load balancer's health check asks")
	flags.DurationVar(&v.LongestRequest, "longest-request", 0, "How long a request may take, so that none is cut off")
	flags.Int32SliceVar(&v.Ports.HTTP, "http-port", nil, "Host ports that speak HTTP (default: told by the old DaemonSet)")
	flags.Int32SliceVar(&v.Ports.HTTPS, "https-port", nil, "Host ports that speak HTTPS (default: told by the old DaemonSet)")
}

// settings are the flags', on top of what the journal of f keeps.
func (f *settingsFlags) settings(picture *fleet.Fleet) (cutover.Settings, error) {
	if picture.Journal == nil || len(picture.Journal.Settings) == 0 || picture.Journal.Phase == journal.RolledBack {
		return f.fresh(), nil
	}
	s, err := f.onTop(picture.Journal.Settings)
	if err != nil {
		return s, fmt.Errorf("reading the settings of cutover %s: %w", picture.Journal.ID, err)
	}
	return s, nil
}

// fresh are the settings of a cutover that begins.
func (f *settingsFlags) fresh() cutover.Settings {
	s := f.values
	f.gates.apply(&s, func(...string) bool { return f.hasGates })
	return s
}

// onTop are recorded settings with the flags that were given over them.
func (f *settingsFlags) onTop(recorded json.RawMessage) (s cutover.Settings, err error) {
	if err := json.Unmarshal(recorded, &s); err != nil {
		return s, err
	}
	given := f.values
	for _, take := range []struct {
		flag string
		copy func()
	}{
		{"canary", func() { s.Canary = given.Canary }},
		{"canary-soak", func() { s.CanarySoak = given.CanarySoak }},
		{"soak", func() { s.Soak = given.Soak }},
		{"pause-after-canary", func() { s.PauseAfterCanary = given.PauseAfterCanary }},
		{"batch", func() { s.Batch, s.BatchPercent = given.Batch, given.BatchPercent }},
		{"pre-pull", func() { s.PrePull = given.PrePull }},
		{"bake", func() { s.Bake = given.Bake }},
		{"zone-floor", func() { s.ZoneFloor = given.ZoneFloor }},
		{"node-timeout", func() { s.NodeTimeout = given.NodeTimeout }},
		{"ready-timeout", func() { s.ReadyTimeout = given.ReadyTimeout }},
		{"gate-timeout", func() { s.GateTimeout = given.GateTimeout }},
		{"gate-rounds", func() { s.GateRounds = given.GateRounds }},
		{"gate-every", func() { s.GateEvery = given.GateEvery }},
		{"routes", func() { s.Sample = given.Sample }},
		{"settle", func() { s.Settle = given.Settle }},
		{"lease-duration", func() { s.LeaseDuration = given.LeaseDuration }},
		{"poll", func() { s.Poll = given.Poll }},
		{"floor", func() { s.Floor = given.Floor }},
		{"i-accept-single-node", func() { s.AcceptSingleNode = given.AcceptSingleNode }},
		{"lb", func() { s.LoadBalancer = given.LoadBalancer }},
		{"lb-interval", func() { s.Balancer.Interval = given.Balancer.Interval }},
		{"lb-timeout", func() { s.Balancer.Timeout = given.Balancer.Timeout }},
		{"lb-unhealthy", func() { s.Balancer.Unhealthy = given.Balancer.Unhealthy }},
		{"lb-healthy", func() { s.Balancer.Healthy = given.Balancer.Healthy }},
		{"lb-margin", func() { s.Balancer.Margin = given.Balancer.Margin }},
		{"lb-port", func() { s.Balancer.Port = given.Balancer.Port }},
		{"longest-request", func() { s.LongestRequest = given.LongestRequest }},
		{"http-port", func() { s.Ports.HTTP = given.Ports.HTTP }},
		{"https-port", func() { s.Ports.HTTPS = given.Ports.HTTPS }},
	} {
		if f.flags.Changed(take.flag) {
			take.copy()
		}
	}
	f.gates.apply(&s, func(names ...string) bool { return slices.ContainsFunc(names, f.flags.Changed) })
	return s, nil
}

func (f *settingsFlags) validate() error {
	v := f.values
	if f.hasGates {
		if err := f.gates.validate(); err != nil {
			return err
		}
	}
	if f.shifts == nil || !f.shifts() {
		if _, err := parseDrainer(v.LoadBalancer, nil); err != nil {
			return withStatus(StatusUsage, err)
		}
	}
	switch {
	case v.ZoneFloor < 0:
		return usageError("--zone-floor must not be negative")
	case v.GateRounds < 1:
		return usageError("--gate-rounds is 1 or more, not %d", v.GateRounds)
	case v.Floor < 0, v.Floor == 1 && !v.AcceptSingleNode:
		return usageError("--floor is 2 or more, or 1 with --i-accept-single-node, not %d", v.Floor)
	case v.Poll <= 0:
		return usageError("--poll is more than 0, not %s", v.Poll)
	case v.Balancer.Port < 0 || v.Balancer.Port > 65535:
		return usageError("--lb-port is a port, not %d", v.Balancer.Port)
	case v.LeaseDuration < time.Second:
		return usageError("--lease-duration is 1s or more, not %s", v.LeaseDuration)
	}
	for _, d := range []struct {
		flag  string
		value time.Duration
	}{{"canary-soak", v.CanarySoak}, {"soak", v.Soak}, {"settle", v.Settle}, {"bake", v.Bake}, {"lb-interval", v.Balancer.Interval}, {"lb-timeout", v.Balancer.Timeout}, {"lb-margin", v.Balancer.Margin}, {"longest-request", v.LongestRequest}} {
		if d.value < 0 {
			return usageError("--%s must not be negative", d.flag)
		}
	}
	return nil
}

// batchValue is a number of nodes or a share of them.
type batchValue cutover.Settings

func (v *batchValue) String() string {
	if v.BatchPercent > 0 {
		return fmt.Sprintf("%d%%", v.BatchPercent)
	}
	return strconv.Itoa(v.Batch)
}

func (v *batchValue) Type() string { return "nodes" }

func (v *batchValue) Set(text string) error {
	number, percent := strings.CutSuffix(text, "%")
	n, err := strconv.Atoi(number)
	switch {
	case err != nil || n < 1:
		return fmt.Errorf("it is 1 or more, or a share such as 25%%")
	case percent && n > 100:
		return fmt.Errorf("it is at most 100%%")
	case percent:
		v.BatchPercent = n
	default:
		v.Batch, v.BatchPercent = n, 0
	}
	return nil
}
