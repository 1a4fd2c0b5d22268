// Command traefik1 is Traefik 1.7.34 for the sandbox: its own server, providers
// and configuration, under a main of ours, because the upstream command needs
// the generated package autogen/genstatic, which is not in the module.
//
// Flags and the TOML file are read by Traefik's own loaders. Two things differ
// from the upstream command: an address without a host listens on NODE_IP alone
// (the sandbox's nodes share one network namespace), and KUBECONFIG names the
// API server. ACME, statistics and the version check are left out.
package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/sirupsen/logrus"
	"github.com/traefik/traefik/cmd"
	"github.com/traefik/traefik/configuration"
	"github.com/traefik/traefik/configuration/router"
	"github.com/traefik/traefik/log"
	"github.com/traefik/traefik/server"
	"github.com/traefik/traefik/version"
	"github.com/vulcand/oxy/roundrobin"
)

func main() {
	if err := run(os.Args[1:], os.Getenv); err != nil {
		fmt.Fprintf(os.Stderr, "traefik1: %v\n", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(args []string, getenv func(string) string) error {
	if len(args) > 0 && args[0] == "version" {
		fmt.Printf("Version:      %s\n", version.Version)
		return nil
	}
	config, file, err := load(args)
	if err != nil {
		return fmt.Errorf("loading the configuration: %w", err)
	}
	if err := setLogLevel(config); err != nil {
		return err
	}
	if config.AllowMinWeightZero {
		roundrobin.SetDefaultWeight(0)
	}
	config.SetEffectiveConfiguration(file)
	config.ValidateConfiguration()
	if config.ACME != nil {
		return fmt.Errorf("%s: acme is not part of the sandbox's Traefik 1.7: remove it", file)
	}
	if config.API != nil {
		config.API.Dashboard = false // its pages are what autogen/genstatic would hold
	}
	listenOnNode(config, getenv("NODE_IP"))
	if err := useKubeconfig(config, getenv("KUBECONFIG")); err != nil {
		return err
	}
	return serve(config)
}

// serve runs until SIGTERM or SIGINT and then drains as the upstream command
// does: /ping answers 503 at once, requests are accepted for
// lifeCycle.requestAcceptGraceTimeout and finished within lifeCycle.graceTimeOut.
func serve(config *configuration.GlobalConfiguration) error {
	http.DefaultTransport.(*http.Transport).Proxy = http.ProxyFromEnvironment
	log.Infof("Traefik version %s", version.Version)

	entryPoints := map[string]server.EntryPoint{}
	for name, entryPoint := range config.EntryPoints {
		entryPoints[name] = server.EntryPoint{
			InternalRouter: router.NewInternalRouterAggregator(*config, name),
			Configuration:  entryPoint,
		}
	}
	traefik := server.NewServer(*config, configuration.NewProviderAggregator(config), entryPoints)

	// Without this context in the ping handler there is no lame duck.
	ctx := cmd.ContextWithSignal(context.Background())
	if config.Ping != nil {
		config.Ping.WithContext(ctx)
	}
	traefik.StartWithContext(ctx)
	traefik.Wait()
	log.Info("Shutting down")
	return nil
}

func setLogLevel(config *configuration.GlobalConfiguration) error {
	name := strings.ToLower(config.LogLevel)
	if name == "" {
		name = "error" // the upstream default
		if config.Debug {
			name = "debug"
		}
	}
	level, err := logrus.ParseLevel(name)
	if err != nil {
		return fmt.Errorf("logLevel %q: %w", config.LogLevel, err)
	}
	log.SetLevel(level)
	return nil
}
