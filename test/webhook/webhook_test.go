package webhook_test

import (
	"flag"
	"os"
	"strings"
	"testing"
	"time"
)

// The sizes of stories that are short in `make test` and long in `make chaos`.
var (
	settle    = flag.Duration("settle", 2*time.Second, "how long a new certificate authority is registered before it signs")
	rotations = flag.Int("rotations", 1, "changes of the certificate authority under load")
	burst     = flag.Int("burst", 60, "Ingresses that are applied at once while the leader is killed")
)

func TestMain(m *testing.M) {
	// Stories wait for the webhook most of the time: more of them run than there are
	// processors, unless -parallel says otherwise.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

// TestWebhook installs the webhook once and tells its stories: the later ones stop
// replicas, and the last one removes it.
func TestWebhook(t *testing.T) {
	r := newRig(t, 2)

	t.Run("install says what is missing", func(t *testing.T) { r.with(t).testMissingCRDs() })
	r.installCRDs()
	t.Run("a cache that lags is not believed", func(t *testing.T) { r.with(t).testLaggingCache() })
	t.Run("an upgrade is staged", func(t *testing.T) { r.with(t).testUpgradeIsStaged() })
	t.Run("edits by hand are overwritten or detached when asked for", func(t *testing.T) { r.with(t).testDriftAnnotation() })
	t.Run("a backup is restored", func(t *testing.T) { r.with(t).testRestored() })
	t.Run("sync closes what it cannot protect", func(t *testing.T) { r.with(t).testSyncCloses() })
	before := r.namespace(nil)
	r.apply(ingress(before, "web", "before.example.com"))
	t.Run("install", func(t *testing.T) { r.with(t).testInstall() })
	t.Run("Ingresses that were there before get routes", func(t *testing.T) { r.with(t).waitRoute(before, "web") })
	t.Run("check", func(t *testing.T) { r.with(t).testCheck() })

	t.Run("side by side", func(t *testing.T) {
		for name, tell := range inTheirNamespace {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				tell(r.with(t))
			})
		}
	})
	for _, story := range ofTheCluster {
		t.Run(story.name, func(t *testing.T) { story.tell(r.with(t)) })
	}
}

// inTheirNamespace are stories that change nothing but a namespace of their own, and
// look at nothing else.
var inTheirNamespace = map[string]func(*rig){
	"route follows its Ingress":                                (*rig).testFollows,
	"route moves to a Service of the same apply":               (*rig).testMovesToNewService,
	"warnings at apply":                                        (*rig).testWarnings,
	"dry run changes nothing":                                  (*rig).testDryRun,
	"applying again changes nothing":                           (*rig).testApplyAgain,
	"generated names":                                          (*rig).testGenerateName,
	"refused by a later admission":                             (*rig).testRefused, // of hosts that no other story has
	"refused by quota":                                         (*rig).testQuota,
	"edits by hand are kept":                                   (*rig).testDrift,
	"edit by hand taken back":                                  (*rig).testDriftTakenBack,
	"foreign route is not touched":                             (*rig).testForeign,
	"route that somebody applied is taken over when asked for": (*rig).testAdopted,
	"foreign middleware holds the route back":                  (*rig).testForeignMiddleware,
	"deleted route comes back":                                 (*rig).testRouteDeleted,
	"class leaves and returns":                                 (*rig).testClass,
	"opt out and in":                                           (*rig).testOptOut,
	"namespace opts out":                                       (*rig).testNamespaceOptOut,
	"blocked":                                                  (*rig).testBlocked,
	"unused objects go":                                        (*rig).testPrune,
	"Ingresses that share a path":                              (*rig).testPeers,
	"Service appears later":                                    (*rig).testLateService,
	"Ingress comes back after its route was orphaned":          (*rig).testOrphaned,
	"rights":                       (*rig).testRights,
	"classes are data":             (*rig).testClassIsData,
	"forged reviews write nothing": (*rig).testForged,
	"metrics name nobody":          (*rig).testMetricsNameNobody,
}

// ofTheCluster are stories that change what all namespaces have, or count what all of
// them do: they are told one after the other.
var ofTheCluster = []struct {
	name string
	tell func(*rig)
}{
	{"route within a second", (*rig).testWithinASecond},
	{"a pass with nothing to do writes nothing", (*rig).testIdlePass},
	{"refused middleware closes the route", (*rig).testRefusedMiddleware},
	{"what does not concern us is not sent", (*rig).testNotSent},
	{"the alert", (*rig).testAlert},
	{"upgrade keeps options", (*rig).testUpgrade},
	{"killed replica", (*rig).testKilledReplica},
	{"burst while the leader is killed", (*rig).testBurst},
	{"replicas hang", (*rig).testHanging},
	{"API server restarts", (*rig).testAPIServerRestarts},
	{"webhook down", (*rig).testDown},
	{"certificate lost", (*rig).testSecretLost},
	{"authority changes under load", (*rig).testAuthorityChanges},
	{"uninstall", (*rig).testUninstall},
	{"in another namespace", (*rig).testElsewhere},
}

func (r *rig) testMissingCRDs() {
	status, _, stderr := r.plugin("webhook", "install", "--image", image)
	if status != 1 || !strings.Contains(stderr, "custom resource definitions are missing") || !strings.Contains(stderr, "kubectl apply -f") {
		r.t.Errorf("exit status %d: %s", status, stderr)
	}
}

func (r *rig) testInstall() {
	stdout, _ := r.mustPlugin("webhook", "install", "--image", image, "--dry-run=server")
	if !strings.Contains(stdout, "deployment.apps/ingress-migrate-webhook created (server dry run)\n") {
		r.t.Errorf("server dry run:\n%s", stdout)
	}
	if pods := r.webhookPods(); len(pods) > 0 {
		r.t.Errorf("a dry run started %d pods", len(pods))
	}
	want := `namespace/ingress-migrate created
serviceaccount/ingress-migrate-webhook created
clusterrole.rbac.authorization.k8s.io/ingress-migrate-webhook created
clusterrolebinding.rbac.authorization.k8s.io/ingress-migrate-webhook created
role.rbac.authorization.k8s.io/ingress-migrate-webhook created
rolebinding.rbac.authorization.k8s.io/ingress-migrate-webhook created
configmap/ingress-migrate-conversion created
secret/ingress-migrate-webhook-certificate created
service/ingress-migrate-webhook created
deployment.apps/ingress-migrate-webhook created
poddisruptionbudget.policy/ingress-migrate-webhook created
networkpolicy.networking.k8s.io/ingress-migrate-webhook created
mutatingwebhookconfiguration.admissionregistration.k8s.io/ingress-migrate-webhook created
configmap/ingress-migrate created
`
	if stdout, _ := r.mustPlugin("webhook", "install", "--image", image); stdout != want {
		r.t.Errorf("install:\n%s\nwant:\n%s", stdout, want)
	}
	// Installing again is an upgrade; here there is nothing to upgrade.
	if stdout, _ := r.mustPlugin("webhook", "install", "--image", image); stdout != strings.ReplaceAll(want, " created", " unchanged") {
		r.t.Errorf("install again:\n%s", stdout)
	}
	flag, _, err := r.kubectl("", "get", "configmap", "ingress-migrate", "-n", "kube-public", "-o", "jsonpath={.data.ingressRoutes} {.data.webhook}", "--as", "deployer", "--as-group", "system:authenticated")
	if err != nil || flag != "true true" {
		r.t.Errorf("capability flag, read by anybody: %q, %v", flag, err)
	}
}

func (r *rig) testCheck() {
	stdout, _ := r.mustPlugin("webhook", "check")
	for _, check := range []string{"custom resources", "endpoints", "registration", "certificate", "dry run"} {
		if !strings.Contains(stdout, check) {
			r.t.Errorf("no check %q in:\n%s", check, stdout)
		}
	}
	if strings.Contains(stdout, "FAIL") || strings.Contains(stdout, "WARN") {
		r.t.Errorf("check:\n%s", stdout)
	}
}

func (r *rig) testUninstall() {
	ns := r.namespace(nil)
	r.apply(ingress(ns, "web", "uninstall.example.com"))
	r.waitRoute(ns, "web")

	status, _, stderr := r.plugin("webhook", "uninstall")
	if status == 0 || !strings.Contains(stderr, "--yes") {
		r.t.Errorf("without a terminal and --yes: exit status %d, %s", status, stderr)
	}
	stdout, _ := r.mustPlugin("webhook", "uninstall", "--keep-routes", "--yes")
	if !strings.HasPrefix(stdout, "mutatingwebhookconfiguration.admissionregistration.k8s.io/ingress-migrate-webhook deleted\n") {
		r.t.Errorf("the registration is not removed first:\n%s", stdout)
	}
	// What says how routes were made is there until they are released.
	before, after, found := strings.Cut(stdout, "ingressroute.traefik.io/web detached\n")
	if !found || !strings.Contains(before, "deployment.apps/ingress-migrate-webhook deleted\n") || !strings.Contains(after, "configmap/ingress-migrate-conversion deleted\n") {
		r.t.Errorf("not the Deployment, then the routes, then the options:\n%s", stdout)
	}
	if !strings.Contains(stdout, "namespace/ingress-migrate deleted\n") {
		r.t.Errorf("the namespace stays:\n%s", stdout)
	}
	route := r.route(ns, "web")
	if route == nil || len(route.GetOwnerReferences()) > 0 {
		r.t.Fatalf("route after --keep-routes: %v", route)
	}
	if _, stderr, err := r.kubectl("", "delete", "ingress", "-n", ns, "web"); err != nil {
		r.t.Fatal(stderr)
	}
	// The collector works in order; when it has taken this one, it would have
	// taken the other.
	r.collectorHasRun(ns)
	if r.route(ns, "web") == nil {
		r.t.Error("the kept route was collected with its Ingress")
	}
	flag, _, _ := r.kubectl("", "get", "configmap", "ingress-migrate", "-n", "kube-public", "-o", "jsonpath={.data.ingressRoutes} {.data.webhook}")
	if flag != "true false" {
		r.t.Errorf("capability flag after uninstall: %q", flag)
	}
	status, stdout, _ = r.plugin("webhook", "check")
	if status != 1 || !strings.Contains(stdout, "FAIL") {
		r.t.Errorf("check after uninstall: exit status %d\n%s", status, stdout)
	}
}
