package main

import (
	"encoding/xml"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// distribution returns a machine that has nothing but a distribution, whose
// packages have what a script makes in the folder $3.
func distribution(t *testing.T, script string) machine {
	t.Helper()
	bin := t.TempDir()
	for name, script := range map[string]string{
		"dpkg-deb": script,
		"apt-get": `echo apt-get >>"$0.runs"
for option; do case $option in Dir::Cache::archives=*) archives=${option#*=};; install) touch "$archives"/this.deb;; esac; done`,
	} {
		if err := os.WriteFile(filepath.Join(bin, name), []byte("#!/bin/sh\nset -e\n"+script), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+":/usr/bin:/bin")
	m, err := newMachine(t.Context(), t.TempDir(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var told = pkg{"told", []program{
	{names: []string{"latchkey-told", "latchkey-said"}, file: "usr/lib/*/told", arguments: `--base="$root"/usr`},
	{names: []string{"latchkey-toldctl"}, file: "usr/bin/toldctl"},
}}

const toldPackage = `
mkdir -p "$3"/usr/bin "$3"/usr/lib/9
ln -s /bin/echo "$3"/usr/lib/9/told
echo 'echo $LD_LIBRARY_PATH' >"$3"/usr/bin/toldctl
chmod +x "$3"/usr/bin/toldctl
touch "$3"/usr/lib/9/libtold.so.1`

func TestMissingProgramsAreUnpacked(t *testing.T) {
	m := distribution(t, toldPackage)
	for range 2 {
		path, err := m.path(t.Context(), told)
		if err != nil {
			t.Fatal(err)
		}
		base := filepath.Join(m.cache, "told", "usr")
		for command, want := range map[string]string{path: "a b --base=" + base,
			"latchkey-toldctl": filepath.Join(base, "lib", "9")} {
			if said, err := exec.Command(command, "a b").CombinedOutput(); strings.TrimSpace(string(said)) != want ||
				err != nil {
				t.Errorf("%s says %q (%v), want %q", command, said, err, want)
			}
		}
	}
	if err := os.RemoveAll(m.bin()); err != nil {
		t.Fatal(err)
	}
	if _, err := m.path(t.Context(), told); err != nil {
		t.Errorf("without its scripts it is not found: %v", err)
	}
	apt, err := exec.LookPath("apt-get")
	if err != nil {
		t.Fatal(err)
	}
	if runs, err := os.ReadFile(apt + ".runs"); strings.Count(string(runs), "\n") != 2 {
		t.Errorf("apt-get ran:\n%s(%v), want update and install, once", runs, err)
	}
}

// A browser without a font shows text without size.
func TestUnpackedFontsAreFound(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"unpacked":       {toldPackage + "\nmkdir -p \"$3\"/usr/share/fonts \"$3\"/etc/fonts", "fonts.conf"},
		"of the machine": {toldPackage, "the machine's"},
	} {
		t.Run(name, func(t *testing.T) {
			m := distribution(t, c.script+"\necho 'echo $FONTCONFIG_FILE$FONTCONFIG_SYSROOT' >\"$3\"/usr/bin/toldctl")
			t.Setenv("FONTCONFIG_FILE", "the machine's")
			if _, err := m.path(t.Context(), told); err != nil {
				t.Fatal(err)
			}
			said, err := exec.Command("latchkey-toldctl").Output()
			settings := strings.TrimSpace(string(said))
			if err != nil || filepath.Base(settings) != c.want {
				t.Fatalf("the settings are %q (%v), want %s", settings, err, c.want)
			}
			if c.want != "fonts.conf" {
				return
			}
			text, err := os.ReadFile(settings)
			var conf struct {
				Dir   []string `xml:"dir"`
				Cache []string `xml:"cachedir"`
			}
			if err := errors.Join(err, xml.Unmarshal(text, &conf)); err != nil {
				t.Fatal(err)
			}
			if fonts := []string{filepath.Join(m.cache, "told", "usr/share/fonts")}; !slices.Equal(conf.Dir, fonts) {
				t.Errorf("fonts are looked for in %q, want %q", conf.Dir, fonts)
			}
			if len(conf.Cache) != 1 || !strings.HasPrefix(conf.Cache[0], m.cache) {
				t.Errorf("they are cached in %q, want a folder below %s", conf.Cache, m.cache)
			}
		})
	}
}

func TestProgramsThatAreThereAreTaken(t *testing.T) {
	m := distribution(t, "exit 1")
	for _, name := range []string{"latchkey-said", "latchkey-toldctl"} {
		if err := os.MkdirAll(m.bin(), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(m.bin(), name), nil, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	if path, err := m.path(t.Context(), told); path != filepath.Join(m.bin(), "latchkey-said") || err != nil {
		t.Errorf("it is at %q (%v)", path, err)
	}
}

func TestFailedInstallation(t *testing.T) {
	for name, script := range map[string]string{"stops": toldPackage + "\necho broken; exit 1",
		"lacks a program": toldPackage + `; rm "$3"/usr/bin/toldctl`} {
		t.Run(name, func(t *testing.T) {
			m := distribution(t, script)
			_, err := m.path(t.Context(), told)
			if err == nil || !strings.Contains(err.Error(), "told") {
				t.Fatalf("got %v", err)
			}
			if _, err := m.path(t.Context(), told); err == nil {
				t.Error("the second time it is no failure")
			}
		})
	}
}
