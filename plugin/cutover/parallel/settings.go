// Package parallel is a cutover between two controllers that run side by side: the load
// balancer in front gives the new one more and more of the requests. It plans the steps
// and judges them; package shift makes and records them.
package parallel

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/fleet"
)

// Settings are the choices of one cutover. Those of a cutover node by node that are about
// nodes are not used; its canary is the first weight.
type Settings struct {
	cutover.Settings
	// Weights are how many percent of the requests the new side gets, step by step. The
	// last is 100.
	Weights []int `json:"weights"`
	// MinHealthy is how many percent of the new side's targets, and of its pods, have to be
	// well.
	MinHealthy int `json:"minHealthy"`
	// Old and New are the two controllers; the zero value: told by their images.
	Old fleet.WorkloadRef `json:"old,omitzero"`
	New fleet.WorkloadRef `json:"new,omitzero"`
	// OldURLs and NewURLs are where they are asked past the load balancer, see
	// verify.ParseSide; none: told by their host ports and Services.
	OldURLs []string `json:"oldURLs,omitempty"`
	NewURLs []string `json:"newURLs,omitempty"`
}

// DefaultSettings are for production.
func DefaultSettings() Settings {
	return Settings{Settings: cutover.DefaultSettings(), Weights: []int{1, 5, 25, 50, 100}, MinHealthy: 100}
}

// ParseWeights reads percentages that grow up to 100, such as 1,5,25,50,100.
func ParseWeights(text string) ([]int, error) {
	var weights []int
	for part := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(part), "%"))
		if err != nil || n < 1 || n > 100 {
			return nil, fmt.Errorf("%q is no percentage from 1 to 100", part)
		}
		if len(weights) > 0 && n <= weights[len(weights)-1] {
			return nil, fmt.Errorf("%d comes after %d: weights grow", n, weights[len(weights)-1])
		}
		weights = append(weights, n)
	}
	if weights[len(weights)-1] != 100 {
		return nil, fmt.Errorf("the last weight is 100, not %d", weights[len(weights)-1])
	}
	return weights, nil
}

// next is the weight after one that is good; 0 when that was the last.
func (s Settings) next(good int) int {
	i := slices.IndexFunc(s.Weights, func(w int) bool { return w > good })
	if i < 0 {
		return 0
	}
	return s.Weights[i]
}

func label(weight int) string { return strconv.Itoa(weight) + "%" }
