package importers

import (
	"encoding/json"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// text is a value of a driver as a text; "" is NULL.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case []byte:
		return string(v)
	case int64:
		return strconv.FormatInt(v, 10)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case bool:
		return strconv.FormatBool(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	return ""
}

// jsonOf is a value of a driver as JSON, nil for NULL. Bytes that are no text
// become base64, as in encoding/json.
func jsonOf(v any) json.RawMessage {
	var encoded []byte
	switch v := v.(type) {
	case nil:
		return nil
	case string:
		if !utf8.ValidString(v) {
			return jsonOf([]byte(v))
		}
		encoded, _ = json.Marshal(v)
	case []byte:
		if utf8.Valid(v) {
			return jsonOf(string(v))
		}
		encoded, _ = json.Marshal(v)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil
		}
		encoded, _ = json.Marshal(v)
	default: // int64, bool, time.Time
		encoded, _ = json.Marshal(v)
	}
	return encoded
}
