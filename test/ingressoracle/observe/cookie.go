package observe

import "github.com/traefik/traefik/v2/pkg/server/cookie"

// generatedName is the name that Traefik gives the cookie of a service.
func generatedName(service string) string { return cookie.GetName("", service) }
