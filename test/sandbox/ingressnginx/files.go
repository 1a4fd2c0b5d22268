package main

import (
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// stand are Lua libraries that Debian does not have, in their smallest form.
//
//go:embed lua
var stand embed.FS

// writeFiles fills /etc of the jail.
func writeFiles(root, rootfs string) error {
	nginx := filepath.Join(root, "etc", "nginx")
	if err := os.CopyFS(filepath.Join(nginx, "lua"), os.DirFS(filepath.Join(rootfs, "etc", "nginx", "lua"))); err != nil {
		return err
	}
	if err := os.CopyFS(nginx, stand); err != nil {
		return err
	}
	// New backends are to be known soon, also those of one second: it is an age here.
	for name, c := range map[string]change{
		"balancer.lua":      {"local BACKENDS_SYNC_INTERVAL = 1\n", "local BACKENDS_SYNC_INTERVAL = 0.02\n"},
		"configuration.lua": {"local raw_backends_last_synced_at = ngx.time()", "local raw_backends_last_synced_at = ngx.now()"},
	} {
		file := filepath.Join(nginx, "lua", name)
		if err := edit(file, file, []change{c}); err != nil {
			return err
		}
	}
	if err := os.Mkdir(filepath.Join(nginx, "template"), 0o755); err != nil {
		return err
	}
	var plain, secure int
	if _, err := fmt.Sscan(os.Getenv("INGRESS_NGINX_PORTS"), &plain, &secure); err != nil {
		return fmt.Errorf("reading INGRESS_NGINX_PORTS: %w", err)
	}
	const name = "template/nginx.tmpl"
	if err := edit(filepath.Join(rootfs, "etc", "nginx", name), filepath.Join(nginx, name), changes(plain, secure)); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(nginx, "nginx"), fmt.Appendf(nil, command, plain, secure), 0o755); err != nil {
		return err
	}
	for name, text := range map[string]string{
		"hosts": "127.0.0.1 localhost\n", "resolv.conf": "nameserver 127.0.0.1\n",
		"nginx/mime.types": "types { text/html html; }\n",
		"nginx/nginx.conf": "pid /tmp/nginx/nginx.pid;\nerror_log /dev/stderr;\n" + loads + "events {}\n", // what the controller starts nginx with
	} {
		if err := os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// change is one place of a file that is written otherwise.
type change struct{ old, new string }

// loads is what Debian's nginx needs at the top of its configuration.
const loads = `daemon off;
load_module /packages/usr/lib/nginx/modules/ndk_http_module.so;
load_module /packages/usr/lib/nginx/modules/ngx_http_set_misc_module.so;
load_module /packages/usr/lib/nginx/modules/ngx_http_headers_more_filter_module.so;
load_module /packages/usr/lib/nginx/modules/ngx_http_lua_module.so;
`

// command is what the controller runs as nginx, with -c and the file it has made.
// Of a file that nginx refuses it names every server that is at fault, not only
// the first one; and it asks for a reload without reading the file once more.
const command = `#!/bin/sh
nginx=/packages/usr/sbin/nginx
sed -i -E 's/^(\s*listen +[0-9.]+):80 /\1:%[1]d /; s/^(\s*listen +[0-9.]+):443 /\1:%[2]d /; /^\s*listen +\[::\]/d' "$2"
case "$3" in
-s)
	exec kill -HUP "$(cat /tmp/nginx/nginx.pid)" ;;
-t)
	said=/tmp/nginx/said
	blamed=/tmp/nginx/blamed
	"$nginx" "$@" 2>"$said" && { : >"$blamed"; exit; }
	cat "$said" >&2
	cp "$2" "$2-rest"
	for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
		"$nginx" -c "$2-rest" -t 2>"$said" && break
		line=$(sed -n 's/.*\[emerg\].* in [^ ]*:\([0-9]*\)$/\1/p' "$said" | head -n 1)
		server=$(head -n "${line:-1}" "$2-rest" | grep -E '## (start|end) server ' | tail -n 1 | sed -n 's/.*## start server //p')
		[ -n "$line" ] || server=$(sed -n 's/.*invalid server name or wildcard "\([^"]*\)".*/\1/p' "$said" | head -n 1)
		[ -n "$server" ] && ! grep -qxF "refused server: $server" "$blamed" || break
		echo "refused server: $server" >>"$blamed"
		name=$(printf %%s "$server" | sed 's/[][\.*^$/]/\\&/g')
		sed -i "/^[[:space:]]*## start server $name\$/,/^[[:space:]]*## end server $name\$/d" "$2-rest"
	done
	cat "$blamed" >&2
	exit 1 ;;
esac
exec "$nginx" "$@"
`

// changes are those of the controller's template. Nothing of how servers and
// locations are written is among them.
func changes(plain, secure int) []change {
	return []change{
		{"daemon off;\n", loads},
		{"    lua_package_path \"/etc/nginx/lua/?.lua;;\";\n\n    {{ buildLua",
			"    lua_package_path \"/etc/nginx/lua/?.lua;/packages/usr/share/lua/5.1/?.lua;;\";\n" +
				"    lua_package_cpath \"/packages/usr/lib/" + triplet + "/lua/5.1/?.so;;\";\n\n    {{ buildLua"},
		// A directive of nginx 1.25; HTTP/2 is not what is compared.
		{"            http2 on;\n", ""},
		// See INGRESS_NGINX_PORTS.
		{"    geo $literal_dollar {\n", fmt.Sprintf("    map $server_port $told_port { %d 80; %d 443; default $server_port; }\n    geo $literal_dollar {\n", plain, secure)},
		{"set $pass_server_port    $server_port;", "set $pass_server_port    $told_port;"},
	}
}

// triplet is Debian's name of the architecture, as libraries' folders have it.
var triplet = map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH] + "-linux-gnu"

// edit writes a file with every change made once. The stream section, for which
// Debian has no Lua, is left out of the template.
func edit(from, to string, changes []change) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	text := string(content)
	for _, c := range changes {
		if strings.Count(text, c.old) != 1 {
			return fmt.Errorf("%s does not have %q once: is it another version?", from, c.old)
		}
		text = strings.Replace(text, c.old, c.new, 1)
	}
	if begin := strings.Index(text, "\nstream {\n"); begin >= 0 {
		end := strings.Index(text[begin:], "\n}\n")
		text = text[:begin] + text[begin+end+2:]
	}
	return os.WriteFile(to, []byte(text), 0o644)
}
