package bunstore_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/stores/bunstore"
)

const killedFile = "LATCHKEY_TEST_KILLED_FILE"

// TestKilledProcess kills a process that registers users as fast as it can. Whoever was acknowledged is there, and the file is sound.
func TestKilledProcess(t *testing.T) {
	if path := os.Getenv(killedFile); path != "" {
		registerForever(t, path)
	}
	path := filepath.Join(t.TempDir(), "latchkey.db")
	victim := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKilledProcess$")
	victim.Env = append(os.Environ(), killedFile+"="+path)
	out, err := victim.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := victim.Start(); err != nil {
		t.Fatal(err)
	}
	var acknowledged []string
	for lines := bufio.NewScanner(out); len(acknowledged) < 50 && lines.Scan(); {
		acknowledged = append(acknowledged, lines.Text())
	}
	_ = victim.Process.Kill()
	_ = victim.Wait()

	db := openDSN(t, bunstore.SQLiteDSN(path))
	_, us := users[core.User](t, db, bunstore.Options{}) // migrates, as after any restart
	if len(acknowledged) != 50 {
		t.Fatalf("%d users were acknowledged, want 50", len(acknowledged))
	}
	for _, key := range acknowledged {
		if _, err := us.Find(t.Context(), core.ByEmail(key)); err != nil {
			t.Errorf("%s was acknowledged: %v", key, err)
		}
	}
	var sound string
	if err := db.NewRaw("PRAGMA integrity_check").Scan(t.Context(), &sound); err != nil || sound != "ok" {
		t.Errorf("the file: %s, %v", sound, err)
	}
}

func registerForever(t *testing.T, path string) {
	_, us := users[core.User](t, openDSN(t, bunstore.SQLiteDSN(path)), bunstore.Options{})
	for i := 0; ; i++ {
		key := fmt.Sprintf("user%d@example.org", i)
		if err := us.Create(t.Context(), &core.User{Email: strings.ToUpper(key), EmailKey: key}); err != nil {
			t.Fatal(err)
		}
		fmt.Println(key)
	}
}
