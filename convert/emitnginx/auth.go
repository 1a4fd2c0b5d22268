package emitnginx

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/ir"
)

func (b *builder) allowList(f ir.IPAllowList) {
	ranges, ok := cidrs(f.SourceRange)
	switch {
	case f.Depth != 0 || len(f.ExcludedIPs) > 0:
		b.block(diag.EToNginxAuth, "the allow list looks at X-Forwarded-For, which nginx does only if the controller trusts the proxy in front")
		return
	case b.allowed:
		b.block(diag.EToNginxAuth, "there are two allow lists, and nginx has one")
		return
	case !ok:
		b.block(diag.EToNginxAuth, "the allow list has an entry that is neither an address nor a range")
		return
	}
	b.allowed = true
	b.set("whitelist-source-range", strings.Join(ranges, ","))
	b.say(diag.WNginxClientIP, "")
}

// cidrs writes addresses as ranges.
func cidrs(entries []string) ([]string, bool) {
	out := make([]string, 0, len(entries))
	for _, entry := range entries {
		if p, err := netip.ParsePrefix(entry); err == nil {
			out = append(out, p.Masked().String())
			continue
		}
		a, err := netip.ParseAddr(entry)
		if err != nil {
			return nil, false
		}
		out = append(out, netip.PrefixFrom(a.WithZone(""), a.BitLen()).String())
	}
	return out, len(out) > 0
}

const (
	// usersKey is the one key of the secret that ingress-nginx reads.
	usersKey = "auth"
	// defaultRealm is Traefik's.
	defaultRealm = "traefik"
)

func (b *builder) authenticated() bool {
	return b.answer.annotations["auth-type"] != "" || b.answer.annotations["auth-url"] != ""
}

// users asks for a user of a secret.
func (b *builder) users(kind, secret, headerField, realm string, removed bool) {
	switch {
	case headerField != "":
		b.block(diag.EToNginxAuth, "nginx does not tell the backend the user's name in "+headerField+", and a client could send that header itself")
		return
	case b.authenticated():
		b.block(diag.EToNginxAuth, "there are two kinds of authentication, and nginx has one")
		return
	}
	if realm == "" {
		realm = defaultRealm
	}
	if !realmText.MatchString(realm) {
		b.block(diag.EToNginxAuth, "the realm "+strconv.Quote(realm)+" has a character that ingress-nginx refuses")
		return
	}
	b.set("auth-type", kind)
	b.set("auth-realm", realm)
	b.set("auth-secret", b.o.usersSecret(b, secret))
	if !removed {
		b.say(diag.WToNginxAuth, "nginx does not hand the Authorization header on to the backend")
	}
	if kind == "digest" {
		b.say(diag.WToNginxAuth, "digest authentication needs users with the realm "+realm+", and an nginx with that module")
	}
}

var realmText = regexp.MustCompile(`^[A-Za-z0-9 ._-]+$`)

// usersSecret is the secret to refer to. One with another key than nginx reads has
// to be copied: until then nginx answers 503, and nobody gets in without a password.
func (o *owner) usersSecret(b *builder, secret string) string {
	known, ok := o.all.secrets[ir.Ref{Namespace: o.ref.Namespace, Name: secret}]
	switch {
	case !ok:
		b.say(diag.WToNginxUsers, "secret "+secret+" is not part of the input: nginx answers 503 unless the users are under its key "+usersKey)
		return secret
	case slices.Contains(known.Keys, usersKey):
		return secret
	}
	copied := secret + "-" + usersKey
	d := b.say(diag.WToNginxUsers, "nginx reads users from key "+usersKey+", which secret "+secret+" does not have: it answers 503 until there is a secret "+copied)
	d.Remedy = "kubectl -n " + o.ref.Namespace + " create secret generic " + copied + " --from-literal=" + usersKey + `="$(kubectl -n ` + o.ref.Namespace +
		" get secret " + secret + ` -o go-template='{{range .data}}{{. | base64decode}}{{end}}')"`
	return copied
}

// authAddress is what ingress-nginx takes as auth-url.
var authAddress = regexp.MustCompile(`^https?://[A-Za-z0-9._:-]+(/[A-Za-z0-9._~/?&=%-]*)?$`)

func (b *builder) forwardAuth(f ir.ForwardAuth) {
	switch {
	case !authAddress.MatchString(f.Address):
		b.block(diag.EToNginxAuth, "the address of the authentication server has a part that ingress-nginx refuses")
		return
	case f.TLSCertSecret != "":
		b.block(diag.EToNginxAuth, "nginx shows the authentication server no certificate")
		return
	case b.authenticated():
		b.block(diag.EToNginxAuth, "there are two kinds of authentication, and nginx has one")
		return
	}
	b.set("auth-url", f.Address)
	if len(f.ResponseHeaders) > 0 {
		b.set("auth-response-headers", strings.Join(f.ResponseHeaders, ","))
	}
	if len(f.RequestHeaders) > 0 {
		b.say(diag.WToNginxAuth, "the authentication server gets every header of the request, and not "+strings.Join(f.RequestHeaders, ", ")+" alone")
	}
	text := "the authentication server is told X-Original-URL and X-Original-Method in place of X-Forwarded-Uri, -Host and -Method, and of its refusals only 401 and 403 reach the client, others become 500"
	if strings.HasPrefix(f.Address, "https:") && !f.InsecureSkipVerify {
		text += "; its certificate is not verified"
	}
	b.say(diag.WToNginxAuth, text)
}
