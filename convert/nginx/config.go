package nginx

import (
	"strconv"
	"strings"
)

// config reads the controller's ConfigMap.
type config map[string]string

func (c config) text(key, fallback string) string {
	if value := strings.TrimSpace(c[key]); value != "" {
		return value
	}
	return fallback
}

func (c config) boolean(key string, fallback bool) bool {
	if text := strings.TrimSpace(c[key]); text != "" {
		if value, err := strconv.ParseBool(text); err == nil {
			return value
		}
	}
	return fallback
}

func (c config) integer(key string, fallback int) int {
	if text := strings.TrimSpace(c[key]); text != "" {
		if value, err := strconv.Atoi(text); err == nil {
			return value
		}
	}
	return fallback
}

// list splits at commas. A key that is present and empty gives nothing, an absent
// one the fallback.
func (c config) list(key, fallback string) []string {
	value, ok := c[key]
	if !ok {
		value = fallback
	}
	return splitList(value)
}
