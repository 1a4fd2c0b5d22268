package preflight

import "strings"

// Info is what there is to know about a code of a finding.
type Info struct {
	Code string `json:"code"`
	// What is looked at, in at most 20 characters.
	What string `json:"what"`
	// Result is the worst that a finding of this code can be.
	Result Result `json:"result"`
	// Explain says what goes wrong and why, Remedy what to do about it.
	Explain string `json:"explain"`
	Remedy  string `json:"remedy"`
}

// CodeScan is the code of Ingresses that lack their routes.
const CodeScan = "SCAN"

// Codes are all that findings can have, the deadliest first.
func Codes() []Info {
	var all []Info
	for _, c := range checks() {
		all = append(all, c.Info)
	}
	return all
}

// Lookup returns the entry of a code in any case; false when there is none.
func Lookup(code string) (Info, bool) {
	for _, c := range checks() {
		if strings.EqualFold(c.Code, code) {
			return c.Info, true
		}
	}
	return Info{}, false
}

// check looks at one thing. No finding means that all is well.
type check struct {
	Info
	look func(*Facts) []Finding
}

// checks are all there are, the deadliest first.
func checks() []check {
	return []check{
		{Info{"PRIORITY", "priority class", Stop,
			"A taken host port is a reason for the scheduler to preempt. Where the new proxy's priority is higher than that of the running old pods, creating it ends the old pod on every node at once: a total outage of some seconds.",
			"Give both the same priorityClassName, or that of the new one preemptionPolicy: Never."}, priority},
		{Info{"PORTS-HIDDEN", "hidden host ports", Stop,
			"On the host's network the scheduler sees only ports that the container declares. Without them it starts both proxies on one node, where one of them crashes and whichever process is alive gets a port that comes free.",
			"Declare the ports in the container's ports: list."}, portsHidden},
		{Info{"PORTS-DIFFER", "host ports", Stop,
			"The load balancer asks the same address and port of both proxies, and the scheduler keeps the two apart only where port, protocol and hostIP collide.",
			"Declare the same port, protocol and hostIP in both."}, portsDiffer},
		{Info{"PORTS-TAKEN", "others on the ports", Stop,
			"Another workload wants a host port of the proxies on their nodes, or a process listens there that no manifest tells of. A pod that waits for the port takes it in the moment between the two proxies; a process that holds it makes the new proxy crash.",
			"Move the other one to another port or to other nodes before the cutover."}, portsTaken},
		{Info{"PENDING-RACE", "waiting pods", Stop,
			"Pods that wait for the ports take over every node whose old pod ends, for whatever reason. While the old DaemonSet rolls by itself, a change of its template hands over one node after the other and then gets stuck.",
			"kubectl ingress-migrate recycle guards the new DaemonSet and removes its waiting pods; cutover run begins with that as well. With --strategy=story pods wait by intention, and this is one of the hazards to confirm (E10)."}, pendingRace},
		{Info{"SURGE", "surge", Stop,
			"A surging pod needs the host port that the pod which it replaces holds: the roll-out waits for ever.",
			"Set updateStrategy.rollingUpdate to maxSurge: 0, maxUnavailable: 1; recycle does, where a roll-out is stuck already."}, surge},
		{Info{"SELECTORS", "pod selectors", Stop,
			"A DaemonSet whose selector matches the other's pods counts them as its own, and their controllers disturb each other.",
			"Create the new DaemonSet anew with labels of its own; selectors cannot be changed."}, selectors},
		{Info{"AFFINITY-TERMS", "affinity terms", Stop,
			"The terms of a required node affinity are alternatives: one of them that matches is enough. A guard that is part of some terms only lets the DaemonSet place pods by the others, on nodes that belong to the other proxy.",
			"The cutover adds its expression to every term. Where a manifest is applied again meanwhile, it must have it in every term as well."}, affinityTerms},
		{Info{"NODES-DIFFER", "same nodes", Stop,
			"On a node that only the old proxy is meant for, nobody would serve once it is moved.",
			"Give both the same nodeSelector, affinity and tolerations."}, nodesDiffer},
		{Info{"ROLLOUT", "roll-outs", Stop,
			"Guards must not be set while pods are being replaced: which template a pod comes from then depends on the moment.",
			"Wait for the roll-out; if it is stuck, kubectl ingress-migrate recycle."}, rollout},
		{Info{"NOT-SERVING", "serving nodes", Stop,
			"What does not serve before the cutover cannot be compared after it, and lowers the number of nodes that carry the load.",
			"Mend the pods there first; kubectl ingress-migrate status shows them."}, notServing},
		{Info{"FLOOR", "floor", Stop,
			"While a node is moved the others carry its load. Three quarters of the nodes and never fewer than two serve at any moment, unless it is said otherwise.",
			"Add a node (surge for host ports is a node), or accept the risk with --i-accept-single-node or --floor."}, floor},
		{Info{"CRDS", "Traefik's resources", Stop,
			"Traefik's provider waits until it has listed every kind of every API group that its version reads: Traefik 2.10 and 2.11 traefik.io and traefik.containo.us, Traefik 3 traefik.io, older ones traefik.containo.us. While one is missing it loads no route at all, and /ping says that all is well.",
			"Install the CRDs that belong to the version of the new Traefik."}, crds},
		{Info{"TARGET", "routes' version", Stop,
			"Routes are made for one version: rules of Traefik 2 and 3 have another syntax, and Traefik 3 reads nothing of traefik.containo.us.",
			"Say the version of the new proxy with --to, and its API group with --api-group."}, targetFits},
		{Info{CodeScan, "routes", Stop,
			"An Ingress without the routes that it should have is answered with 404 on every node that is moved.",
			"kubectl ingress-migrate sync -A makes what is missing; scan -A and explain tell why something is blocked."}, scanClean},
		{Info{"GATE", "gate", Stop,
			"The gate puts a route beside the new proxy and asks every moved node for it, to know who answers. A proxy that does not read routes, or not those of its own namespace, never passes it.",
			"Switch providers.kubernetesCRD on, with the new proxy's own namespace among its namespaces."}, gateSeen},
		{Info{"PROXY-RIGHTS", "the proxy's rights", Warn,
			"The new proxy's provider lists and watches Services, endpoints, Secrets and Traefik's own resources. It waits for ever for one that its ServiceAccount may not list: no route is loaded, and /ping says that all is well. The gate would stop at the first node.",
			"Apply the ClusterRole that belongs to the version of the new Traefik."}, proxyRights},
		{Info{"RIGHTS", "your rights", Stop,
			"A cutover that lacks a right stops in the middle, with a node out of rotation in the worst case. What is asked for is exactly what manifests/operator gives.",
			"kubectl apply -k manifests/operator in both namespaces of the proxies, and become a member of the group that it names."}, rights},
		{Info{"LEASE", "other operators", Stop,
			"Two operators that move nodes at once would break the floor.",
			"Let the other one finish, or wait until its lease has run out."}, lease},
		{Info{"OWNER", "owners", Stop,
			"Whoever applies the DaemonSet's manifest takes the guard off again: GitOps by itself within minutes, Helm and kubectl at the next release.",
			"Pause it for the cutover, or put the guard into its manifest; preflight prints the values to paste. With --strategy=story only a pause helps: what the DaemonSets leave out grows with every node. Then --accept-owner."}, owner},
		{Info{"DRAIN-ACCEPT", "drain arithmetic", Stop,
			"A leaving proxy must accept requests until the load balancer has noticed: unhealthy threshold x interval + timeout + margin. What is sent to it later is lost. Traefik's default is 0 s.",
			"Set the accept grace (requestAcceptGraceTimeout, --shutdown-grace-period) to that, check more often, or let --lb take the node out of rotation first."}, drainAccept},
		{Info{"DRAIN-PING", "health check", Stop,
			"A leaving proxy tells so on /ping, while it goes on accepting. A load balancer that asks something else notices when the port is closed, which is too late: the accept grace is then of no use.",
			"Enable ping on the entry point whose port the load balancer checks, and have it check /ping there; tell that port with --lb-port."}, drainPing},
		{Info{"DRAIN-FINISH", "long requests", Stop,
			"Requests under way when the proxy stops accepting have its finish grace (graceTimeOut, worker-shutdown-timeout) left; those that take longer are cut off.",
			"Set the finish grace to what the longest request takes; tell that with --longest-request."}, drainFinish},
		{Info{"DRAIN-GRACE", "pods' grace", Stop,
			"The kubelet kills a pod terminationGracePeriodSeconds after it was told to end, preStop included. In the middle of a drain that loses requests.",
			"Set it to preStop + accept grace + finish grace + 15 s or more."}, drainGrace},
		{Info{"DRAIN-LIVENESS", "liveness probe", Warn,
			"Kubelets before 1.23 go on probing a pod that ends. A liveness probe on /ping fails then, because a leaving Traefik answers 503, and the container is killed in the middle of its drain.",
			"Let failureThreshold x periodSeconds exceed the accept grace, or probe something that stays well."}, drainLiveness},
		{Info{"BALANCER", "load balancer", Stop,
			"How long the load balancer takes to use a node again is what keeps the next one in service until then. Where nothing is known of it, node after node could be taken out while it has none left.",
			"Tell its numbers with --lb-interval, --lb-timeout, --lb-unhealthy, --lb-healthy, or have it take nodes out itself with --lb."}, balancerKnown},
		{Info{"BALANCER-UP", "return of nodes", Warn,
			"/ping is good before routes and certificates are loaded. A load balancer that uses a node again sooner sends it requests that get 404 or the default certificate.",
			"Ask for more good checks in a row, or let --lb put nodes back after the gate."}, returning},
		{Info{"NETWORK-POLICY", "network policies", Stop,
			"Policies name pods by labels. One that lets the old proxy's pods reach an application does not let the new one's; one that selects the new proxy's pods alone may keep them from the API server, from applications or from clients. On the host's network policies see nodes, not pods.",
			"Add the new proxy's labels wherever the old one's are named."}, networkPolicies},
		{Info{"MAX-UNAVAILABLE", "update strategy", Warn,
			"Whoever applies the old manifest again during the cutover takes the guard off, and then as many nodes move at once as maxUnavailable says.",
			"Set it to 1."}, maxUnavailable},
		{Info{"AUTOSCALER", "autoscaler", Stop,
			"An autoscaler that removes a node in the middle of its move takes what it serves with it; nodes with little but DaemonSet pods are what it likes to remove.",
			"Keep the nodes for the time of the cutover; preflight prints the command."}, autoscaler},
		{Info{"BUDGET", "disruption budget", Warn,
			"Pods of DaemonSets are deleted, not evicted: a disruption budget protects none of them.",
			"Nothing; the floor of the cutover does what the budget seems to."}, budget},
		{Info{"IMAGE", "image", Warn,
			"While an image is pulled nobody serves on the node.",
			"Pull it beforehand, for instance by a short DaemonSet without ports."}, image},
		{Info{"NODES-UNWELL", "nodes", Warn,
			"A node that is not ready is moved when it is back; a cordoned one is moved like any other, because DaemonSets run there.",
			"Bring it back, or remove it from the cluster."}, nodesUnwell},
		{Info{"SERVICES", "services", Warn,
			"A Service that selects the old pods only loses them node by node: dashboards, metrics, or a cloud load balancer with externalTrafficPolicy: Local.",
			"Make one that selects the new proxy's pods."}, services},
		{Info{"ACME", "certificates", Warn,
			"A proxy that gets certificates by ACME keeps them in a file that the other one does not have.",
			"Convert it (kubectl ingress-migrate convert acme), or keep certificates in Secrets."}, acme},
		{Info{"SERVER", "API server", Warn,
			"Kubernetes before 1.19 was not tried. Traefik 1.7 reads extensions/v1beta1 Ingresses, which 1.22 and later do not serve.",
			"Rehearse on a test cluster of the same version."}, server},
	}
}
