package nginx

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// argument is one flag of the controller (its pkg/flags): a switch needs no value.
type argument struct {
	name     string
	isSwitch bool
	// text says what of it the conversion does not carry over; empty: nothing that
	// changes an answer, or the facts hold it.
	text string
}

// arguments has a line for every flag of the controller, sorted by name.
var arguments = [...]argument{
	{"alsologtostderr", true, ""},
	{"annotations-prefix", false, ""},
	{"apiserver-host", false, ""},
	{"bucket-factor", false, ""},
	{"certificate-authority", false, ""},
	{"configmap", false, ""},
	{"controller-class", false, ""},
	{"deep-inspect", true, ""},
	{"default-backend-service", false, ""},
	{"default-server-port", false, ""},
	{"default-ssl-certificate", false, ""},
	{"disable-catch-all", true, ""},
	{"disable-full-test", true, ""},
	{"disable-leader-election", true, ""},
	{"disable-svc-external-name", true, "Services of type ExternalName are not served; leave allowExternalNameServices of the target off"},
	{"disable-sync-events", true, ""},
	{"dynamic-configuration-retries", false, ""},
	{"election-id", false, ""},
	{"election-ttl", false, ""},
	{"enable-annotation-validation", true, ""},
	{"enable-metrics", true, ""},
	{"enable-ssl-chain-completion", true, "incomplete certificate chains are not completed by Traefik"},
	{"enable-ssl-passthrough", true, ""},
	{"enable-topology-aware-routing", true, "Traefik does not prefer endpoints of its own zone"},
	{"exclude-socket-metrics", false, ""},
	{"health-check-path", false, ""},
	{"health-check-timeout", false, ""},
	{"healthz-host", false, ""},
	{"healthz-port", false, ""},
	{"http-port", false, ""},
	{"https-port", false, ""},
	{"ingress-class", false, ""},
	{"ingress-class-by-name", true, ""},
	{"internal-logger-address", false, ""},
	{"kubeconfig", false, ""},
	{"length-buckets", false, ""},
	{"log_dir", false, ""},
	{"log_file", false, ""},
	{"logtostderr", true, ""},
	{"max-buckets", false, ""},
	{"maxmind-edition-ids", false, ""},
	{"maxmind-license-key", false, ""},
	{"maxmind-mirror", false, ""},
	{"maxmind-retries-count", false, ""},
	{"maxmind-retries-timeout", false, ""},
	{"metrics-per-host", true, ""},
	{"metrics-per-undefined-host", true, ""},
	{"monitor-max-batch-size", false, ""},
	{"post-shutdown-grace-period", false, ""},
	{"profiler-port", false, ""},
	{"profiling", true, ""},
	{"publish-service", false, "IngressRoutes have no status: whoever reads the addresses of Ingresses needs another source"},
	{"publish-status-address", false, "IngressRoutes have no status: whoever reads the addresses of Ingresses needs another source"},
	{"report-node-internal-ip-address", true, ""},
	{"report-status-classes", true, ""},
	{"shutdown-grace-period", false, ""},
	{"size-buckets", false, ""},
	{"ssl-passthrough-proxy-port", false, ""},
	{"status-port", false, ""},
	{"status-update-interval", false, ""},
	{"stderrthreshold", false, ""},
	{"stream-port", false, ""},
	{"sync-period", false, ""},
	{"sync-rate-limit", false, ""},
	{"tcp-services-configmap", false, "TCP services are not converted: write IngressRouteTCPs"},
	{"time-buckets", false, ""},
	{"udp-services-configmap", false, "UDP services are not converted: write IngressRouteUDPs"},
	{"update-status", true, ""},
	{"update-status-on-shutdown", true, ""},
	{"v", false, ""},
	{"validating-webhook", false, ""},
	{"validating-webhook-certificate", false, ""},
	{"validating-webhook-key", false, ""},
	{"version", true, ""},
	{"vmodule", false, ""},
	{"watch-ingress-without-class", true, ""},
	{"watch-namespace", false, ""},
	{"watch-namespace-selector", false, "which namespaces it selects is not looked up: name them with --source-namespaces"},
}

// Arguments are what a command line of the controller says.
type Arguments struct {
	Facts Facts
	// ConfigMap is --configmap, namespace/name.
	ConfigMap string
	// Remarks are sentences about flags that are not known, or not carried over.
	Remarks []string
}

// FactsFromArgs reads the command line of the controller, as its container has
// it, over what is known of it.
func FactsFromArgs(base Facts, args []string) (Arguments, error) {
	out := Arguments{Facts: base}
	for i := 0; i < len(args); i++ {
		option, ok := strings.CutPrefix(args[i], "-")
		if !ok {
			continue // the command itself
		}
		name, value, given := strings.Cut(strings.TrimPrefix(option, "-"), "=")
		n, known := slices.BinarySearchFunc(arguments[:], name, func(a argument, name string) int { return strings.Compare(a.name, name) })
		if !known {
			out.Remarks = append(out.Remarks, "--"+name+" is no flag of ingress-nginx that is known here, so it is passed over")
			continue
		}
		if !given && !arguments[n].isSwitch && i+1 < len(args) {
			i++
			value = args[i]
		}
		on := true
		if arguments[n].isSwitch && given {
			var err error
			if on, err = strconv.ParseBool(value); err != nil {
				return out, fmt.Errorf("argument --%s: %q is not a boolean", name, value)
			}
		}
		out.set(name, value, on)
		if text := arguments[n].text; text != "" && on {
			out.Remarks = append(out.Remarks, "--"+name+": "+text)
		}
	}
	return out, nil
}

func (a *Arguments) set(name, value string, on bool) {
	f := &a.Facts
	switch name {
	case "annotations-prefix":
		f.AnnotationPrefix = value
	case "configmap":
		a.ConfigMap = value
	case "controller-class":
		f.ControllerClass = value
	case "default-backend-service":
		f.DefaultBackendService = value
	case "default-ssl-certificate":
		f.DefaultSSLCertificate = value
	case "disable-catch-all":
		f.DisableCatchAll = on
	case "enable-ssl-passthrough":
		f.EnableSSLPassthrough = on
	case "ingress-class":
		f.IngressClass = value
	case "ingress-class-by-name":
		f.IngressClassByName = on
	case "watch-ingress-without-class":
		f.WatchWithoutClass = on
	case "watch-namespace":
		f.Namespaces = nil
		if value != "" {
			f.Namespaces = []string{value}
		}
	}
}
