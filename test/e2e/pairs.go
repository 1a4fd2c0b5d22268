package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/test/load"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/edge"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/workload"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/world"
)

// pair is one migration.
type pair struct {
	name     string
	old, new string // as a human says it
	workload func() (*workload.Workload, error)
	// before brings the old edge up, arrive makes the routes of the new one and then
	// its DaemonSet.
	before, arrive []step
	// runbook is the file of docs/runbooks that is followed, sandbox what the sandbox does
	// on the way. Without one, routes are made and nodes are moved by the shortest way.
	runbook string
	sandbox map[string]step
	// conversion are flags that say how routes are made.
	conversion []string
	// story: nodes are moved the way the story went, its hazards being confirmed.
	story bool
}

// pairs are all migrations there are.
func pairs() []pair {
	return []pair{traefik1To2(), traefik1To2AsTold(), traefik2To3(), nginxToTraefik3()}
}

// strategy are the flags for it, as whoever has read its hazards types them.
func (p pair) strategy(ctx context.Context, w *world.World) ([]string, error) {
	if !p.story {
		return nil, nil
	}
	const story = "--strategy=story"
	plan, err := w.Operator.Quiet(ctx, slices.Concat([]string{"ingress-migrate", "cutover", "plan", story, "-o", "jsonpath={.hazardsID}"}, world.Pace())...)
	return []string{story, "--confirm-hazards", strings.TrimSpace(plan)}, err
}

// entryPoints tell where the sandbox's entry points are: the ports are high,
// because low ones need privileges.
var entryPoints = fmt.Sprintf("--entry-points=http=web:%d,https=websecure:%d:tls", world.HTTPPort, world.HTTPSPort)

func traefik1To2() pair {
	o := world.EdgeOptions()
	return pair{
		name: "v1-v2", old: "Traefik 1.7", new: "Traefik 2.11", workload: workload.Shops,
		before:     []step{create(edge.Traefik1, o)},
		arrive:     []step{convertAll(entryPoints), create(edge.Traefik2, o)},
		conversion: []string{entryPoints},
	}
}

// traefik1To2AsTold is v1-v2 with --strategy=story.
func traefik1To2AsTold() pair {
	p := traefik1To2()
	p.name, p.story = "v1-v2-story", true
	return p
}

// traefik2To3 goes on where v1-v2 ends: both proxies read the same routes, which
// are of Traefik 2, and Traefik 3 is told so.
func traefik2To3() pair {
	// The Ingresses that the routes were made of are still there; no Traefik 1.7 is,
	// to tell whose they are.
	conversion := []string{"--from=traefik-v1", entryPoints}
	two, three := world.EdgeOptions(), world.EdgeOptions()
	three.RuleSyntax = "v2"
	return pair{
		name: "v2-v3", old: "Traefik 2.11", new: "Traefik 3.6", workload: shopsForTraefik3,
		before:     []step{convertAll(conversion...), create(edge.Traefik2, two)},
		runbook:    "traefik-2-to-3.md",
		sandbox:    map[string]step{"crds": equipTraefik3, "proxy": create(edge.Traefik3, three)},
		conversion: conversion,
	}
}

// shopsForTraefik3 are told that pages of the proxy's own lose their Content-Type
// (W-CONTENT-TYPE of convert static).
func shopsForTraefik3() (*workload.Workload, error) {
	shops, err := workload.Shops()
	if err != nil {
		return nil, err
	}
	shops.Tell(load.Told{Pages: true})
	return shops, nil
}

// nginxToTraefik3 moves from another product altogether.
func nginxToTraefik3() pair {
	// Redirects to https are the Ingresses' own.
	o := world.EdgeOptions()
	o.RedirectToHTTPS, o.DefaultCertificate = false, workload.NginxCertificate
	return pair{
		name: "nginx-v3", old: "ingress-nginx", new: "Traefik 3.6", workload: workload.Nginx,
		before:     []step{createNginx(o)},
		runbook:    "ingress-nginx-to-traefik.md",
		sandbox:    map[string]step{"crds": equipTraefik3, "tls-store": createStore, "proxy": create(edge.Traefik3, o)},
		conversion: []string{entryPoints},
	}
}
