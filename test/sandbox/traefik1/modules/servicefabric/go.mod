module github.com/containous/traefik-extra-service-fabric

go 1.26.0

require github.com/traefik/traefik v1.7.34
