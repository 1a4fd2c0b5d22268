package plugin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/journal"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/lock"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover/parallel"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/shift"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/ui"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/verify"
)

// Values of --strategy.
const (
	strategyNodes    = "nodes"
	strategyParallel = "parallel"
	strategyStory    = string(journal.Story)
)

// parallelFlags are those of a cutover by weights beside the settings of every cutover.
type parallelFlags struct {
	strategy       string
	sides          lb.Sides
	weights        string
	minHealthy     int
	oldURL, newURL []string
}

// add adds what begins a cutover: a strategy and its load balancer. Mistakes are told
// before a cluster is asked.
func (f *parallelFlags) add(cmd *cobra.Command, settings *settingsFlags) {
	flags := cmd.Flags()
	flags.StringVar(&f.strategy, "strategy", strategyNodes, "How: nodes (one after the other, on the same ports), parallel (both proxies run side by side, and --lb divides requests by weight) or story (as nodes, but by host names and with waiting pods: see its hazards with plan)")
	// The only error is an unknown flag, which the tests would show at once.
	_ = cmd.RegisterFlagCompletionFunc("strategy", cobra.FixedCompletions([]string{strategyNodes, strategyParallel, strategyStory}, cobra.ShellCompDirectiveNoFileComp))
	flags.StringVar(&f.sides.Old, "old-side", "", "With parallel: what --lb calls the old proxy, see shift")
	flags.StringVar(&f.sides.New, "new-side", "", "With parallel: what --lb calls the new proxy")
	f.addSettings(cmd)
	settings.shifts = func() bool { return f.strategy == strategyParallel }
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if err := f.validate(cmd, settings.values.LoadBalancer); err != nil {
			return err
		}
		return settings.validate()
	}
}

// parallelOnly are flags that say nothing of a cutover node by node.
var parallelOnly = []string{"old-side", "new-side", "weights", "min-healthy", "old-url", "new-url"}

func (f *parallelFlags) addSettings(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&f.weights, "weights", "1,5,25,50,100", "With parallel: percentages of the requests that the new proxy gets, step by step")
	flags.IntVar(&f.minHealthy, "min-healthy", 100, "With parallel: how many percent of the new proxy's targets and pods must be well")
	flags.StringSliceVar(&f.oldURL, "old-url", nil, "With parallel: where the old proxy is asked for its routes (default: its host ports or Service)")
	flags.StringSliceVar(&f.newURL, "new-url", nil, "With parallel: where the new proxy is asked for its routes")
}

func (f *parallelFlags) validate(cmd *cobra.Command, balancer string) error {
	switch f.strategy {
	case strategyParallel:
		if balancer == "" {
			return usageError("--strategy=parallel needs --lb, which divides requests between the two: aws, gateway:NAMESPACE/HTTPROUTE, haproxy:ADDRESS or exec:PROGRAM")
		}
		if _, err := parseShiftBalancer(balancer, f.sides); err != nil {
			return err
		}
	case strategyNodes, strategyStory:
		if confirm := cmd.Flags().Lookup(confirmHazards); confirm != nil && confirm.Changed && f.strategy != strategyStory {
			return usageError("--%s is for --strategy=story", confirmHazards)
		}
		for _, name := range parallelOnly {
			if cmd.Flags().Changed(name) {
				return usageError("--%s is for --strategy=parallel", name)
			}
		}
	default:
		return usageError("--strategy is nodes, parallel or story, not %q", f.strategy)
	}
	return f.check()
}

func (f *parallelFlags) check() error {
	if _, err := parallel.ParseWeights(f.weights); err != nil {
		return usageError("--weights: %v", err)
	}
	if f.minHealthy < 0 || f.minHealthy > 100 {
		return usageError("--min-healthy is 0 to 100, not %d", f.minHealthy)
	}
	for name, urls := range map[string][]string{"old-url": f.oldURL, "new-url": f.newURL} {
		if _, err := verify.ParseSide(urls); err != nil {
			return usageError("--%s: %v", name, err)
		}
	}
	return nil
}

// byNodes is the strategy of a cutover that moves nodes, by the value of --strategy.
func byNodes(value string) journal.Strategy {
	if value == strategyStory {
		return journal.Story
	}
	return journal.ByLabel
}

// settings puts the flags' choices into s: all of them, or those that were given.
func (f *parallelFlags) settings(s *parallel.Settings, given func(string) bool) error {
	if given("weights") {
		var err error
		if s.Weights, err = parallel.ParseWeights(f.weights); err != nil {
			return usageError("--weights: %v", err)
		}
	}
	if given("min-healthy") {
		s.MinHealthy = f.minHealthy
	}
	if given("old-url") {
		s.OldURLs = f.oldURL
	}
	if given("new-url") {
		s.NewURLs = f.newURL
	}
	return nil
}

// newParallel makes the engine of a cutover that is to begin.
func (c *cluster) newParallel(ctx context.Context, move *moveFlags, flags *parallelFlags) (*parallel.Engine, context.Context, error) {
	settings := parallel.Settings{Settings: move.settings.fresh()}
	if err := flags.settings(&settings, func(string) bool { return true }); err != nil {
		return nil, nil, err
	}
	var err error
	if settings.Old, err = fleet.ParseWorkload(move.fleet.old); err != nil {
		return nil, nil, usageError("--old: %v", err)
	}
	if settings.New, err = fleet.ParseWorkload(move.fleet.new); err != nil {
		return nil, nil, usageError("--new: %v", err)
	}
	balancer, err := parseShiftBalancer(settings.LoadBalancer, flags.sides)
	if err != nil {
		return nil, nil, err
	}
	e, running, reader, err := c.parallelEngine(ctx, balancer, settings, move.color, false)
	if err != nil {
		return nil, nil, err
	}
	return e, running, c.compareSides(ctx, e, reader)
}

// recordedParallel makes the engine of a cutover that has begun, with the flags that were
// given over its settings. Without flags for weights it is one that goes back or gives up,
// whatever has become of the two controllers.
func (c *cluster) recordedParallel(ctx context.Context, r *shift.Record, move *moveFlags, flags *parallelFlags) (*parallel.Engine, context.Context, error) {
	var settings parallel.Settings
	if err := json.Unmarshal(r.Course.Settings, &settings); err != nil {
		return nil, nil, fmt.Errorf("reading the settings of the cutover by weights: %w", err)
	}
	if move.settings.flags.Changed("lb") {
		return nil, nil, usageError("--lb: the load balancer of a cutover by weights is that of its record, %s", r.LoadBalancer)
	}
	var err error
	if settings.Settings, err = move.settings.onTop(r.Course.Settings); err != nil {
		return nil, nil, fmt.Errorf("reading the settings of the cutover by weights: %w", err)
	}
	if flags != nil {
		if err := flags.settings(&settings, move.settings.flags.Changed); err != nil {
			return nil, nil, err
		}
	}
	balancer, err := parseShiftBalancer(r.LoadBalancer, r.Sides)
	if err != nil {
		return nil, nil, err
	}
	e, running, reader, err := c.parallelEngine(ctx, balancer, settings, move.color, flags == nil)
	if err != nil || flags == nil {
		return e, running, err
	}
	return e, running, c.compareSides(ctx, e, reader)
}

// parallelEngine makes an engine that compares no answers. The context to run it with
// survives the first interrupt, which makes it stop between two writes. Controllers that
// are named and not there are an error, unless it is lenient.
func (c *cluster) parallelEngine(ctx context.Context, balancer *shiftBalancer, settings parallel.Settings, color string, lenient bool) (*parallel.Engine, context.Context, *fleet.Reader, error) {
	palette, err := ui.NewPalette(c.streams.Out, color)
	if err != nil {
		return nil, nil, nil, withStatus(StatusUsage, err)
	}
	store, err := c.shiftStore()
	if err != nil {
		return nil, nil, nil, err
	}
	engine, err := c.shiftEngine(ctx, balancer, store)
	if err != nil {
		return nil, nil, nil, err
	}
	reader := &fleet.Reader{Client: store.Client, Now: time.Now}
	e := &parallel.Engine{
		Shift: engine, Clock: cutover.SystemClock{}, Observer: newProgress(c, palette), Stop: ctx.Done(),
		Acquire: func(ctx context.Context, purpose lock.Purpose) (shift.Lease, error) {
			return c.shiftLock(ctx, engine, purpose, settings.LeaseDuration)
		},
	}
	for _, side := range []struct {
		side fleet.Side
		ref  *fleet.WorkloadRef
		read *func(context.Context) (*fleet.Workload, error)
	}{{fleet.Old, &settings.Old, &e.Old}, {fleet.New, &settings.New, &e.New}} {
		found, err := reader.FindWorkload(ctx, side.side, *side.ref)
		var gone *fleet.NoWorkloadError
		if err != nil && !(lenient && errors.As(err, &gone)) {
			return nil, nil, nil, clusterError(err)
		}
		if found == nil {
			continue
		}
		*side.ref = fleet.WorkloadRef{Kind: found.Kind, NamespacedName: found.Name}
		*side.read = func(ctx context.Context) (*fleet.Workload, error) {
			return reader.FindWorkload(ctx, side.side, *side.ref)
		}
	}
	if e.Scraper, e.Prometheus, err = observers(settings.Settings); err != nil {
		return nil, nil, nil, err
	}
	e.Settings = settings
	return e, context.WithoutCancel(ctx), reader, nil
}

// compareSides has the engine ask both sides the same, where it is known how to ask them.
func (c *cluster) compareSides(ctx context.Context, e *parallel.Engine, reader *fleet.Reader) error {
	s := e.Settings
	requests := s.Verify
	if requests == 0 {
		requests = s.Sample
	}
	if requests == 0 {
		return nil
	}
	run, err := c.comparing(reader, requests, s.Ignore)
	if err != nil {
		return err
	}
	at := func(ctx context.Context, urls []string, read func(context.Context) (*fleet.Workload, error)) (verify.Side, error) {
		if len(urls) == 0 && read != nil {
			w, err := read(ctx)
			if err != nil || w == nil {
				return nil, err
			}
			if urls, err = reader.URLs(ctx, w); err != nil {
				return nil, err
			}
		}
		return verify.ParseSide(urls)
	}
	sides := func(ctx context.Context) (old, new verify.Side, err error) {
		if old, err = at(ctx, s.OldURLs, e.Old); err != nil {
			return nil, nil, err
		}
		if new, err = at(ctx, s.NewURLs, e.New); err != nil {
			return nil, nil, err
		}
		if len(verify.Schemes(old, new)) == 0 {
			err = errors.New("it is not known where both sides are asked past the load balancer: say it with --old-url and --new-url")
		}
		return old, new, err
	}
	if _, _, err := sides(ctx); err != nil {
		if s.Verify > 0 || len(s.OldURLs)+len(s.NewURLs) > 0 {
			return fmt.Errorf("--verify: %w", err)
		}
		fmt.Fprintf(c.streams.ErrOut, "Warning: the answers of both sides are not compared: %v\n", err)
		return nil
	}
	e.Compare = func(ctx context.Context) (*verify.Report, error) {
		old, new, err := sides(ctx)
		if err != nil {
			return nil, err
		}
		return run(ctx, old, new)
	}
	return nil
}

// byWeights is the cutover by weights of the namespace that is under way, or else the one
// that was changed last; nil when there is none, or none may be seen.
func (c *cluster) byWeights(ctx context.Context) (*shift.Record, *shift.Store, error) {
	return c.shifted(ctx, func(r *shift.Record) bool { return r.Active() && r.Course != nil })
}

// shifted is the record of the namespace that is under way, or else the one that was
// changed last, of those that are wanted; nil when there is none, or none may be seen.
func (c *cluster) shifted(ctx context.Context, want func(*shift.Record) bool) (*shift.Record, *shift.Store, error) {
	store, err := c.shiftStore()
	if err != nil {
		return nil, nil, err
	}
	records, err := store.List(ctx)
	if apierrors.IsForbidden(err) {
		return nil, store, nil
	}
	if err != nil {
		return nil, nil, clusterError(err)
	}
	records = slices.DeleteFunc(records, func(r *shift.Record) bool { return !want(r) })
	if len(records) == 0 {
		return nil, store, nil
	}
	return slices.MaxFunc(records, func(a, b *shift.Record) int {
		if a.UnderWay() != b.UnderWay() {
			if a.UnderWay() {
				return 1
			}
			return -1
		}
		return a.Changed.Compare(b.Changed)
	}), store, nil
}

// underWay is byWeights where that is neither complete nor given up.
func (c *cluster) underWay(ctx context.Context) (*shift.Record, error) {
	r, _, err := c.byWeights(ctx)
	if err != nil || !r.UnderWay() {
		return nil, err
	}
	return r, nil
}

// noOther refuses to begin a cutover while another one of whatever strategy is under way.
func (c *cluster) noOther(ctx context.Context) error {
	r, err := c.underWay(ctx)
	if err != nil {
		return err
	}
	if r != nil {
		return fmt.Errorf("a cutover by weights is under way (%s): go on with %s cutover resume, or back with %s rollback --all", parallel.PhaseText(r), displayName, displayName)
	}
	return nil
}

// showParallelPlan shows a plan to whoever is to say yes.
func (c *cluster) showParallelPlan(p *parallel.Plan, s parallel.Settings) {
	hanging(c.streams.Out, func(w io.Writer) { writeParallelPlan(w, p, s) })
	for _, warning := range p.Warnings {
		fmt.Fprintf(c.streams.ErrOut, "Warning: %s\n", warning)
	}
}

func writeParallelPlan(w io.Writer, p *parallel.Plan, s parallel.Settings) {
	known := func(text string) string {
		if text == "" {
			return "(not known: --old, --new)"
		}
		return text
	}
	fmt.Fprintf(w, "Plan       %s\n           -> %s\n", known(p.Old), known(p.New))
	fmt.Fprintf(w, "Balancer   %s: from %s to %s\n", p.LoadBalancer, orDash(p.Sides.Old), orDash(p.Sides.New))
	steps := []string{fmt.Sprintf("%d%% now", p.Weight)}
	for _, step := range p.Steps {
		steps = append(steps, fmt.Sprintf("%d%% for %s", step.Weight, time.Duration(step.SoakSeconds)*time.Second))
	}
	fmt.Fprintf(w, "Steps      %s\n", strings.Join(steps, ", "))
	gates := []string{fmt.Sprintf("%d%% of its targets and pods are well", s.MinHealthy)}
	if p.Compared {
		gates = append(gates, "routes of both sides answer the same")
	}
	if s.Traffic != nil {
		gates = append(gates, "metrics of its pods")
	}
	if s.Prometheus != "" {
		gates = append(gates, "Prometheus")
	}
	fmt.Fprintf(w, "Gates      %s\n", strings.Join(gates, "; "))
	fmt.Fprintf(w, "Time       about %s\n", time.Duration(p.EstimateSeconds)*time.Second)
	fmt.Fprintf(w, "Record     %s\n", p.Record)
	fmt.Fprintf(w, "Back       at any moment, in one step: %s rollback --all\n", displayName)
}
