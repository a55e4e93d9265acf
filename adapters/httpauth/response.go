package httpauth

import (
	"cmp"
	"net/http"
	"strconv"

	"github.com/latchkey-go/latchkey/core"
)

// AddHeader sets the header lines of a response. They replace those set by
// middleware, except for Set-Cookie and Vary lines, which are added.
func AddHeader(w http.ResponseWriter, resp *core.Response) {
	header := w.Header()
	for name, lines := range resp.Header {
		if name == "Set-Cookie" || name == "Vary" {
			lines = append(header[name], lines...)
		}
		header[name] = lines
	}
	if resp.Body != nil && resp.Header["Content-Type"] == nil {
		header.Set("Content-Type", cmp.Or(resp.Type, "application/json"))
	}
}

// Write sends a response, such as that of Manager.Login or one made by
// core.HTML. Content-Length is always set if the status allows a
// body, so that HEAD has the header of GET.
func Write(w http.ResponseWriter, r *http.Request, resp *core.Response) {
	AddHeader(w, resp)
	header := w.Header()
	if resp.Status == http.StatusRequestEntityTooLarge && r.ProtoMajor == 1 {
		header.Set("Connection", "close") // the rest of the body is not worth reading
	}
	if resp.Status == http.StatusNoContent || resp.Status == http.StatusNotModified {
		w.WriteHeader(resp.Status)
		return
	}
	header.Set("Content-Length", strconv.Itoa(len(resp.Body)))
	w.WriteHeader(resp.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(resp.Body) // a client that has gone is not our error
	}
}
