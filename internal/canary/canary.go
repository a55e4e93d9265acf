// Package canary finds secrets that a value prints. It is for tests alone.
//
//	url := "smtps://ada:" + canary.Secret + "@mail.example.com"
//	o := smtpsender.Options{URL: url}
//	for _, problem := range canary.Options(o, "From", "App") {
//		t.Error(problem)
//	}
//
// Options fills the other fields with texts of their own, so that a field that
// is added later must be either in the list of those that may be seen, or
// hidden.
package canary

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"slices"
	"strings"
)

// Secret is for a field that needs a form, or for what a value is made of.
const Secret = "canary-q7Zp2xW9vTk4LrB8"

// Options returns what is wrong with the printing of options, a struct: a field
// that is not public, or Secret, is shown (see [Value]), or "%+v" does not show
// a public field. Fields of text that are empty are filled, those that are not
// exported and those of nested structs too.
func Options[T any](options T, public ...string) (problems []string) {
	hidden, shown := []string{Secret}, []string{}
	v := reflect.ValueOf(&options).Elem()
	for i := range v.NumField() {
		name := v.Type().Field(i).Name
		filled := fill(field(v, i), name)
		if slices.Contains(public, name) {
			shown = append(shown, filled...)
		} else {
			hidden = append(hidden, filled...)
		}
	}
	for _, text := range shown {
		if !shows(fmt.Sprintf("%+v", options), text) {
			problems = append(problems, fmt.Sprintf("%T does not print its public %s", options, text))
		}
	}
	return append(problems, Value(options, hidden...)...)
}

// field is the field of an addressable struct. It can be set even if it is not
// exported.
func field(v reflect.Value, i int) reflect.Value {
	f := v.Field(i)
	return reflect.NewAt(f.Type(), f.Addr().UnsafePointer()).Elem()
}

// Value returns which of the secrets a value shows: by any verb of fmt, as JSON
// or in slog, as it is, by a pointer or within another value.
func Value[T any](value T, secrets ...string) (problems []string) {
	all := outputs(value)
	for _, secret := range secrets {
		var ways []string
		for way, output := range all {
			if shows(output, secret) {
				ways = append(ways, way)
			}
		}
		if ways != nil {
			slices.Sort(ways)
			problems = append(problems, fmt.Sprintf("%T shows %s by %s", value, secret, strings.Join(ways, ", ")))
		}
	}
	return problems
}

// fill puts a text into each empty field and returns the texts.
func fill(v reflect.Value, name string) []string {
	text := "canary-" + name
	switch {
	case v.Kind() == reflect.Struct:
		var all []string
		for i := range v.NumField() {
			all = append(all, fill(field(v, i), name+"."+v.Type().Field(i).Name)...)
		}
		return all
	case !v.IsZero():
		return nil
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.Type() == reflect.TypeFor[[]byte]():
		v.SetBytes([]byte(text))
	case v.Type() == reflect.TypeFor[[]string]():
		v.Set(reflect.ValueOf([]string{text}))
	case v.Type() == reflect.TypeFor[map[string]string]():
		v.Set(reflect.ValueOf(map[string]string{"name": text}))
	default:
		return nil
	}
	return []string{text}
}

// outputs are what the value prints, by the way of printing it.
func outputs[T any](value T) map[string]string {
	type wrapper struct{ Value T }
	found := map[string]string{}
	for form, v := range map[string]any{
		"value": value, "pointer": &value, "slice": []T{value}, "map": map[string]T{"key": value}, "field": wrapper{value},
	} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "% X", "%d"} {
			found[form+" "+verb] = fmt.Sprintf(verb, v)
		}
		encoded, err := json.Marshal(v)
		found[form+" JSON"] = string(encoded) + fmt.Sprint(err)
		var log bytes.Buffer
		for _, handler := range []slog.Handler{slog.NewTextHandler(&log, nil), slog.NewJSONHandler(&log, nil)} {
			slog.New(handler).Info("message", "key", v)
		}
		found[form+" slog"] = log.String()
	}
	return found
}

// shows reports whether output has the secret, in one of the spellings that fmt
// and JSON have for strings and bytes.
func shows(output, secret string) bool {
	raw := []byte(secret)
	for _, spelling := range []string{
		secret, hex.EncodeToString(raw), fmt.Sprintf("% x", raw), strings.Trim(fmt.Sprint(raw), "[]"),
		strings.TrimSuffix(strings.TrimPrefix(fmt.Sprintf("%#v", raw), "[]byte{"), "}"),
		base64.StdEncoding.EncodeToString(raw),
	} {
		if strings.Contains(strings.ToLower(output), strings.ToLower(spelling)) {
			return true
		}
	}
	return false
}
