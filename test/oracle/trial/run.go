package trial

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/traefikv1"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// Case is a set to try.
type Case struct {
	Set     *world.Set
	Profile Profile
	// Alone keeps the set out of clusters shared with other sets: it has routes
	// for every host, or rules that Traefik 1.7 lets leak to other hosts.
	Alone bool
	// Shares are requests whose answers are counted, of a case that is alone.
	Shares []judge.Request
}

// Asked is one request with the answers of the old controller and the new one.
type Asked struct {
	Target        emit.Version
	Request       judge.Request // at its place
	Before, After judge.Answer
	Differences   []compare.Judged
}

// Unexcused are the differences that nothing in the report speaks of.
func (a *Asked) Unexcused() []compare.Judged {
	var out []compare.Judged
	for _, d := range a.Differences {
		if d.Excuse == "" {
			out = append(out, d)
		}
	}
	return out
}

// Outcome is what became of a case.
type Outcome struct {
	Case  Case
	Place world.Place
	// Refused: the source does not load this set.
	Refused bool
	// Before are the source's answers to the requests.
	Before []judge.Answer
	Asked  []Asked
	Shares []Share
	// Faults are failures that are not about one request.
	Faults []string
}

// Failed reports whether anything is wrong with the conversion.
func (o *Outcome) Failed() bool {
	if len(o.Faults) > 0 {
		return true
	}
	for i := range o.Asked {
		if len(o.Asked[i].Unexcused()) > 0 {
			return true
		}
	}
	return false
}

// workers is how many sets of a load are asked at once. Requests of one set are
// sent one after the other: limits count them.
const workers = 4

// Run tries the cases and returns an outcome for each, in their order.
func (b *Bench) Run(ctx context.Context, targets []emit.Version, cases []Case) ([]*Outcome, error) {
	outcomes := make([]*Outcome, len(cases))
	loads := map[string][]int{}
	var order []string
	for i, c := range cases {
		outcomes[i] = &Outcome{Case: c, Place: b.place(i + 1)}
		load := c.Profile.Name
		if c.Alone {
			load = fmt.Sprintf("%s alone %d", load, i)
			outcomes[i].Place = b.place(0)
		}
		if c.Profile.Source == judge.Nginx {
			// Of an Ingress that it does not like, ingress-nginx keeps what it was: no
			// name may come again.
			b.places++
			outcomes[i].Place = b.place(b.places)
		}
		if loads[load] == nil {
			order = append(order, load)
		}
		loads[load] = append(loads[load], i)
	}
	for _, load := range order {
		var together []*Outcome
		for _, i := range loads[load] {
			together = append(together, outcomes[i])
		}
		if err := b.try(ctx, targets, together); err != nil {
			return nil, err
		}
	}
	return outcomes, nil
}

// try loads the cases into one cluster. When the source refuses it, the halves
// are tried until the case that is to blame is alone.
func (b *Bench) try(ctx context.Context, targets []emit.Version, outcomes []*Outcome) error {
	profile := outcomes[0].Case.Profile
	if !slices.ContainsFunc(targets, profile.isFor) {
		return nil // nothing to compare it with
	}
	before, err := b.judgeBefore(ctx, profile)
	if err != nil {
		return err
	}
	sets := make([]*world.Set, len(outcomes))
	var objects []any
	for i, o := range outcomes {
		if sets[i], err = o.Place.Set(o.Case.Set); err != nil {
			return err
		}
		if profile.Source == judge.V1 {
			objects = append(objects, sets[i].BeforeV1()...)
		} else {
			objects = append(objects, sets[i].Before()...)
		}
	}
	err = before.Load(ctx, objects)
	switch {
	case errors.Is(err, judge.ErrRefused) && blame(blamed(before), outcomes):
		rest := slices.DeleteFunc(slices.Clone(outcomes), func(o *Outcome) bool { return o.Refused })
		if len(rest) == 0 {
			return nil
		}
		return b.try(ctx, targets, rest)
	case errors.Is(err, judge.ErrRefused) && len(outcomes) > 1:
		half := len(outcomes) / 2
		if err := b.try(ctx, targets, outcomes[:half]); err != nil {
			return err
		}
		return b.try(ctx, targets, outcomes[half:])
	case errors.Is(err, judge.ErrRefused):
		outcomes[0].Refused = true
	case err != nil:
		return err
	}
	answers := make([][]judge.Answer, len(sets))
	if !outcomes[0].Refused {
		if answers, err = askAll(ctx, before, sets); err != nil {
			return fmt.Errorf("%s: %w", profile.Source, err)
		}
		for i, o := range outcomes {
			o.Before = answers[i]
		}
		for _, o := range outcomes {
			if err := o.sharesBefore(ctx, before); err != nil {
				return err
			}
		}
	}
	for _, target := range targets {
		if !profile.isFor(target) {
			continue
		}
		if err := b.tryTarget(ctx, target, profile, outcomes, sets, answers); err != nil {
			return err
		}
	}
	return nil
}

// blame notes which of the cases have a host that the source named in its refusal,
// and reports whether there is one.
func blame(hosts []string, outcomes []*Outcome) (found bool) {
	for _, o := range outcomes {
		if slices.ContainsFunc(hosts, o.Place.Owns) {
			o.Refused, found = true, true
		}
	}
	return found
}

// blamed are the hosts that the refusal of a load is about, if the controller says so.
func blamed(c Controller) []string {
	if j, ok := c.(*judge.Judge); ok {
		return j.Blamed()
	}
	return nil
}

// tryTarget converts the sets as one cluster and asks the new controller.
func (b *Bench) tryTarget(ctx context.Context, target emit.Version, profile Profile, outcomes []*Outcome, sets []*world.Set, before [][]judge.Answer) error {
	input, err := world.Input(sets...)
	if err != nil {
		return fmt.Errorf("reading the sets: %w", err)
	}
	result := convert.Convert(input, options(profile, target))
	if outcomes[0].Refused {
		outcomes[0].judgeRefusal(result)
		return nil
	}
	checklist := result.Settings
	if profile.From == convert.FromTraefikV1 {
		translator := traefikv1.NewTranslator(input, profile.TraefikV1)
		translator.Translate(input.Ingresses)
		checklist = traefikv1.Checklist(profile.TraefikV1, translator.TakesExact())
	}
	after, err := b.judgeAfter(ctx, target, profile)
	if err != nil {
		return err
	}
	var objects []any
	for i, s := range sets {
		var mine []convert.Output
		if i == 0 {
			mine = result.Objects
		}
		objects = append(objects, s.After(mine)...)
	}
	switch err := after.Load(ctx, objects); {
	case errors.Is(err, judge.ErrRefused) && len(outcomes) > 1:
		half := len(outcomes) / 2
		if err := b.tryTarget(ctx, target, profile, outcomes[:half], sets[:half], before[:half]); err != nil {
			return err
		}
		return b.tryTarget(ctx, target, profile, outcomes[half:], sets[half:], before[half:])
	case errors.Is(err, judge.ErrRefused):
		outcomes[0].Faults = append(outcomes[0].Faults, err.Error())
		return nil
	case err != nil:
		return fmt.Errorf("the output for Traefik %d: %w", target, err)
	}
	answers, err := askAll(ctx, after, sets)
	if err != nil {
		return fmt.Errorf("traefik %d: %w", target, err)
	}
	for i, o := range outcomes {
		if err := o.sharesAfter(ctx, target, after); err != nil {
			return err
		}
		scene := compare.NewScene(profile.From, sets[i], result, checklist, profile.met())
		o.judgeClaims(result, sets[i])
		for j, r := range sets[i].Requests {
			asked := Asked{Target: target, Request: r, Before: before[i][j], After: answers[i][j]}
			asked.Differences = scene.Judge(r, asked.Before, asked.After)
			profile.known(sets[i], &asked)
			o.Asked = append(o.Asked, asked)
		}
	}
	return nil
}

func options(profile Profile, target emit.Version) convert.Options {
	return convert.Options{From: profile.From, Target: emit.Target{Version: target}, TraefikV1: profile.TraefikV1, Traefik: profile.Traefik, Nginx: profile.Nginx}
}

// Convert converts a set as a trial does.
func Convert(profile Profile, target emit.Version, set *world.Set) (convert.Result, error) {
	input, err := world.Input(set)
	return convert.Convert(input, options(profile, target)), err
}

// askAll sends the requests of every set.
func askAll(ctx context.Context, j Controller, sets []*world.Set) ([][]judge.Answer, error) {
	answers := make([][]judge.Answer, len(sets))
	errs := make([]error, len(sets))
	next := make(chan int)
	var wait sync.WaitGroup
	for range workers {
		wait.Go(func() {
			for i := range next {
				for _, r := range sets[i].Requests {
					answer, err := j.Ask(ctx, r)
					if err != nil {
						errs[i] = fmt.Errorf("%s: %w", r, err)
						break
					}
					answers[i] = append(answers[i], answer)
				}
			}
		})
	}
	for i := range sets {
		next <- i
	}
	close(next)
	wait.Wait()
	return answers, errors.Join(errs...)
}
