package core_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey/core"
)

func TestCredentialCheck(t *testing.T) {
	valid := func() *core.Credential {
		return &core.Credential{Owner: "ann", Kind: strings.Repeat("~", 64), Key: strings.Repeat(" ", 255),
			Label: strings.Repeat("é", 100), Data: make([]byte, 8<<10),
			Expires: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)}
	}
	if err := valid().Check(); err != nil {
		t.Error("what is within all limits:", err)
	}
	long := strings.Repeat("k", 256)
	for field, edits := range map[string][]func(c *core.Credential){
		"Owner": {func(c *core.Credential) { c.Owner = "" }},
		"Kind": {
			func(c *core.Credential) { c.Kind = "" }, func(c *core.Credential) { c.Kind = long[:65] },
			func(c *core.Credential) { c.Kind = "é" }, func(c *core.Credential) { c.Kind = "\x7f" },
		},
		"Key": {
			func(c *core.Credential) { c.Key = "" }, func(c *core.Credential) { c.Key = long },
			func(c *core.Credential) { c.Key = "\x1f" }, func(c *core.Credential) { c.Key = "\x00" },
		},
		"Label": {
			func(c *core.Credential) { c.Label = long[:201] }, func(c *core.Credential) { c.Label = "\xff" },
			func(c *core.Credential) { c.Label = "\x00" },
		},
		"Data": {func(c *core.Credential) { c.Data = make([]byte, 8<<10+1) }},
		"times": {
			func(c *core.Credential) { c.Created = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(c *core.Credential) { c.Used = time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC) },
			func(c *core.Credential) { c.Expires = c.Expires.Add(time.Hour) },
		},
	} {
		for i, edit := range edits {
			c := valid()
			edit(c)
			err := c.Check()
			if err == nil || !strings.Contains(err.Error(), field) || strings.Count(err.Error(), "\n") > 0 {
				t.Errorf("%s, edit %d: %v", field, i, err)
			}
		}
	}
	all := core.Credential{Kind: long, Key: "", Label: "\xff"}
	if err := all.Check(); err == nil || strings.Count(err.Error(), "\n") != 3 || strings.Contains(err.Error(), "kk") {
		t.Errorf("of several: %v", err)
	}
}

func TestCredentialPrintsNeitherKeyNorData(t *testing.T) {
	c := core.Credential{ID: "1", Owner: "ann", Kind: "totp", Key: "canary", Label: "l", Data: []byte("canary")}
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("found", "credential", c, "pointer", &c)
	encoded, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{fmt.Sprintf("%v %+v %#v %s", c, &c, c, &c), logged.String(), string(encoded)} {
		if strings.Contains(text, "canary") || strings.Contains(text, "Y2FuYXJ5") || !strings.Contains(text, "ann") {
			t.Error(text)
		}
	}
}
