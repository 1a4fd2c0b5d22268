package plugin_test

import (
	"bytes"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unicode"

	"golang.org/x/sys/unix"
)

// pseudoterminal returns both ends of a terminal of a size.
func pseudoterminal(t *testing.T, columns, rows uint16) (outer, inner *os.File) {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { outer.Close() })
	fd := int(outer.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: columns, Row: rows}); err != nil {
		t.Fatal(err)
	}
	inner, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	return outer, inner
}

// screen is what a terminal has shown so far.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// On a terminal the screen is drawn in place until ctrl-C; then it is gone, and the
// report is there.
func TestProbeOnATerminal(t *testing.T) {
	for locale, bar := range map[string]string{"C.UTF-8": "█", "C": "###"} {
		t.Run(locale, func(t *testing.T) { probeOnATerminal(t, locale, bar) })
	}
}

func probeOnATerminal(t *testing.T, locale, bar string) {
	server := httptest.NewServer(probed())
	defer server.Close()
	outer, inner := pseudoterminal(t, 80, 24)
	cmd := exec.Command(program, "probe", "--rate", "50", "--color", "always", server.URL+"/turns")
	cmd.Env = append(os.Environ(), "LC_ALL="+locale)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = inner, inner, inner
	// A terminal of its own, which sends it ctrl-C.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	inner.Close()
	var shown screen
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = outer.WriteTo(&shown) // ends with an error when the program has ended
	}()
	for deadline := time.Now().Add(time.Minute); !strings.Contains(shown.String(), "TIME"); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			_ = cmd.Process.Kill()
			t.Fatalf("no live screen within a minute: %q", shown.String())
		}
	}
	if _, err := outer.Write([]byte{3}); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1 for lost requests", err)
	}
	<-read
	live, report, cleared := lastCut(shown.String(), "A\x1b[J")
	if !cleared || !strings.Contains(live, "ctrl-C ends it") || !strings.Contains(live, "TIME") || !strings.Contains(live, bar) {
		t.Errorf("the live screen: %q", live)
	}
	if strings.ContainsFunc(shown.String(), func(r rune) bool { return r > unicode.MaxASCII }) != (locale != "C") {
		t.Errorf("with the locale %s: %q", locale, shown.String())
	}
	if !strings.Contains(report, " lost, ") || strings.Contains(report, "ctrl-C ends it") || strings.Contains(report, "\x1b[J") {
		t.Errorf("the report: %q", report)
	}
}

func lastCut(text, separator string) (before, after string, found bool) {
	i := strings.LastIndex(text, separator)
	if i < 0 {
		return text, "", false
	}
	return text[:i], text[i+len(separator):], true
}
