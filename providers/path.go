package providers

import (
	"strconv"
	"strings"
)

// at returns what a path leads to ("data.id", "images.0.url"), or nil if there
// is nothing. A member whose whole name is the path comes first, since some
// names contain dots: "https://slack.com/team_id".
func at(v any, path string) any {
	step, rest, more := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		if found, ok := v[path]; ok || !more {
			return found
		}
		return at(v[step], rest)
	case []any:
		i, err := strconv.Atoi(step)
		if err != nil || i < 0 || i >= len(v) {
			return nil
		}
		if !more {
			return v[i]
		}
		return at(v[i], rest)
	}
	return nil
}
