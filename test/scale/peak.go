package scale

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"time"
)

var peakLine = regexp.MustCompile(`(?m)^VmHWM:\s*(\d+) kB$`)

// watch reads a process's peak of resident memory, which only grows, until it is told
// that the process has ended, and sends the last one, in MB. Not rusage: its peak
// begins with that of the process that forked.
func watch(pid int, stop <-chan struct{}) <-chan float64 {
	peak := make(chan float64, 1)
	go func() {
		last := 0.0
		for {
			if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
				if match := peakLine.FindSubmatch(status); match != nil {
					if kib, err := strconv.ParseFloat(string(match[1]), 64); err == nil {
						last = kib * 1024 / 1e6
					}
				}
			}
			select {
			case <-stop:
				peak <- last
				return
			case <-time.After(2 * time.Millisecond):
			}
		}
	}()
	return peak
}
