package static

import (
	"maps"
	"slices"
	"strings"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/diag"
)

// logs carries Traefik's own log and the access log.
func (r *conversion) logs() {
	r.carryAll("traefiklog", []string{"log"}, [2]string{"filepath", "filePath"}, [2]string{"format", "format"})
	if r.has("traefiklog") && r.tree["log"] == nil {
		r.tree.set(Tree{}, "log")
	}
	r.level()
	if !r.has("accesslog") {
		return
	}
	r.tree.set(Tree{}, "accessLog")
	r.carryAll("accesslog", []string{"accessLog"}, [2]string{"filepath", "filePath"}, [2]string{"format", "format"}, [2]string{"bufferingsize", "bufferingSize"})
	r.carryAll("accesslog.filters", []string{"accessLog", "filters"},
		[2]string{"statuscodes", "statusCodes"}, [2]string{"retryattempts", "retryAttempts"}, [2]string{"minduration", "minDuration"})
	r.carry("accesslog.fields.defaultmode", "accessLog", "fields", "defaultMode")
	r.carry("accesslog.fields.headers.defaultmode", "accessLog", "fields", "headers", "defaultMode")
	r.fieldNames("accesslog.fields.names", renamed, "accessLog", "fields", "names")
	r.fieldNames("accesslog.fields.headers.names", nil, "accessLog", "fields", "headers", "names")
	if !strings.EqualFold(r.text("accesslog.format"), "json") {
		return
	}
	r.find(diag.WStaticLog, r.settings["accesslog.format"], "")
	if r.settings["accesslog.fields.headers.defaultmode"] == nil {
		// pkg/types/logs.go: Traefik 2 drops headers unless told to keep them.
		r.add("keep", "accessLog", "fields", "headers", "defaultMode")
		r.find(diag.IStaticAdded, nil, "accessLog.fields.headers.defaultMode: keep, since Traefik 1.7 logs request headers in JSON and Traefik 2 does not")
	}
}

// level is ERROR in Traefik 1.7, or DEBUG with debug, unless it is said.
func (r *conversion) level() {
	switch s := r.settings["loglevel"]; {
	case s == nil || s.value == "":
		r.done("loglevel", "log.level")
		if r.flag("debug", false) {
			r.tree.set("DEBUG", "log", "level")
			r.done("debug", "log.level")
		}
	case !slices.Contains([]string{"debug", "info", "warn", "warning", "error", "fatal", "panic"}, strings.ToLower(r.text("loglevel"))):
		r.find(diag.EStaticValue, s, "no log level: Traefik 1.7 logs errors then")
	default:
		level := strings.ToUpper(r.text("loglevel"))
		if level == "WARNING" {
			level = "WARN"
		}
		r.tree.set(level, "log", "level")
		r.done("loglevel", "log.level")
	}
	if s := r.settings["debug"]; s != nil && !s.taken && !r.flag("debug", false) {
		r.find(diag.IStaticIgnored, s, "false is what Traefik does anyway")
	}
}

// renamed are the fields of the access log that have other names since Traefik 2
// (middlewares/accesslog/logdata.go, pkg/middlewares/accesslog/logdata.go).
var renamed = [][2]string{
	{"BackendAddr", "ServiceAddr"}, {"BackendName", "ServiceName"}, {"BackendURL", "ServiceURL"}, {"FrontendName", "RouterName"},
}

func (r *conversion) fieldNames(path string, renamed [][2]string, to ...string) {
	names := value[map[string]string](r.Config, path, nil)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		target := name
		for _, pair := range renamed {
			if pair[0] == name {
				target = pair[1]
			}
		}
		r.tree.set(names[name], append(slices.Clone(to), target)...)
	}
	r.done(path, dotted(to))
}
