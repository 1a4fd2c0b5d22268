package plugin_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"k8s.io/cli-runtime/pkg/genericiooptions"

	"github.com/ingress-migrate/kubectl-ingress-migrate/plugin"
)

// program is what scripts call; kubectl finds it under this name too.
const program = "kubectl-ingress_migrate"

func TestMain(m *testing.M) {
	// Stories wait for their clusters most of the time: more of them run than there are
	// processors, unless -parallel says otherwise.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	testscript.Main(m, map[string]func(){program: func() {
		ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
		defer stop()
		os.Exit(plugin.Run(ctx, os.Args[1:], genericiooptions.IOStreams{In: os.Stdin, Out: os.Stdout, ErrOut: os.Stderr}))
	}})
}

// TestScripts runs the stories of testdata/script: no cluster, exact output.
// UPDATE=1 rewrites the expected output; read the difference before committing.
func TestScripts(t *testing.T) {
	p := params("script", func(env *testscript.Env) error {
		// Whoever reaches for a cluster must not find the developer's.
		env.Setenv("KUBECONFIG", filepath.Join(env.WorkDir, "no-kubeconfig"))
		return nil
	})
	p.Cmds["serve"] = serve
	runStories(t, p)
}

// runStories runs the stories of a folder.
func runStories(t *testing.T, p testscript.Params) {
	if deadline, ok := t.Deadline(); ok {
		p.Deadline = deadline
	}
	testscript.RunT(reporter{t}, p)
}

// reporter says last why a story failed. After that line come programs that ran beside it,
// and often the end of an output is all that one sees.
type reporter struct{ *testing.T }

var failure = regexp.MustCompile(`(?m)^FAIL: .*`)

func (r reporter) Log(args ...any) {
	r.T.Log(args...)
	if why := failure.FindString(fmt.Sprint(args...)); why != "" {
		r.T.Log(why)
	}
}

func (r reporter) Run(name string, story func(testscript.T)) {
	r.T.Run(name, func(t *testing.T) { story(reporter{t}) })
}

func (r reporter) Verbose() bool { return testing.Verbose() }

func params(dir string, setup func(*testscript.Env) error) testscript.Params {
	return testscript.Params{
		Dir:                 filepath.Join("testdata", dir),
		Setup:               setup,
		UpdateScripts:       os.Getenv("UPDATE") != "",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"run": run, "schema": schema},
	}
}

// run STATUS ARGS... runs the plugin and wants this very exit status.
func run(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 {
		ts.Fatalf("usage: run STATUS ARGS...")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(program, args[1:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}
