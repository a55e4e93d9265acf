package jwt_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// kids are the IDs of a file's keys, in their order, with "*" behind one that
// is next, and "-" behind one without a private half.
func kids(t *testing.T, file []byte) string {
	t.Helper()
	var set struct{ Keys []map[string]string }
	if err := json.Unmarshal(file, &set); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, k := range set.Keys {
		id := k["kid"]
		if k["latchkey"] == "next" {
			id += "*"
		}
		if k["d"] == "" && k["k"] == "" {
			id += "-"
		}
		all = append(all, id)
	}
	return strings.Join(all, " ")
}

func TestKeyFiles(t *testing.T) {
	for algorithm, old := range map[string]string{"HS256": "", "ES256": "-", "EdDSA": "-"} {
		t.Run(algorithm, func(t *testing.T) {
			file := must(jwt.NewKeys(algorithm, "a"))
			first := newStrategy(t, jwt.Options{Keys: must(jwt.ParseKeys(file))})
			token := issue(t, first)
			for i, want := range []string{"a b*", "b c* a" + old, "c d* b" + old, "d e* c" + old} {
				before := newStrategy(t, jwt.Options{Keys: must(jwt.ParseKeys(file))})
				file = must(jwt.RotateKeys(file, string(rune('b'+i)), 1))
				if got := kids(t, file); got != want {
					t.Fatalf("after step %d: %s, want %s", i+1, got, want)
				}
				after := newStrategy(t, jwt.Options{Keys: must(jwt.ParseKeys(file))})
				accepted(t, before, issue(t, after)) // a process that has not read the file again
				accepted(t, after, issue(t, before))
				if i < 2 {
					accepted(t, after, token)
				} else {
					refused(t, after, token)
				}
			}
		})
	}
}

func TestAFileThatIsKeptByHand(t *testing.T) {
	a, b := must(jwt.NewKeys("EdDSA", "a")), must(jwt.NewKeys("EdDSA", "b"))
	var first, second struct{ Keys []json.RawMessage }
	_, _ = json.Unmarshal(a, &first), json.Unmarshal(b, &second)
	set := fmt.Appendf(nil, `{"keys": [%s, %s]}`, second.Keys[0], first.Keys[0]) // b signs, a is old
	if got := kids(t, must(jwt.RotateKeys(set, "c", 1))); got != "b c* a-" {
		t.Errorf("got %s: an old key must not sign again", got)
	}
	if got := kids(t, must(jwt.RotateKeys(set, "c", 0))); got != "b c*" {
		t.Errorf("got %s", got)
	}
}

func TestKeyFilesThatAreRefused(t *testing.T) {
	good := string(must(jwt.NewKeys("HS256", "a")))
	for name, file := range map[string]string{
		"nothing":             "",
		"no JSON":             "-----BEGIN PRIVATE KEY-----",
		"no set":              `{"kty": "oct", "k": "c2VjcmV0"}`,
		"a key of no kind":    `{"keys": [{"kty": "dog"}]}`,
		"a weak secret":       `{"keys": [{"kty":"oct","alg":"HS256","kid":"a","k":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}]}`,
		"no algorithm":        strings.Replace(good, `"alg":"HS256"`, `"use":"sig"`, 1),
		"another algorithm":   strings.Replace(good, `"alg":"HS256"`, `"alg":"EdDSA"`, 1),
		"an algorithm of RSA": strings.Replace(good, `"alg":"HS256"`, `"alg":"RS256"`, 1),
		"an ID with a blank":  strings.Replace(good, `"kid":"a"`, `"kid":"a b"`, 1),
	} {
		if keys, err := jwt.ParseKeys([]byte(file)); err == nil || len(keys) > 0 {
			t.Errorf("%s: accepted", name)
		} else if strings.Contains(err.Error(), "c2VjcmV0") || strings.Contains(err.Error(), "PRIVATE") {
			t.Errorf("%s: the error quotes the file: %v", name, err)
		}
	}
	if keys, err := jwt.ParseKeys([]byte(good)); err != nil || len(keys) != 1 {
		t.Errorf("twin: %v", err)
	}
	for name, err := range map[string]error{
		"an unknown algorithm": second(jwt.NewKeys("none", "a")),
		"an ID with a blank":   second(jwt.NewKeys("HS256", "a b")),
		"the same ID":          second(jwt.RotateKeys([]byte(good), "a", 1)),
		"an empty file":        second(jwt.RotateKeys([]byte(`{"keys": []}`), "b", 1)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func second(_ []byte, err error) error { return err }
