package preflight

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/cutover"
	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin/lb"
)

func oldContainer(w *world) *corev1.Container { return &w.old.Spec.Template.Spec.Containers[0] }
func newContainer(w *world) *corev1.Container { return &w.new.Spec.Template.Spec.Containers[0] }

func before(hook corev1.LifecycleHandler) *corev1.Lifecycle { return &corev1.Lifecycle{PreStop: &hook} }

// liveness asks /ping three times, 5 s apart.
func liveness(path string) *corev1.Probe {
	return &corev1.Probe{PeriodSeconds: 5, ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080)}}}
}

func TestDrainChecks(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*world)
		want  []string
	}{
		"requests longer than the proxy waits for": {
			spoil: func(w *world) { w.settings.LongestRequest = 40 * time.Second },
			want: []string{
				"DRAIN-FINISH stop: requests take up to 40 s, but one that traefik1 still gets from the balancer has 10 s until it is cut off -> set lifeCycle.graceTimeOut of traefik1 to 40 s or more",
				"DRAIN-FINISH stop: requests take up to 40 s, but one that traefik2 still gets from the balancer has 10 s until it is cut off -> set entryPoints.*.transport.lifeCycle.graceTimeOut of traefik2 to 40 s or more",
			},
		},
		"what is left of the accept grace counts": {
			spoil: func(w *world) {
				w.settings.LongestRequest = 40 * time.Second
				w.settings.Balancer = cutover.Balancer{Interval: 3 * time.Second, Timeout: time.Second, Unhealthy: 1, Healthy: 2}
				long := int64(90)
				w.old.Spec.Template.Spec.TerminationGracePeriodSeconds, w.new.Spec.Template.Spec.TerminationGracePeriodSeconds = &long, &long
				oldContainer(w).Args = []string{"--lifecycle.requestacceptgracetimeout=34s", "--ping"}
				newContainer(w).Args = args("--entrypoints.web.transport.lifecycle.requestacceptgracetimeout=30")
			},
			want: []string{"DRAIN-FINISH stop: requests take up to 40 s, but one that traefik2 still gets from the balancer has 36 s until it is cut off -> set entryPoints.*.transport.lifeCycle.graceTimeOut of traefik2 to 14 s or more"},
		},
		"a limit that the proxy itself has": {
			spoil: func(w *world) {
				w.settings.LongestRequest = time.Hour
				oldContainer(w).Args = append(oldContainer(w).Args, "--respondingtimeouts.writetimeout=8s")
				newContainer(w).Args = append(newContainer(w).Args, "--entrypoints.web.transport.respondingtimeouts.writetimeout=12s")
			},
			want: []string{"DRAIN-FINISH stop: its writeTimeout lets requests take up to 12 s, but one that traefik2 still gets from the balancer has 10 s until it is cut off -> set entryPoints.*.transport.lifeCycle.graceTimeOut of traefik2 to 12 s or more"},
		},
		"nobody told how long requests take": {
			spoil: func(w *world) { w.settings.LongestRequest = 0 },
			want:  []string{"DRAIN-FINISH unknown: how long the longest requests take is not known; those under way when a proxy leaves have traefik1 10 s, traefik2 10 s before they are cut off -> tell it with --longest-request, or show an access log with --from-access-log; without a better number, the load balancer's idle timeout (often 60s)"},
		},
		"an access log shows longer ones than were told": {
			spoil: func(w *world) { w.seen = 11 * time.Second },
			want: []string{
				"DRAIN-FINISH stop: requests take up to 11 s, but one that traefik1 still gets from the balancer has 10 s until it is cut off -> set lifeCycle.graceTimeOut of traefik1 to 11 s or more",
				"DRAIN-FINISH stop: requests take up to 11 s, but one that traefik2 still gets from the balancer has 10 s until it is cut off -> set entryPoints.*.transport.lifeCycle.graceTimeOut of traefik2 to 11 s or more",
			},
		},
		"no ping": {
			spoil: func(w *world) { oldContainer(w).Args = []string{"--lifecycle.requestacceptgracetimeout=22s"} },
			want:  []string{"DRAIN-PING stop: traefik1 has no ping: nothing tells the balancer that it leaves, so the 22 s in which it still accepts pass unnoticed -> enable ping on the entry point whose port the balancer checks, and have it check /ping there"},
		},
		"a ping that stays good": {
			spoil: func(w *world) {
				newContainer(w).Args = append(newContainer(w).Args, "--ping.terminatingStatusCode=204")
			},
			want: []string{"DRAIN-PING stop: traefik2 goes on answering 204 on /ping while it leaves (ping.terminatingStatusCode) -> leave ping.terminatingStatusCode out; its default is 503"},
		},
		"another port is checked": {
			spoil: func(w *world) {
				w.settings.Balancer.Port = 80
				newContainer(w).Args = append(newContainer(w).Args, "--ping.entryPoint=web")
			},
			want: []string{"DRAIN-PING stop: the balancer checks port 80, but traefik1 tells on port 8080 (/ping) that it leaves -> put ping on the entry point of port 80, or have the balancer check port 8080"},
		},
		"a preStop that sleeps counts": {
			spoil: func(w *world) {
				oldContainer(w).Args = []string{"--ping"}
				oldContainer(w).Lifecycle = before(corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/bin/sh", "-c", "sleep 20"}}})
				newContainer(w).Lifecycle = before(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 20}})
			},
			want: []string{
				"DRAIN-ACCEPT stop: the balancer needs 22 s to notice (2 x 5 s + 2 s + 10 s), traefik1 stops accepting after 20 s -> set lifeCycle.requestAcceptGraceTimeout of traefik1 to 22 s or more, or check more often",
				"DRAIN-GRACE stop: pods of traefik2 are killed after 60 s, but need 67 s to end (42 s accepting + 10 s finishing + 15 s closing) -> set terminationGracePeriodSeconds of traefik2 to 67 or more",
			},
		},
		"a preStop that takes nobody knows how long": {
			spoil: func(w *world) {
				oldContainer(w).Lifecycle = before(corev1.LifecycleHandler{Exec: &corev1.ExecAction{Command: []string{"/drain.sh"}}})
			},
			want: []string{`DRAIN-ACCEPT unknown: traefik1 runs "/drain.sh" before it is told to end: how long that takes cannot be told -> see that it and lifeCycle.requestAcceptGraceTimeout together take what the balancer needs`},
		},
		"a liveness probe that kills": {
			spoil: func(w *world) { oldContainer(w).LivenessProbe = liveness("/ping") },
			want:  []string{"DRAIN-LIVENESS warn: the liveness probe of traefik1 asks /ping, which is bad for the 22 s in which the proxy leaves: a kubelet before 1.23 kills it after 15 s -> set failureThreshold of the probe to 5 or more"},
		},
		"kubelets that do not probe pods that end": {
			spoil: func(w *world) { oldContainer(w).LivenessProbe, w.minor = liveness("/ping"), "23" },
			want:  []string{"SERVER warn: Traefik 1.7 reads extensions/v1beta1 Ingresses, which Kubernetes v1.23.0 does not serve -> see that it still follows changes of Ingresses"},
		},
		"a liveness probe of something else": {
			spoil: func(w *world) { oldContainer(w).LivenessProbe = liveness("/alive") },
		},
		"a configuration file that cannot be seen": {
			spoil: func(w *world) { oldContainer(w).Args = []string{"--configfile=/etc/traefik/traefik.toml"} },
			want:  []string{"DRAIN-ACCEPT unknown: traefik1: its configuration file /etc/traefik/traefik.toml is in no configmap -> check lifeCycle.requestAcceptGraceTimeout yourself"},
		},
		"a drain at the balancer that cuts off or is not waited for": {
			spoil: func(w *world) {
				w.settings.LongestRequest = 5 * time.Minute
				w.settings.NodeTimeout = 2 * time.Minute
				w.drainer = balancerOf{facts: lb.Facts{DeregistrationDelay: 30 * time.Second}}
			},
			want: []string{
				"DRAIN-FINISH stop: requests take up to 300 s, but iron cuts them off 30 s after it begins to drain a node -> set its deregistration delay to 300 s or more",
				"DRAIN-FINISH stop: a drain at the load balancer may take 300 s, but is waited for 120 s only -> --node-timeout 6m0s or more",
			},
		},
		"a balancer that knows better than the flags, and keeps clients": {
			spoil: func(w *world) {
				w.drainer = balancerOf{facts: lb.Facts{Unhealthy: 5, Interval: 5 * time.Second, Sticky: true}}
			},
			want: []string{
				"BALANCER warn: --lb-unhealthy is 2, but iron says 5 of itself -> leave --lb-unhealthy out",
				"BALANCER warn: iron keeps clients at one node: those of a node that drains may go on being sent there until they have no session left -> lower the stickiness for the cutover",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, found(t, test.spoil)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Where ping answers, by what is configured.
func TestPing(t *testing.T) {
	for name, test := range map[string]struct {
		dialect convert.Dialect
		args    []string
		file    string
		want    *Ping
	}{
		"off":                      {convert.FromTraefik, []string{"--ping=false"}, "", nil},
		"2, by default":            {convert.FromTraefik, []string{"--ping"}, "", &Ping{"/ping", 8080, 503}},
		"2, its own entry point":   {convert.FromTraefik, []string{"--ping.entrypoint=health", "--entrypoints.health.address=10.0.0.1:8082/tcp"}, "", &Ping{"/ping", 8082, 503}},
		"2, traefik moved":         {convert.FromTraefik, []string{"--ping=true", "--entryPoints.traefik.address=:9000"}, "", &Ping{"/ping", 9000, 503}},
		"2, a route of the user's": {convert.FromTraefik, []string{"--ping.manualrouting=true"}, "", &Ping{"/ping", 0, 0}},
		"1, on an entry point":     {convert.FromTraefikV1, []string{"--ping.entryPoint=http", "--entryPoints=Name:http Address::8000"}, "", &Ping{"/ping", 8000, 503}},
		"1, in a file":             {convert.FromTraefikV1, nil, "[ping]\nentryPoint = \"http\"\n[entryPoints.http]\naddress = \":81\"\n", &Ping{"/ping", 81, 503}},
		"1, an empty section":      {convert.FromTraefikV1, nil, "[ping]\n", &Ping{"/ping", 8080, 503}},
		"1, the old web section":   {convert.FromTraefikV1, nil, "[web]\naddress = \":8081\"\n", &Ping{"/ping", 8081, 503}},
		"1, web beside its heirs":  {convert.FromTraefikV1, nil, "[web]\naddress = \":8081\"\n[api]\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			var files []file
			if test.file != "" {
				files = []file{{"traefik.toml", "a file", test.file}}
			}
			if diff := cmp.Diff(test.want, parseConfig(test.dialect, test.args, files).Ping); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Every number that a verdict rests on is told, with where it comes from.
func TestArithmetic(t *testing.T) {
	w := well()
	w.settings.Balancer.Unhealthy, w.settings.Balancer.Port = 0, 8080
	w.drainer = balancerOf{facts: lb.Facts{Unhealthy: 3, DeregistrationDelay: 30 * time.Second}}
	w.old.Spec.Template.Spec.TerminationGracePeriodSeconds = nil
	newContainer(w).Lifecycle = before(corev1.LifecycleHandler{Sleep: &corev1.SleepAction{Seconds: 3}})
	want := []Number{
		{"load balancer", "interval", 5, "s", "--lb-interval"},
		{"load balancer", "timeout", 2, "s", "--lb-timeout"},
		{"load balancer", "unhealthyThreshold", 3, "", "iron"},
		{"load balancer", "healthyThreshold", 2, "", "--lb-healthy"},
		{"load balancer", "checkedPort", 8080, "", "--lb-port"},
		{"load balancer", "margin", 10, "s", "--lb-margin"},
		{"load balancer", "detection", 27, "s", "3 x 5 s + 2 s + 10 s"},
		{"load balancer", "recovery", 22, "s", "2 x 5 s + 2 s + 10 s"},
		{"load balancer", "deregistrationDelay", 30, "s", "iron"},
		{"load balancer", "drainTimeout", 600, "s", "--node-timeout"},
		{"load balancer", "longestRequest", 10, "s", "--longest-request"},
		{"edge/traefik1", "acceptGrace", 22, "s", "argument --lifecycle.requestacceptgracetimeout"},
		{"edge/traefik1", "finishGrace", 10, "s", "Traefik's default"},
		{"edge/traefik1", "pingPort", 8080, "", "its /ping"},
		{"edge/traefik1", "closing", 15, "s", "what Traefik and the kubelet take"},
		{"edge/traefik1", "neededGrace", 47, "s", "0 s + 22 s + 10 s + 15 s"},
		{"edge/traefik1", "forLongRequests", 10, "s", "finishGrace"},
		{"edge/traefik1", "podGrace", 30, "s", "the API's default"},
		{"edge/traefik2", "preStop", 3, "s", "lifecycle.preStop.sleep"},
		{"edge/traefik2", "acceptGrace", 22, "s", "argument --entrypoints.web.transport.lifecycle.requestacceptgracetimeout"},
		{"edge/traefik2", "finishGrace", 10, "s", "Traefik's default"},
		{"edge/traefik2", "pingPort", 8080, "", "its /ping"},
		{"edge/traefik2", "closing", 15, "s", "what Traefik and the kubelet take"},
		{"edge/traefik2", "neededGrace", 50, "s", "3 s + 22 s + 10 s + 15 s"},
		{"edge/traefik2", "forLongRequests", 10, "s", "finishGrace"},
		{"edge/traefik2", "podGrace", 60, "s", "terminationGracePeriodSeconds"},
	}
	if diff := cmp.Diff(want, Run(w.facts(t)).Arithmetic); diff != "" {
		t.Error(diff)
	}
}
