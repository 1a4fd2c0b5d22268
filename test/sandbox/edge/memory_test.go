package edge_test

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// residentMemory reads VmRSS of a process, in the kernel's words.
func residentMemory(pid int) string {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err.Error()
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if rest, ok := strings.CutPrefix(lines.Text(), "VmRSS:"); ok {
			return strings.TrimSpace(rest)
		}
	}
	return "unknown"
}
