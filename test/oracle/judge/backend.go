package judge

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
)

// Weights are the weights of the servers, by their addresses, behind a frontend of
// Traefik 1.7. They are read and not sampled: its scheduler can send the first ten
// thousands of requests to one server and still be exact in the end.
func (j *Judge) Weights(ctx context.Context, frontend string) (map[string]int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+hostPort(j.config.Address, PortAPI)+"/api/providers/kubernetes", nil)
	if err != nil {
		return nil, err
	}
	response, err := j.client.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("asking Traefik %s for its backends: %w", j.config.Version, err)
	}
	defer response.Body.Close()
	var all struct {
		Backends map[string]struct {
			Servers map[string]struct {
				URL    string
				Weight int
			}
		}
		Frontends map[string]struct{ Backend string }
	}
	if err := json.NewDecoder(response.Body).Decode(&all); err != nil {
		return nil, fmt.Errorf("reading the backends of Traefik %s: %w", j.config.Version, err)
	}
	weights := map[string]int{}
	for _, server := range all.Backends[all.Frontends[frontend].Backend].Servers {
		at, err := url.Parse(server.URL)
		if err != nil {
			return nil, fmt.Errorf("reading a server of Traefik %s: %w", j.config.Version, err)
		}
		weights[at.Hostname()] = server.Weight
	}
	return weights, nil
}
