package main

import (
	"reflect"

	"github.com/containous/flaeg"
	"github.com/containous/staert"
	"github.com/traefik/traefik/cmd"
	"github.com/traefik/traefik/configuration"
	"github.com/traefik/traefik/provider/ecs"
	"github.com/traefik/traefik/provider/kubernetes"
	traefiktls "github.com/traefik/traefik/tls"
	"github.com/traefik/traefik/types"
)

// load reads the flags and the TOML file with the libraries that the upstream
// command uses, flags winning, so that a DaemonSet's args and ConfigMap mean
// here what they mean there. It returns the file that was used, if any.
func load(args []string) (*configuration.GlobalConfiguration, string, error) {
	config := cmd.NewTraefikConfiguration()
	command := &flaeg.Command{
		Name:                  "traefik",
		Description:           "Traefik 1.7 of the sandbox",
		Config:                config,
		DefaultPointersConfig: cmd.NewTraefikDefaultPointersConfiguration(),
		Run:                   func() error { return nil },
	}
	flags := flaeg.New(command, args)
	for _, parser := range []flaegParser{
		&configuration.EntryPoints{},
		&configuration.DefaultEntryPoints{},
		&traefiktls.FilesOrContents{},
		&types.Constraints{},
		&kubernetes.Namespaces{},
		&ecs.Clusters{},
		&types.DNSResolvers{},
		&types.Buckets{},
		&types.StatusCodes{},
		&types.FieldNames{},
		&types.FieldHeaderNames{},
	} {
		flags.AddParser(reflect.TypeOf(parser).Elem(), parser)
	}
	// The one type whose parser has another name than the field it fills.
	flags.AddParser(reflect.TypeOf([]types.Domain{}), &types.Domains{})

	// The first pass finds --configFile, which the second pass then obeys.
	if _, err := flags.Parse(command); err != nil {
		return nil, "", err
	}
	file := staert.NewTomlSource("traefik", []string{config.ConfigFile, "."})
	sources := staert.NewStaert(command)
	sources.AddSource(file)
	sources.AddSource(flags)
	if _, err := sources.LoadConfig(); err != nil {
		return nil, "", err
	}
	return &config.GlobalConfiguration, file.ConfigFileUsed(), nil
}

// flaegParser is what flaeg asks of a type that it fills from a flag.
type flaegParser interface {
	Set(string) error
	String() string
	SetValue(any)
	Get() any
}
