package diag

// acmeInfos are the codes about acme.json, which holds certificates of Let's Encrypt.
var acmeInfos = []Info{
	{
		Code: EACMEEntry, Severity: Unsupported,
		Title:   "A certificate of acme.json that cannot be used",
		Explain: "The entry is empty, is not base64, cannot be parsed, names no domain, or its key does not belong to its certificate. It is left out, the others are converted. Traefik would have asked for a new certificate or served its default one for these domains.",
		Remedy:  "Look at the entry in the file; Traefik asks for a new certificate when a route with a certResolver needs it.",
		Warning: "certificate cannot be used",
	},
	{
		Code: IACMEChallenge, Severity: Equivalent,
		Title:   "Challenges that were under way are not carried over",
		Explain: "HTTPChallenges, TLSChallenges and ChallengeCerts hold answers that a certificate authority has yet to fetch. Traefik 2 and 3 keep them in memory. An order that is under way at the moment of the change fails once and is repeated.",
		Remedy:  "Nothing to do.",
		Warning: "pending challenges are dropped",
	},
	{
		Code: IACMEForm, Severity: Equivalent,
		Title:   "The file has the form of Traefik before 1.5",
		Explain: "Certificates hang below DomainsCertificate, as Traefik wrote them before version 1.5 and still does in key-value stores. Traefik 1.7 translates the file when it starts, and so does this conversion.",
		Remedy:  "Check that this is the file that Traefik 1.7 uses (acme.storage): after its start the file has the newer form.",
		Warning: "acme.json has a very old form",
	},
	{
		Code: IACMENames, Severity: Equivalent,
		Title:   "Domains are written in lower case and without a final dot",
		Explain: "Traefik 2 and 3 look for a certificate they already have by the spelling that they use themselves. In another spelling the certificate would not be found and asked for again.",
		Remedy:  "Nothing to do.",
		Warning: "domain names are rewritten",
	},
	{
		Code: WACMEAccount, Severity: Lossy,
		Title:   "The account with the certificate authority is not carried over",
		Explain: "The account belongs to a protocol that no longer exists, or its key cannot be parsed. Traefik registers a new one at its start. Certificates stay valid; rate limits of the authority count afresh.",
		Remedy:  "Set certificatesResolvers.NAME.acme.email, so that the new account gets the notices of the authority.",
		Warning: "ACME account is not carried over",
	},
	{
		Code: WACMEExpired, Severity: Lossy,
		Title:   "A certificate has expired or soon will",
		Explain: "The certificate is carried over. Within 30 days of its end Traefik should have renewed it, so something hinders that today: the challenge, the domain's address, a rate limit. A Secret made of it is renewed by nobody.",
		Remedy:  "Let Traefik 1.7 renew it first, or see to it that cert-manager or the new resolver can pass its challenge.",
		Warning: "certificate has expired or soon will",
	},
	{
		Code: WACMENames, Severity: Lossy,
		Title:   "The certificate is not for the domains of its entry",
		Explain: "The file says that the certificate is for domains that are not in it. Traefik chooses certificates by what is in them, so clients of these domains get another one; because of the entry Traefik does not ask for a new one.",
		Remedy:  "Remove the entry if the domains are still needed, and let Traefik ask for the right certificate.",
		Warning: "certificate is not for its domains",
	},
}
