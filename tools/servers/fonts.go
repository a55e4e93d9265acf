package main

import (
	"fmt"
	"html"
	"os"
	"path/filepath"
)

// unpackedFonts is where packages have their fonts.
const unpackedFonts = "usr/share/fonts"

// fonts writes the settings by which fontconfig finds the fonts that were
// unpacked with a program, and returns their path. Where the system has
// fonts, none is unpacked, and the launcher leaves the system's settings.
// FONTCONFIG_SYSROOT is no substitute: most links in the unpacked etc/fonts
// are absolute and lead out of it, and the browser finds no font at all.
func (m machine) fonts(root string) (string, error) {
	path := filepath.Join(root, "fonts.conf")
	text := fmt.Sprintf(`<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>%s</dir><cachedir>%s</cachedir></fontconfig>
`, html.EscapeString(filepath.Join(root, unpackedFonts)), html.EscapeString(filepath.Join(m.cache, "fontconfig")))
	return path, os.WriteFile(path, []byte(text), 0o600)
}
