package diag

// dialectInfos are the codes about which controller an Ingress is for, and about
// Ingresses of several controllers that one Traefik serves afterwards.
var dialectInfos = []Info{
	{
		Code: EDialectCollision, Severity: Unsupported,
		Title:   "Another controller protects the same requests in another way",
		Explain: "Ingresses of two controllers claim the same host and path (or TLS options for the same host). Before, each controller answered at its own address; afterwards one Traefik answers, and the route that would answer protects less than the other one. It is withheld, or denies everybody with 403.",
		Remedy:  "Decide which of the two Ingresses counts for this host and path: remove the path from the other one, or give both the same protection.",
		Warning: "another controller protects it otherwise",
	},
	{
		Code: IDialectInput, Severity: Equivalent,
		Title:   "The dialect follows from other Ingresses of the input",
		Explain: "The Ingress itself names no class and has no annotation of a controller. The only controller that other Ingresses of the input are written for serves such Ingresses too, so it is converted in that dialect.",
		Remedy:  "Nothing to do, or say --from to be sure.",
		Warning: "dialect follows from other Ingresses",
	},
	{
		Code: IDialectShared, Severity: Equivalent,
		Title:   "Several controllers serve this Ingress",
		Explain: "More than one controller that is in play serves this Ingress, each at its own address and in its own way. Its class or its annotations say which one is meant, and the output answers as that one does.",
		Remedy:  "Nothing to do; if clients use the address of another controller, compare what they get there.",
		Warning: "several controllers serve it",
	},
	{
		Code: WDialectCollision, Severity: Lossy,
		Title:   "Ingresses of two controllers claim the same requests",
		Explain: "Before, each of the two controllers answered such requests at its own address; afterwards one Traefik answers them. The report says which of the two routes does. Clients that used the address of the other controller get another answer.",
		Remedy:  "Remove the path from the Ingress that should not answer.",
		Warning: "another controller claims the same requests",
	},
	{
		Code: WDialectFence, Severity: Lossy,
		Title:   "Hosts of other controllers are excluded from this route",
		Explain: "A route for any host, for a wildcard or for an expression would take requests for hosts that Ingresses of another controller name, since one Traefik has the routes of both. Those hosts are excluded: each host is answered by the controller's Ingresses that name it, as at its own address before.",
		Remedy:  "Nothing to do, unless clients reach those hosts at the address of this Ingress' controller.",
		Warning: "hosts of other controllers are excluded",
	},
	{
		Code: WDialectGuess, Severity: Lossy,
		Title:   "The dialect of this Ingress is a guess",
		Explain: "Neither the class nor the annotations of the Ingress say which controller it is for, or they contradict each other. It is converted in the dialect that the finding names. Controllers differ in how they match paths and in what they do by default.",
		Remedy:  "Say --from DIALECT, or tell the controllers' classes with --source-args; or give the Ingress its class.",
		Warning: "which controller it is for is a guess",
	},
	{
		Code: WDialectNone, Severity: Lossy,
		Title:   "No controller in play serves this Ingress",
		Explain: "The Ingress has no class, and each controller that other Ingresses are written for (or that was found in the cluster) passes over such Ingresses. Nothing is emitted for it.",
		Remedy:  "If a controller serves it, say --from DIALECT or tell that controller's flags with --source-args; else give the Ingress a class or delete it.",
		Warning: "no controller in play serves it",
	},
}
