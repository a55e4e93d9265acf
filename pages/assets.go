package pages

import (
	"context"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"io/fs"
	"net/http"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

//go:embed assets
var builtInAssets embed.FS

// assets are the files that pages load, by their names.
type assets map[string]asset

type asset struct {
	body    []byte
	media   string
	version string // of the content
}

// readAssets reads the built-in files and the providers' marks.
func readAssets(marks fs.FS) (assets, error) {
	builtIn, err := fs.Sub(builtInAssets, "assets")
	if err != nil {
		return nil, err
	}
	a := assets{}
	if err := a.read(builtIn, "*", ""); err != nil {
		return nil, err
	}
	if marks == nil {
		return a, nil
	}
	return a, a.read(marks, "*.svg", "mark-")
}

var mediaTypes = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func (a assets) read(files fs.FS, pattern, prefix string) error {
	names, err := fs.Glob(files, pattern)
	if err != nil {
		return fmt.Errorf("pages: Options.Marks: %w", err)
	}
	for _, name := range names {
		body, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("pages: Options.Marks: %w", err)
		}
		digest := sha256.Sum256(body)
		a[prefix+name] = asset{
			body: body, media: mediaTypes[name[strings.LastIndexByte(name, '.'):]],
			version: base64.RawURLEncoding.EncodeToString(digest[:9]),
		}
	}
	return nil
}

// url is where a file is, below the pages' base. Another content has another
// URL, so that browsers may keep it for ever.
func (a assets) url(name string) string { return "/latchkey/" + name + "?v=" + a[name].version }

// asset answers GET /latchkey/{file}.
func (s *site) asset(_ context.Context, v *visit) (*core.Response, error) {
	file, ok := s.assets[v.r.Param("file")]
	if !ok {
		return nil, core.NotFound()
	}
	resp := core.Bytes(http.StatusOK, file.media, file.body)
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	// Opened by itself, a mark is a document, which must not run scripts.
	resp.Header.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
	resp.Header.Set("Cache-Control", "no-cache")
	if v.r.Query.Get("v") == file.version {
		resp.Header.Set("Cache-Control", "public, max-age=31536000, immutable")
	}
	return resp, nil
}
