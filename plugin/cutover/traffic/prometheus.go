package traffic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/api"
	prometheusv1 "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/prometheus/common/model"
)

// DefaultQuery is the share of Traefik's answers on a node that were 5xx, for servers
// whose "instance" is address:port, as it is unless somebody relabels it.
const DefaultQuery = `(sum(rate(traefik_entrypoint_requests_total{instance=~"$ADDRESS:.*",code=~"5.."}[1m])) or vector(0))` +
	` / sum(rate(traefik_entrypoint_requests_total{instance=~"$ADDRESS:.*"}[1m]))`

// Query is one question to Prometheus about one node. In Text, $NODE, $ADDRESS and $POD
// are the node's; the answer may be Max at most.
type Query struct {
	Text string  `json:"text"`
	Max  float64 `json:"max"`
}

// Prometheus is a server, or what speaks its API, and what it is asked.
type Prometheus struct {
	api     prometheusv1.API
	queries []Query
}

// NewPrometheus returns the server at a URL, which is asked without credentials.
func NewPrometheus(url string, queries []Query, dial func(context.Context, string, string) (net.Conn, error)) (*Prometheus, error) {
	client, err := api.NewClient(api.Config{Address: url, RoundTripper: &http.Transport{DialContext: dial, Proxy: http.ProxyFromEnvironment}})
	if err != nil {
		return nil, fmt.Errorf("the address of Prometheus: %w", err)
	}
	return &Prometheus{prometheusv1.NewAPI(client), queries}, nil
}

// Target is what a query is about.
type Target struct{ Node, Address, Pod string }

// Judge asks every query about a node.
func (p *Prometheus) Judge(ctx context.Context, t Target, now time.Time) Verdict {
	v := Verdict{Judged: true}
	var said, bad []string
	for _, q := range p.queries {
		value, err := p.ask(ctx, q, t, now)
		switch {
		case err != nil:
			v.Judged = false
			said = append(said, "no judgement by Prometheus: "+err.Error())
		case value > q.Max:
			bad = append(bad, fmt.Sprintf("Prometheus answers %.4g, more than %.4g, to %s", value, q.Max, t.fill(q.Text)))
		default:
			said = append(said, fmt.Sprintf("Prometheus %.4g of %.4g", value, q.Max))
		}
	}
	v.Text, v.Bad = strings.Join(said, ", "), strings.Join(bad, "; ")
	return v
}

// ask returns the largest value that a query has now.
func (p *Prometheus) ask(ctx context.Context, q Query, t Target, now time.Time) (float64, error) {
	if net.ParseIP(t.Address) == nil {
		return 0, fmt.Errorf("the address %q of node %s is no IP address", t.Address, t.Node)
	}
	const patience = 30 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, _, err := p.api.Query(ctx, t.fill(q.Text), now)
	if err != nil {
		return 0, fmt.Errorf("asking it: %w", err)
	}
	var values []model.SampleValue
	switch a := answer.(type) {
	case *model.Scalar:
		values = append(values, a.Value)
	case model.Vector:
		for _, sample := range a {
			values = append(values, sample.Value)
		}
	default:
		return 0, fmt.Errorf("the query has a %s for an answer, not a number or a vector", answer.Type())
	}
	worst := math.NaN()
	for _, value := range values {
		if f := float64(value); !math.IsNaN(f) && !(f <= worst) {
			worst = f
		}
	}
	if math.IsNaN(worst) {
		return 0, errors.New("it has no value for " + t.fill(q.Text))
	}
	return worst, nil
}

func (t Target) fill(query string) string {
	return strings.NewReplacer("$NODE", t.Node, "$ADDRESS", t.Address, "$POD", t.Pod).Replace(query)
}
