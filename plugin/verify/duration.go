package verify

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// timedLine is what lines in JSON say of how long a request took: Traefik's Duration is
// in nanoseconds (pkg/middlewares/accesslog), nginx's request_time in seconds.
type timedLine struct {
	Duration    int64
	RequestTime json.Number `json:"request_time"`
}

// took is at the end of Traefik's lines in the common format.
var took = regexp.MustCompile(` (\d+)ms$`)

// Longest is how long the longest request of an access log took; 0 when no line tells.
// The forms are those of FromAccessLog.
func Longest(r io.Reader) (time.Duration, error) {
	longest := time.Duration(0)
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<16), mostInLine)
	number := 0
	for lines.Scan() {
		number++
		longest = max(longest, durationOf(strings.TrimSpace(lines.Text())))
	}
	if err := lines.Err(); err != nil {
		return longest, fmt.Errorf("reading line %d: %w", number+1, err)
	}
	return longest, nil
}

func durationOf(line string) time.Duration {
	if !strings.HasPrefix(line, "{") {
		match := took.FindStringSubmatch(line)
		if match == nil {
			return 0
		}
		n, err := strconv.ParseInt(match[1], 10, 32)
		if err != nil {
			return 0
		}
		return time.Duration(n) * time.Millisecond
	}
	var l timedLine
	if json.Unmarshal([]byte(line), &l) != nil {
		return 0
	}
	if l.Duration > 0 {
		return time.Duration(l.Duration)
	}
	seconds, err := l.RequestTime.Float64()
	if err != nil || seconds < 0 || seconds > time.Hour.Seconds()*24 {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}
