package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"testing"
	"time"

	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
)

// asPlugin makes this test binary the plugin, so that a benchmark can start it
// as a process of its own. It names a file for what the kernel says of it.
const asPlugin = "INGRESS_MIGRATE_BENCH_STATUS"

func TestMain(m *testing.M) {
	if file := os.Getenv(asPlugin); file != "" {
		exit := plugin.Run(context.Background(), os.Args[1:], genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr})
		// Not rusage: its peak begins with that of the process that forked.
		status, err := os.ReadFile("/proc/self/status")
		if err == nil {
			err = os.WriteFile(file, status, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(exit)
	}
	os.Exit(m.Run())
}

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// peakMB is the peak of resident memory in a status of /proc.
func peakMB(b *testing.B, file string) float64 {
	b.Helper()
	status, err := os.ReadFile(file)
	if err != nil {
		b.Fatal(err)
	}
	match := peakLine.FindSubmatch(status)
	if match == nil {
		b.Fatalf("no peak in %s", status)
	}
	kib, err := strconv.ParseFloat(string(match[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kib * 1024 / 1e6
}

// forms are those in which Ingresses come.
var forms = [...]string{"documents.yaml", "list.yaml", "list.json"}

// input is a file with n Ingresses in one of the forms.
func input(tb testing.TB, n int, form string) string {
	tb.Helper()
	text, err := Manifests(n), error(nil)
	if form != "documents.yaml" {
		text, err = List(n, form == "list.json")
	}
	if err != nil {
		tb.Fatal(err)
	}
	file := filepath.Join(tb.TempDir(), form)
	if err := os.WriteFile(file, text, 0o644); err != nil {
		tb.Fatal(err)
	}
	return file
}

// convert is the whole command: read, convert, write.
func convert(tb testing.TB, out io.Writer, file string, more ...string) {
	tb.Helper()
	var problems bytes.Buffer
	args := append([]string{"convert", "-f", file}, more...)
	if status := plugin.Run(context.Background(), args, genericiooptions.IOStreams{In: os.Stdin, Out: out, ErrOut: &problems}); status != plugin.StatusOK {
		tb.Fatalf("convert ended with %d: %s", status, problems.String())
	}
}

// BenchmarkLinear tells how the processor time of one Ingress grows with their
// number: of-5000 is 1 where it does not.
func BenchmarkLinear(b *testing.B) {
	sizes := [...]int{5000, 20000, 100000}
	var files [len(sizes)]string
	for i, n := range sizes {
		files[i] = input(b, n, "documents.yaml")
	}
	var used [len(sizes)]time.Duration
	for b.Loop() {
		for i := range sizes {
			used[i] += cpu(b, func() { convert(b, io.Discard, files[i]) })
		}
	}
	perIngress := func(i int) float64 { return used[i].Seconds() / float64(sizes[i]) }
	for i, n := range sizes[1:] {
		b.ReportMetric(perIngress(i+1)/perIngress(0), fmt.Sprintf("%d-of-%d", n, sizes[0]))
	}
}

// BenchmarkConvertFile reads, converts and writes. If cost grows with the number
// of Ingresses, ingresses/cpu-s stays the same.
func BenchmarkConvertFile(b *testing.B) {
	for _, n := range []int{5000, 20000, 100000} {
		for _, name := range forms {
			file := input(b, n, name)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var used time.Duration
				for b.Loop() {
					used += cpu(b, func() { convert(b, io.Discard, file) })
				}
				b.ReportMetric(float64(n*b.N)/used.Seconds(), "ingresses/cpu-s")
			})
		}
	}
}

// BenchmarkAgainstYAML compares the whole command with a program that only
// decodes the same input and encodes the same output with sigs.k8s.io/yaml, in
// turn and in one run, so that whatever else the machine does meets both.
func BenchmarkAgainstYAML(b *testing.B) {
	const n = 5000
	file := input(b, n, "documents.yaml")
	documents := bytes.Split(Manifests(n), []byte("---\n"))
	var out bytes.Buffer
	convert(b, &out, file)
	var objects []any
	for document := range bytes.SplitSeq(out.Bytes(), []byte("---\n")) {
		var object any
		if err := yaml.Unmarshal(document, &object); err != nil {
			b.Fatal(err)
		}
		objects = append(objects, object)
	}
	var ours, baseline time.Duration
	for b.Loop() {
		ours += cpu(b, func() { convert(b, io.Discard, file) })
		baseline += cpu(b, func() {
			for _, document := range documents {
				if err := yaml.Unmarshal(document, &networkingv1.Ingress{}); err != nil {
					b.Fatal(err)
				}
			}
			for _, object := range objects {
				if _, err := yaml.Marshal(object); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.ReportMetric(ours.Seconds()/float64(b.N), "convert-cpu-s/op")
	b.ReportMetric(baseline.Seconds()/float64(b.N), "yaml-cpu-s/op")
	b.ReportMetric(ours.Seconds()/baseline.Seconds(), "of-yaml")
}

// BenchmarkProcess starts the plugin as a process and asks the kernel for its
// peak of memory and its processor time, start-up included.
func BenchmarkProcess(b *testing.B) {
	for _, n := range []int{5000, 20000} {
		for _, name := range forms {
			file := input(b, n, name)
			b.Run(fmt.Sprintf("%s/%d", name, n), func(b *testing.B) {
				var peak float64
				var used time.Duration
				status := filepath.Join(b.TempDir(), "status")
				for b.Loop() {
					used += run(b, pluginProcess(b, file, status))
					peak = max(peak, peakMB(b, status))
				}
				b.ReportMetric(peak, "peak-MB")
				b.ReportMetric(used.Seconds()/float64(b.N), "cpu-s/op")
			})
		}
	}
}

// pluginProcess converts file as a process of its own, see asPlugin.
func pluginProcess(b *testing.B, file, status string) *exec.Cmd {
	b.Helper()
	command := exec.Command(os.Args[0], "convert", "-f", file)
	command.Env = append(os.Environ(), asPlugin+"="+status)
	return command
}

// run is the processor time of a command.
func run(b *testing.B, command *exec.Cmd) time.Duration {
	b.Helper()
	if err := command.Run(); err != nil {
		b.Fatal(err)
	}
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime()
}

// cpu is the processor time of do, garbage collection included.
func cpu(b *testing.B, do func()) time.Duration {
	b.Helper()
	used := func() time.Duration {
		var usage syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	do()
	return used() - before
}
