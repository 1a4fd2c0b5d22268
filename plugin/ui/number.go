package ui

import (
	"fmt"
	"strings"
)

// Thousands writes 1284 as 1,284.
func Thousands(n int) string {
	digits := fmt.Sprint(n)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// Plural says "1 object", "2 objects", "1,284 Ingresses".
func Plural(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "s"):
		return fmt.Sprintf("%s %ses", Thousands(n), noun)
	}
	return fmt.Sprintf("%s %ss", Thousands(n), noun)
}
