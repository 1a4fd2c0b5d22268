package bench

import (
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// BenchmarkAgainstMigrationTool compares the plugin with traefik-migration-tool on
// the same documents, both as processes, in turn and in one run. The tool is built
// first, which asks the module proxy for what it needs.
func BenchmarkAgainstMigrationTool(b *testing.B) {
	const n = 5000
	tool := filepath.Join(b.TempDir(), "migrationtool")
	build := exec.Command("go", "build", "-o", tool, ".")
	build.Dir = "../migrationtool"
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("building traefik-migration-tool: %v: %s", err, out)
	}
	file := input(b, n, "documents.yaml")
	var ours, theirs time.Duration
	for b.Loop() {
		ours += run(b, pluginProcess(b, file, filepath.Join(b.TempDir(), "status")))
		theirs += run(b, exec.Command(tool, file, b.TempDir()))
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "convert-cpu-s/op")
	b.ReportMetric(theirs.Seconds()/float64(b.N), "migration-tool-cpu-s/op")
	b.ReportMetric(ours.Seconds()/theirs.Seconds(), "of-migration-tool")
}
