package plugin

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Keys are not shown to whoever looks over the shoulder.
func TestConvertACMERefusesATerminal(t *testing.T) {
	terminal, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	input := filepath.Join(t.TempDir(), "acme.json")
	if err := os.WriteFile(input, []byte(`{"Account": null, "Certificates": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var errOut strings.Builder
	got := Run(context.Background(), []string{"convert", "acme", "-f", input}, genericiooptions.IOStreams{In: strings.NewReader(""), Out: terminal, ErrOut: &errOut})
	if got != StatusUsage || !strings.Contains(errOut.String(), "stdout is a terminal") {
		t.Errorf("exit status %d: %s", got, errOut.String())
	}
}
