package world

import (
	"strconv"
	"time"
)

// How long nodes are watched: as short as a balancer that checks every second
// allows. Production takes the plugin's defaults, which are minutes.
const (
	CanarySoak = 2 * time.Second
	Soak       = time.Second
)

// BalancerFlags tell the plugin of the balancer's Check.
func BalancerFlags() []string {
	check := Check()
	return []string{
		"--lb-interval=" + check.Interval.String(), "--lb-timeout=" + check.Timeout.String(),
		"--lb-unhealthy=" + strconv.Itoa(check.Fall), "--lb-healthy=" + strconv.Itoa(check.Rise), "--lb-margin=1s",
	}
}

// Pace are the flags of a quick cutover. Nodes are watched for a second, and a machine
// that has other work to do answers slowly: errors count, latency hardly does.
func Pace() []string {
	return append(BalancerFlags(), "--canary-soak="+CanarySoak.String(), "--soak="+Soak.String(), "--settle=3s", "--gate-every=500ms", "--min-requests=10", "--max-latency=50")
}
