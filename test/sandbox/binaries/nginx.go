package binaries

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// nginxPackages are Debian's packages of what the controller's nginx.conf uses.
// Further libraries are found by their dependencies.
func nginxPackages() []string {
	return []string{
		"nginx", "libnginx-mod-http-ndk", "libnginx-mod-http-set-misc", "libnginx-mod-http-headers-more-filter", "libnginx-mod-http-lua",
		"lua-resty-core", "lua-resty-lrucache", "lua-cjson", "lua-nginx-cookie",
	}
}

// Nginx returns a folder with the files of Debian's nginx and of the modules and
// Lua libraries that ingress-nginx needs, as they are beneath /.
func Nginx(ctx context.Context, log io.Writer) (string, error) {
	if err := canUnpack(); err != nil {
		return "", fmt.Errorf("nginx: %w", err)
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "nginx-debian")
	complete, files := filepath.Join(dir, "complete"), filepath.Join(dir, "files")
	if isFile(complete) {
		return files, nil
	}
	unlock, err := lock(ctx, log, filepath.Join(cache, "nginx.lock"), "nginx")
	if err != nil {
		return "", err
	}
	defer unlock()
	if isFile(complete) { // unpacked while we waited
		return files, nil
	}
	fmt.Fprintln(log, "unpacking nginx from Debian's packages, first time only, a few seconds …")
	if files, err = unpack(ctx, dir, nginxPackages()...); err != nil {
		return "", fmt.Errorf("nginx: %w", err)
	}
	return files, os.WriteFile(complete, nil, 0o644)
}
