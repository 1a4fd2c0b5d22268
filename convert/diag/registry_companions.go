package diag

// companionInfos are the codes of what lives on an Ingress beside its routes.
var companionInfos = []Info{
	{
		Code: IStatus, Severity: Equivalent,
		Title:   "The Ingress has addresses in its status",
		Explain: "The old controller writes the address of the load balancer into the Ingress. external-dns publishes it as the address of every host, also without an annotation, and Argo CD takes an Ingress with an address for healthy. IngressRoutes have no status. Nothing is lost while the Ingress exists: its status stays as it was last written.",
		Remedy:  "If external-dns publishes this Ingress, give the Ingress external-dns' target annotation with that address and convert again. Argo CD takes IngressRoutes for healthy as they are.",
		Warning: "IngressRoutes have no status",
	},
	{
		Code: WCertHTTP01, Severity: Lossy,
		Title:   "ACME challenges are answered through Ingresses",
		Explain: "To prove that a host is yours, cert-manager's HTTP-01 solver makes an Ingress for it, or writes into yours. When the old controller is gone nobody answers these, and the next renewal fails weeks later. IngressRoutes are no help: cert-manager makes none.",
		Remedy:  "Let the new Traefik serve that class too (providers.kubernetesIngress with its ingressClass), or keep the webhook, or give the issuer a solver of a class that is served, or use DNS-01. Try it: cmctl renew NAME.",
		Warning: "ACME challenges need a served class",
	},
	{
		Code: WCertIssuer, Severity: Lossy,
		Title:   "The issuer of the certificate is not known",
		Explain: "The Ingress asks cert-manager for a certificate, but names no issuer that can be written into a Certificate: kubernetes.io/tls-acme means the default issuer, an argument of cert-manager's controller (--default-issuer-name), and certmanager.k8s.io is the API of cert-manager before 0.11. The Certificate that exists is owned by the Ingress and goes with it.",
		Remedy:  "Name the issuer with cert-manager.io/cluster-issuer or cert-manager.io/issuer and convert again; or, before the Ingress is deleted, remove metadata.ownerReferences from the Certificate that exists.",
		Warning: "issuer of the certificate is not known",
	},
	{
		Code: WCertOwned, Severity: Equivalent,
		Title:   "cert-manager keeps the certificate because of this Ingress",
		Explain: "cert-manager makes a Certificate per tls entry of an Ingress and lets the Ingress own it; it does not look at IngressRoutes. Deleting the Ingress deletes the Certificate; the Secret stays, nobody renews it. convert --certificates prints the same Certificates without owner. kubectl apply takes the existing ones from the Ingress: cert-manager then has nothing to issue, says \"no owner, refusing to update\" when it looks at the Ingress, and renews. Later changes of the Ingress do not reach them.",
		Remedy:  "Last step before deleting the Ingress: convert --certificates, kubectl apply (not --server-side, which keeps the owner), check that kubectl get certificate NAME -o jsonpath={.metadata.ownerReferences} prints nothing; then delete the Ingress.",
		Warning: "its Certificate goes with the Ingress",
	},
	{
		Code: WCertRefused, Severity: Invalid,
		Title:   "cert-manager makes no certificate of this",
		Explain: "cert-manager reads the Ingress and refuses it, or an entry of spec.tls, with a BadConfig event or an error in its log. There is no Certificate today, or an old one that no longer follows the Ingress, and none is printed.",
		Remedy:  "Correct the annotation or the entry if the certificate is wanted, and see that it is issued, before the migration; else remove it.",
		Warning: "cert-manager refuses this",
	},
	{
		Code: WCertShared, Severity: Lossy,
		Title:   "Two Ingresses ask for one Certificate and differ",
		Explain: "Ingresses of a namespace that name the same Secret ask for the same Certificate. cert-manager makes it of the one that it sees first, and refuses to change it for another. The Certificate printed is that of the oldest Ingress; which one was first in the cluster is not known here. What the others ask for beyond it is in no certificate.",
		Remedy:  "Compare with the Certificate in the cluster. Ask for the same hosts and issuer in all of them, or give each a Secret of its own.",
		Warning: "Certificate is shared and differs",
	},
	{
		Code: WDNSNames, Severity: Lossy,
		Title:   "No IngressRoute can stand for exactly these DNS records",
		Explain: "external-dns takes every Host of an IngressRoute with a target for a name to publish, negated ones too. The IngressRoutes of this Ingress speak of hosts that the Ingress does not publish (the Ingress excludes them, or they belong to others), or it has none of its own. None of them is annotated: a record for somebody else's host would be worse than none. The records stay while the Ingress exists.",
		Remedy:  "Before deleting the Ingress, publish the names by a DNSEndpoint (--source=crd) with the same target and --txt-owner-id, or keep an Ingress of a class that nobody serves for them.",
		Warning: "DNS records are not carried over",
	},
	{
		Code: WDNSOwned, Severity: Equivalent,
		Title:   "external-dns keeps the records by the Ingress and by the IngressRoute",
		Explain: "The IngressRoute has the annotations, and stands for the names that the Ingress publishes. external-dns reads it with --source=traefik-proxy only (traefik.containo.us: --traefik-enable-legacy), and counts two equal records as one. It must be the same external-dns: one with another --txt-owner-id may not touch the records, and the first deletes them with the Ingress. --ignore-hostname-annotation hides names that no rule tells.",
		Remedy:  "In this order: allow external-dns to list ingressroutes, add --source=traefik-proxy beside --source=ingress (mind --annotation-filter), see in its log that nothing changes, delete the Ingress.",
		Warning: "external-dns must read IngressRoutes first",
	},
	{
		Code: WDNSTarget, Severity: Equivalent,
		Title:   "external-dns needs a target: IngressRoutes have no status",
		Explain: "The Ingress names no target, so external-dns publishes the addresses in its status. An IngressRoute has no status, and external-dns publishes none without a target, not even with --default-targets. Nothing is written on the IngressRoute. When the Ingress is deleted, external-dns deletes the records.",
		Remedy:  "Annotate the Ingress with external-dns' target, the address that is published now (nothing changes then), and convert again; explain W-DNS-OWNED has the next steps.",
		Warning: "DNS records go with the Ingress",
	},
}
