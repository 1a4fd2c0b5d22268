// Command ingress-nginx is the community controller for the sandbox: its own
// store, annotation parsers, template and Lua, under a main of ours that puts it
// into a jail of its own with Debian's nginx.
//
// The module's path begins with k8s.io/ingress-nginx so that it may import the
// controller's internal packages. Flags are the controller's own. What the
// controller looks for at fixed paths comes from three folders:
//
//	INGRESS_NGINX_PACKAGES  Debian's packages of nginx and its modules, unpacked
//	INGRESS_NGINX_ROOTFS    rootfs of the controller's sources: template and Lua
//	INGRESS_NGINX_JAIL      an empty folder: / of the controller
//
// INGRESS_NGINX_PORTS are two ports on which nginx listens in place of the 80 and
// 443 that it is told of, which only root may take.
package main

import (
	"fmt"
	"os"
)

// inside is set for the process that is to become the controller.
const inside = "INGRESS_NGINX_INSIDE"

func main() {
	run := enter
	if os.Getenv(inside) != "" {
		run = serve
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "ingress-nginx:", err)
		os.Exit(1)
	}
}
