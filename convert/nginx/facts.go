package nginx

// Facts are what manifests cannot tell of an ingress-nginx installation and its
// replacement. The zero value is the controller's default.
type Facts struct {
	// ControllerClass is --controller-class, the spec.controller of its
	// IngressClasses; empty: k8s.io/ingress-nginx.
	ControllerClass string
	// IngressClass is --ingress-class, the value of the annotation
	// kubernetes.io/ingress.class; empty: nginx.
	IngressClass string
	// IngressClassByName is --ingress-class-by-name.
	IngressClassByName bool
	// WatchWithoutClass is --watch-ingress-without-class.
	WatchWithoutClass bool
	// Namespaces is --watch-namespace, or what the namespace selector selects; empty: all.
	Namespaces []string
	// AnnotationPrefix is --annotations-prefix; empty: nginx.ingress.kubernetes.io.
	AnnotationPrefix string
	// EnableSSLPassthrough is --enable-ssl-passthrough.
	EnableSSLPassthrough bool
	// DisableCatchAll is --disable-catch-all.
	DisableCatchAll bool
	// DefaultBackendService is --default-backend-service, namespace/name.
	DefaultBackendService string
	// DefaultSSLCertificate is --default-ssl-certificate, namespace/name.
	DefaultSSLCertificate string

	// ConfigMap is the controller's ConfigMap.
	ConfigMap map[string]string
	// ConfigMapKnown is true when ConfigMap was read, even if it is empty.
	ConfigMapKnown bool
	// HeaderMaps are the ConfigMaps with headers that annotations and settings
	// name, by namespace/name.
	HeaderMaps map[string]map[string]string

	// HTTPEntryPoint and HTTPSEntryPoint are names in the target; empty: web and websecure.
	HTTPEntryPoint, HTTPSEntryPoint string
	// LimitBodies emits the buffering middleware for proxy-body-size.
	LimitBodies bool
	// Retry emits the retry middleware for proxy-next-upstream.
	Retry bool
}

// Defaults of the controller's flags.
const (
	defaultController = "k8s.io/ingress-nginx"
	defaultClass      = "nginx"
)

// DefaultPrefix is what the controller's annotations begin with, unless its flag
// says otherwise.
const DefaultPrefix = "nginx.ingress.kubernetes.io"

func (f Facts) withDefaults() Facts {
	for _, field := range []struct {
		value    *string
		fallback string
	}{
		{&f.ControllerClass, defaultController},
		{&f.IngressClass, defaultClass},
		{&f.AnnotationPrefix, DefaultPrefix},
		{&f.HTTPEntryPoint, "web"},
		{&f.HTTPSEntryPoint, "websecure"},
	} {
		if *field.value == "" {
			*field.value = field.fallback
		}
	}
	return f
}
