package static

import (
	"fmt"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// word is a field of the text form of an entry point and the key it stands for.
type word struct{ name, path, kind string }

// entryPointWords are those that Traefik 1.7 knows (configuration/entrypoints.go).
// Besides them: Name, TLS with certificates, and TLS alone.
var entryPointWords = []word{
	{"address", "address", "text"},
	{"auth_basic_removeheader", "auth.basic.removeheader", "bool"},
	{"auth_basic_users", "auth.basic.users", "list"},
	{"auth_digest_removeheader", "auth.digest.removeheader", "bool"},
	{"auth_digest_users", "auth.digest.users", "list"},
	{"auth_forward_address", "auth.forward.address", "text"},
	{"auth_forward_authresponseheaders", "auth.forward.authresponseheaders", "list"},
	{"auth_forward_tls_ca", "auth.forward.tls.ca", "text"},
	{"auth_forward_tls_caoptional", "auth.forward.tls.caoptional", "bool"},
	{"auth_forward_tls_cert", "auth.forward.tls.cert", "text"},
	{"auth_forward_tls_insecureskipverify", "auth.forward.tls.insecureskipverify", "bool"},
	{"auth_forward_tls_key", "auth.forward.tls.key", "text"},
	{"auth_forward_trustforwardheader", "auth.forward.trustforwardheader", "bool"},
	{"auth_headerfield", "auth.headerfield", "text"},
	{"ca", "tls.clientca.files", "list"},
	{"ca_optional", "tls.clientca.optional", "bool"},
	{"compress", "compress", "bool"},
	{"forwardedheaders_insecure", "forwardedheaders.insecure", "bool"},
	{"forwardedheaders_trustedips", "forwardedheaders.trustedips", "list"},
	{"proxyprotocol_insecure", "proxyprotocol.insecure", "bool"},
	{"proxyprotocol_trustedips", "proxyprotocol.trustedips", "list"},
	{"redirect_entrypoint", "redirect.entrypoint", "text"},
	{"redirect_permanent", "redirect.permanent", "bool"},
	{"redirect_regex", "redirect.regex", "text"},
	{"redirect_replacement", "redirect.replacement", "text"},
	{"tls_ciphersuites", "tls.ciphersuites", "list"},
	{"tls_defaultcertificate_cert", "tls.defaultcertificate.certfile", "text"},
	{"tls_defaultcertificate_key", "tls.defaultcertificate.keyfile", "text"},
	{"tls_minversion", "tls.minversion", "text"},
	{"tls_snistrict", "tls.snistrict", "bool"},
	{"whitelist_sourcerange", "whitelist.sourcerange", "list"},
	{"whitelist_usexforwardedfor", "whitelist.usexforwardedfor", "bool"},
	{"whitelistsourcerange", "whitelistsourcerange", "list"},
}

// entryPoint reads the text form: Name:https Address::443 TLS Compress:on.
func (c *Config) entryPoint(text string) {
	fields := map[string]string{}
	var names []string
	for _, part := range strings.Fields(text) {
		name, value, ok := strings.Cut(part, ":")
		name = strings.ToLower(strings.ReplaceAll(name, ".", "_"))
		if !ok && name == "tls" {
			name = "tls_acme"
		}
		if _, twice := fields[name]; !twice {
			names = append(names, name)
		}
		fields[name] = value
	}
	entryPoint := fields["name"]
	root := "entrypoints." + entryPoint
	key := "--entryPoints Name:" + entryPoint
	c.member("entrypoints", entryPoint)
	at := &Setting{Key: key}
	c.section("entrypoints", at)
	c.section(root, at)
	secure := fields["tls"] != "" || has(fields, "tls_acme")
	if secure {
		c.section(root+".tls", at)
	}
	for _, name := range names {
		s := &Setting{Path: root + "." + name, Key: key + " " + strings.ReplaceAll(name, "_", ".")}
		switch name {
		case "name", "tls_acme":
		case "tls":
			c.certificates(root+".tls.certificates", fields[name], s)
		default:
			c.entryPointWord(root, s, name, fields[name], secure)
		}
	}
	// Traefik 1.7 takes these parts only when the word that they hang on is there.
	for _, needs := range [][2]string{{"auth.basic", "users"}, {"auth.digest", "users"}, {"auth.forward", "address"}, {"whitelist", "sourcerange"}} {
		part, needed := needs[0], needs[1]
		if c.has(root+"."+part) && c.settings[root+"."+part+"."+needed] == nil {
			c.ignore(root+"."+part, "without "+needed+" Traefik 1.7 does not look at it")
			for _, s := range append(c.below(root+"."+part), c.settings[root+"."+part]) {
				if s != nil {
					delete(c.settings, s.Path)
					c.settings["?ignored "+s.Path] = s
				}
			}
		}
	}
}

func has(fields map[string]string, name string) bool { _, ok := fields[name]; return ok }

func (c *Config) entryPointWord(root string, s *Setting, name, text string, secure bool) {
	for _, w := range entryPointWords {
		if w.name != name {
			continue
		}
		if strings.HasPrefix(w.path, "tls.") && !secure {
			s.Path = "?ignored " + s.Path
			c.settings[s.Path] = s
			c.find(diag.IStaticIgnored, s, "without TLS Traefik 1.7 does not look at it")
			return
		}
		s.Path, s.kind = root+"."+w.path, w.kind
		switch w.kind {
		case "bool":
			s.value = strings.EqualFold(text, "true") || strings.EqualFold(text, "enable") || strings.EqualFold(text, "on")
		case "list":
			if text == "" {
				s.value = []string{}
			} else {
				s.value = strings.Split(text, ",")
			}
		default:
			s.value = text
		}
		for at := s.Path; len(at) > len(root); {
			at = at[:strings.LastIndexByte(at, '.')]
			c.section(at, s)
		}
		c.settings[s.Path] = s
		return
	}
	// What is no word of Traefik 1.7 may be a piece of a password.
	s.Key = "--entryPoints Name:" + strings.TrimPrefix(root, "entrypoints.") + " (a word)"
	s.kind = "unknown"
	c.settings["?"+s.Path] = s
	c.find(diag.EStaticUnknown, s, "")
}

// certificates reads cert.pem,key.pem;other.pem,otherkey.pem.
func (c *Config) certificates(path, text string, s *Setting) {
	for i, pair := range strings.Split(text, ";") {
		cert, key, ok := strings.Cut(pair, ",")
		if !ok {
			s.Path = path + "?refused"
			c.settings[s.Path] = s
			c.find(diag.EStaticValue, s, "want CERTIFICATE,KEY;CERTIFICATE,KEY: Traefik 1.7 does not start with it")
			return
		}
		at := fmt.Sprintf("%s[%d]", path, i)
		c.section(at, s)
		c.settings[at+".certfile"] = &Setting{Path: at + ".certfile", Key: s.Key, kind: "text", value: cert}
		c.settings[at+".keyfile"] = &Setting{Path: at + ".keyfile", Key: s.Key, kind: "text", value: key}
	}
}
