package trial

import (
	"context"
	"fmt"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/emit"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/compare"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/judge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/oracle/world"
)

// samples of one share: Traefik 2 and 3 deal exactly, so that a hundredth shows.
const samples = 600

// Share is how the requests for one host and path are dealt to Services.
type Share struct {
	// Target is nil for the source.
	Target  *emit.Version
	Request judge.Request
	// Parts of each Service, in percent.
	Parts map[string]float64
}

// String says what the share is.
func (s Share) String() string {
	who := "the source"
	if s.Target != nil {
		who = fmt.Sprintf("Traefik %d", *s.Target)
	}
	return fmt.Sprintf("%s deals %s", who, s.Request)
}

// sharesBefore reads the shares of a set that Traefik 1.7 has.
func (o *Outcome) sharesBefore(ctx context.Context, before Controller) error {
	j, ok := before.(*judge.Judge)
	if !ok && len(o.Case.Shares) > 0 {
		return fmt.Errorf("%s tells no shares", o.Case.Profile.Source)
	}
	services := map[string]string{}
	for _, pod := range world.Pods() {
		services[pod.Address] = compare.Service(pod.Name)
	}
	for _, r := range o.Case.Shares {
		placed := o.Place.Request(r)
		weights, err := j.Weights(ctx, placed.Host+placed.Target)
		if err != nil {
			return err
		}
		parts := map[string]int{}
		for address, weight := range weights {
			parts[services[o.Place.Text(address)]] += weight
		}
		o.Shares = append(o.Shares, Share{Request: r, Parts: percent(parts)})
	}
	return nil
}

// sharesAfter samples the shares of a target.
func (o *Outcome) sharesAfter(ctx context.Context, target emit.Version, j Controller) error {
	for _, r := range o.Case.Shares {
		parts := map[string]int{}
		for range samples {
			answer, err := j.Ask(ctx, o.Place.Request(r))
			if err != nil {
				return err
			}
			service := "traefik"
			if answer.Seen != nil {
				service = compare.Service(answer.Seen.Pod)
			}
			parts[service]++
		}
		o.Shares = append(o.Shares, Share{Target: &target, Request: r, Parts: percent(parts)})
	}
	return nil
}

func percent(parts map[string]int) map[string]float64 {
	total := 0
	for _, n := range parts {
		total += n
	}
	out := map[string]float64{}
	for service, n := range parts {
		out[service] = 100 * float64(n) / float64(total)
	}
	return out
}
