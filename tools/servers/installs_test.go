package main

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestInstallationsAreAnnouncedAndNeverSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var out strings.Builder
		i := &installs{out: &out, folder: "/the/cache"}
		defer i.beat(15 * time.Second)()
		said := func() string {
			synctest.Wait()
			i.mu.Lock()
			defer i.mu.Unlock()
			defer out.Reset()
			return out.String()
		}
		time.Sleep(time.Minute)
		if got := said(); got != "" {
			t.Errorf("without an installation it says %q", got)
		}
		first, second := i.begin("redis"), i.begin("npm")
		if got := said(); strings.Count(got, "/the/cache") != 1 || !strings.Contains(got, "installing redis\n") ||
			!strings.Contains(got, "installing npm\n") {
			t.Errorf("at the beginning it says %q", got)
		}
		time.Sleep(20 * time.Second)
		if got := said(); got != "servers: still installing npm, redis\n" {
			t.Errorf("meanwhile it says %q", got)
		}
		second()
		if got := said(); got != "servers: npm took 20s\n" {
			t.Errorf("then it says %q", got)
		}
		time.Sleep(20 * time.Second)
		if got := said(); got != "servers: still installing redis\n" {
			t.Errorf("later it says %q", got)
		}
		first()
	})
}
