package viewer

import (
	"bytes"
	"compress/gzip"
	_ "embed" // for the files
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// version is that of Swagger UI. It is part of the files' URLs, so that
// browsers may keep them.
const version = "5.35.0"

var (
	//go:embed dist/swagger-ui-bundle.js.gz
	bundle []byte
	//go:embed dist/swagger-ui.css.gz
	style []byte
	//go:embed boot.js
	boot []byte
	//go:embed page.html
	pageHTML string
)

// file is one of the page's files.
type file struct {
	name, mediaType string
	data            []byte
	compressed      bool
}

func files() []file {
	return []file{
		{"swagger-ui.css", "text/css; charset=utf-8", style, true},
		{"swagger-ui-bundle.js", "text/javascript; charset=utf-8", bundle, true},
		{"boot.js", "text/javascript; charset=utf-8", boot, false},
	}
}

// serve answers with the file, as it is embedded where the client accepts gzip.
func (f file) serve(r *core.Request) *core.Response {
	resp := core.Bytes(http.StatusOK, f.mediaType, f.data)
	resp.Header.Set("X-Content-Type-Options", "nosniff")
	resp.Header.Set("Cache-Control", "public, max-age=31536000, immutable")
	if !f.compressed {
		return resp
	}
	resp.Header.Set("Vary", "Accept-Encoding")
	if acceptsGzip(r) {
		resp.Header.Set("Content-Encoding", "gzip")
		return resp
	}
	unpacked, err := unpack(f.data)
	if err != nil { // what is embedded can be unpacked
		return core.Empty(http.StatusInternalServerError)
	}
	resp.Body = unpacked
	return resp
}

func unpack(data []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

// acceptsGzip reads Accept-Encoding (RFC 9110, section 12.5.3).
func acceptsGzip(h core.Head) bool {
	for one := range strings.SplitSeq(strings.Join(h.Lines("Accept-Encoding"), ","), ",") {
		coding, weight, weighted := strings.Cut(strings.ReplaceAll(one, " ", ""), ";q=")
		if coding = strings.ToLower(coding); coding != "gzip" && coding != "*" {
			continue
		}
		q, err := strconv.ParseFloat(weight, 64)
		return !weighted || err == nil && q > 0
	}
	return false
}
