package traffic

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"
)

// Scraper asks proxies for their metrics.
type Scraper struct {
	// Dial opens a connection to a node.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// Timeout of one request.
	Timeout time.Duration
}

// mostOfPage is how much of a page is read, bytes: metrics per service and code of a
// cluster with ten thousand services are some 100 MB.
const mostOfPage = 256 << 20

// Scrape reads the page at a URL.
func (s *Scraper) Scrape(ctx context.Context, url string) (Counts, error) {
	ctx, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	transport := &http.Transport{DialContext: s.Dial, DisableKeepAlives: true, Proxy: nil}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return Counts{}, fmt.Errorf("asking for metrics: %w", err)
	}
	request.Header.Set("User-Agent", "kubectl-ingress-migrate/metrics")
	// Of the formats that Prometheus knows, the one that every version speaks.
	request.Header.Set("Accept", "text/plain;version=0.0.4")
	response, err := transport.RoundTrip(request)
	if err != nil {
		return Counts{}, fmt.Errorf("asking for metrics: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return Counts{}, fmt.Errorf("asking for metrics at %s: status %d: are they switched on (metrics.prometheus)?", url, response.StatusCode)
	}
	return Read(http.MaxBytesReader(nil, response.Body, mostOfPage))
}
