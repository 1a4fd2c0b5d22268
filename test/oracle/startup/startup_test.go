// Package startup lets real Traefiks start with what convert static writes.
package startup

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/ingress-migrate/kubectl-ingress-migrate/convert/static"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/binaries"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/loopback"
	"github.com/ingress-migrate/kubectl-ingress-migrate/test/sandbox/process"
)

// A configuration is a testdata/*.txtar file with what a Traefik is started with:
// traefik.toml, traefik.yaml or args. $IP and $DIR stand for an address and a folder
// of the test; /ping answers at $IP:8080.
func TestTraefikStarts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no configurations", err)
	}
	starter, slot := workplace(t)
	address := 0
	for _, file := range files {
		for _, target := range []static.Version{static.V2, static.V3} {
			for _, format := range []static.Format{static.YAML, static.TOML, static.Args} {
				name := strings.TrimSuffix(filepath.Base(file), ".txtar")
				if target == static.V2 && strings.HasPrefix(name, "v2-") {
					continue
				}
				address++
				ip := slot.Extra(address)
				t.Run(fmt.Sprintf("%s to %s as %s", name, target, format), func(t *testing.T) {
					starts(t, starter, converted{read(t, file, ip), target, format, ip})
				})
			}
		}
	}
}

// workplace is what a test starts programs with, and their addresses, until it ends.
func workplace(t *testing.T) (*process.Starter, *loopback.Slot) {
	t.Helper()
	starter := process.NewStarter()
	t.Cleanup(starter.Close)
	slot, err := loopback.Claim()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = slot.Release() })
	return starter, slot
}

type converted struct {
	in     static.Input
	target static.Version
	format static.Format
	ip     string
}

func read(t *testing.T, file, ip string) static.Input {
	t.Helper()
	archive, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in := static.Input{}
	for _, part := range archive.Files {
		text := strings.NewReplacer("$IP", ip, "$DIR", t.TempDir()).Replace(string(part.Data))
		if part.Name == "args" {
			in.Args = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
			continue
		}
		in.File, in.Content = part.Name, []byte(text)
	}
	return in
}

// expected are the complaints of Traefik 3 about what the report announces, and
// what Traefik 2.11 says of any cluster.
var expected = []string{"`Core.DefaultRuleSyntax` option has been deprecated", "v2 rules syntax is now deprecated", "CRDs API Group \\\"traefik.containo.us\\\" is deprecated"}

func starts(t *testing.T, starter *process.Starter, c converted) {
	version, err := static.Detect(c.in)
	if err != nil {
		t.Fatal(err)
	}
	text := c.convert(t, version)
	running, log := start(t, starter, c, text)
	if err := ping(running, "http://"+c.ip+":8080/ping"); err != nil {
		t.Errorf("%v\n%s\n%s", err, text, process.LogTail(log, 20))
	}
	complaints(t, log)
}

// Traefik 3 does not start with a file of Traefik 2 as it is: what is seen above
// is not seen for want of looking.
func TestTraefik3DoesNotStartUnconverted(t *testing.T) {
	starter, slot := workplace(t)
	in := read(t, "testdata/v2-edge.txtar", slot.Extra(1))
	running, log := start(t, starter, converted{in, static.V3, static.YAML, slot.Extra(1)}, string(in.Content))
	if err := ping(running, "http://"+slot.Extra(1)+":8080/ping"); err == nil || running.Running() {
		t.Errorf("it runs:\n%s", process.LogTail(log, 20))
	}
}

// start runs the target; the second result is its log.
func start(t *testing.T, starter *process.Starter, c converted, text string) (*process.Process, string) {
	t.Helper()
	dir := t.TempDir()
	command := process.Command{Dir: dir, LogFile: filepath.Join(dir, "traefik.log"), Env: []string{"HOME=" + dir, "PATH=" + os.Getenv("PATH")}}
	program := map[static.Version]binaries.Program{static.V2: binaries.Traefik2, static.V3: binaries.Traefik3}[c.target]
	path, err := binaries.Ensure(t.Context(), os.Stderr, program)
	if err != nil {
		t.Fatal(err)
	}
	command.Path = path
	if c.format == static.Args {
		command.Args = strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	} else {
		name := filepath.Join(dir, "traefik."+string(c.format))
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		command.Args = []string{"--configFile=" + name}
	}
	if err := os.WriteFile(command.LogFile, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	running, err := starter.Start(command)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { running.Kill() })
	return running, command.LogFile
}

func (c converted) convert(t *testing.T, version static.Version) string {
	t.Helper()
	opts := static.Options{Source: version, Target: c.target, Resolver: "le", Namespace: "edge"}
	var result static.Result
	if version == static.V2 {
		config, err := static.ReadV2(c.in)
		if err != nil {
			t.Fatal(err)
		}
		result = static.Upgrade(config)
	} else {
		config, err := static.Read(c.in)
		if err != nil {
			t.Fatal(err)
		}
		result = static.Convert(config, opts)
	}
	text, err := result.Tree.Encode(c.format)
	if err != nil || len(result.Tree) == 0 {
		t.Fatalf("%v: nothing was converted: %v", err, result.Diagnostics)
	}
	return string(text)
}

// ping asks until there is an answer or the process has ended.
func ping(running *process.Process, url string) error {
	deadline := time.Now().Add(time.Minute)
	for {
		response, err := http.Get(url)
		if err == nil {
			_, _ = io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return nil
			}
			err = fmt.Errorf("%s answers %s", url, response.Status)
		}
		if !running.Running() {
			return fmt.Errorf("it has ended: %w", err)
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// complaints fails for what Traefik says of its own configuration.
func complaints(t *testing.T, file string) {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(content)) {
		lower := strings.ToLower(line)
		about := strings.Contains(lower, "deprecated") || strings.Contains(lower, "removed in v3") || strings.Contains(lower, "field not found") || strings.Contains(lower, "invalid")
		for _, text := range expected {
			about = about && !strings.Contains(line, text)
		}
		if about {
			t.Errorf("it complains: %s", line)
		}
	}
}
