package command

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/strategies/jwt"
)

// keys are the commands about keys; they need no application.
func keys() *cobra.Command {
	return group("key", "Make and rotate the keys of tokens", keyNew(), keyRotate(), keyShow())
}

// algorithms are the kinds of keys, by their names in the command line.
var algorithms = map[string]string{"hs256": "HS256", "ed25519": "EdDSA", "es256": "ES256"}

func keyNew() *cobra.Command {
	var id, out string
	cmd := leaf("new", []string{"hs256|ed25519|es256|secret"}, "Make a new key, or a secret",
		"A key is a file for jwt.ParseKeys, a JSON Web Key Set. A secret is 32 random bytes as base64url, for anything\n"+
			"else that takes one. Either is printed, unless --out names a file that is not there yet.",
		func(_ context.Context, p *printer, args []string) error {
			kind := strings.ToLower(args[0])
			if kind == "secret" {
				var b [32]byte
				if _, err := rand.Read(b[:]); err != nil {
					return err
				}
				return p.secretOut(out, append(base64.RawURLEncoding.AppendEncode(nil, b[:]), '\n'), kind)
			}
			algorithm, ok := algorithms[kind]
			if !ok {
				return usage("there is no kind of key %q: hs256, ed25519, es256 or secret", args[0])
			}
			named, err := keyID(id)
			if err != nil {
				return err
			}
			file, err := jwt.NewKeys(algorithm, named)
			if err != nil {
				return usage("%v", err)
			}
			return p.secretOut(out, file, algorithm+" key "+named)
		})
	cmd.Flags().StringVar(&id, "id", "", "the key's ID (default: the day and some random letters)")
	cmd.Flags().StringVar(&out, "out", "", "write to this new file, which only its owner may read")
	return cmd
}

// keyID returns the ID that was given, or a new one.
func keyID(given string) (string, error) {
	if given != "" {
		return given, nil
	}
	var b [3]byte
	_, err := rand.Read(b[:])
	return fmt.Sprintf("%s-%x", time.Now().UTC().Format(time.DateOnly), b), err
}

// secretOut prints what is secret, or writes it to a new file.
func (p *printer) secretOut(path string, secret []byte, what string) error {
	if path == "" {
		_, err := p.out.Write(secret)
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%s is there already, and is not replaced", path)
	}
	if err != nil {
		return err
	}
	_, err = f.Write(secret)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if p.json {
		return p.object(struct {
			File string `json:"file"`
		}{path})
	}
	return p.say("The %s is in %s.", what, path)
}

func keyRotate() *cobra.Command {
	var id string
	var keep int
	cmd := leaf("rotate", []string{"FILE"}, "Take the next step of the rotation of a key file",
		"A step adds a key that only verifies for now, and makes the one that the step before has added sign. Run it\n"+
			"again once every process has read the file, and no sooner than tokens live: then nobody is logged out.",
		func(_ context.Context, p *printer, args []string) error {
			before, err := readKeys(args[0])
			if err != nil {
				return err
			}
			if keep < 0 {
				return usage("--keep must not be negative")
			}
			named, err := keyID(id)
			if err != nil {
				return err
			}
			after, err := jwt.RotateKeys(before, named, keep)
			if err != nil {
				return err
			}
			if err := replace(args[0], after); err != nil {
				return err
			}
			return p.keyTable(after)
		})
	cmd.Flags().StringVar(&id, "id", "", "the new key's ID (default: the day and some random letters)")
	cmd.Flags().IntVar(&keep, "keep", 1, "how many keys that signed before stay, to verify what they signed")
	return cmd
}

func keyShow() *cobra.Command {
	return leaf("show", []string{"FILE"}, "List the keys of a key file, without their secrets", "",
		func(_ context.Context, p *printer, args []string) error {
			file, err := readKeys(args[0])
			if err != nil {
				return err
			}
			return p.keyTable(file)
		})
}

// readKeys reads a file of keys.
func readKeys(path string) ([]byte, error) {
	file, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	_, err = jwt.ParseKeys(file)
	return file, err
}

// replace writes a file anew, in one step: a process that reads it meanwhile
// has the old one or the new one.
func replace(path string, content []byte) (err error) {
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	like, err := os.Stat(path)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // with mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(f.Name())
		}
	}()
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := giveTo(f.Name(), like); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// shownKey is a key without its secret.
type shownKey struct {
	ID        string `json:"id"`
	Algorithm string `json:"algorithm"`
	Use       string `json:"use"`
}

// keyTable lists the keys of a file.
func (p *printer) keyTable(file []byte) error {
	var set struct {
		Keys []struct{ Kid, Alg, Latchkey string }
	}
	if err := json.Unmarshal(file, &set); err != nil {
		return err
	}
	rows := [][]string{{"ID", "ALGORITHM", "USE"}}
	for i, k := range set.Keys {
		use := "verifies what it signed before"
		switch {
		case i == 0:
			use = "signs"
		case k.Latchkey == "next":
			use = "signs after the next step"
		}
		if p.json {
			if err := p.object(shownKey{k.Kid, k.Alg, use}); err != nil {
				return err
			}
		}
		rows = append(rows, []string{k.Kid, k.Alg, use})
	}
	if p.json {
		return nil
	}
	return (&table{p: p}).print(rows...)
}
