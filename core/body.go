package core

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"
)

// MaxBody is how many bytes of a body the decoders read: 64 KiB. A longer one
// is 413 BODY_TOO_LARGE.
const MaxBody = 64 << 10

// mediaType returns the request's media type, in lower case, and its
// parameters. No content coding is undone, so that nobody between client and
// server reads another body than the route. There must be exactly one
// Content-Type line: an HTML form can send other types than its own only by
// JavaScript, which asks the server first (CORS). Some proxies write it twice
// into the line. The bytes are UTF-8 under the name of any charset that
// contains ASCII, which is what clients send that name another one.
func mediaType(h Head) (media string, params map[string]string, err error) {
	line := Line(h, "Content-Type")
	if half := len(line) / 2; len(line)%2 == 0 && half > 1 && line == line[:half-1]+", "+line[:half-1] {
		line = line[:half-1]
	}
	media, params, err = mime.ParseMediaType(line)
	charset, given := params["charset"]
	if err != nil || given && !containsASCII(strings.ToLower(charset)) || isCoded(h) {
		return "", nil, unsupportedMediaType()
	}
	return media, params, nil
}

// isCoded reports whether the body has a content coding but identity (RFC 9110,
// section 8.4), which clients name where there is none.
func isCoded(h Head) bool {
	for coding := range strings.SplitSeq(strings.Join(h.Lines("Content-Encoding"), ","), ",") {
		if coding = strings.Trim(coding, " \t"); coding != "" && !strings.EqualFold(coding, "identity") {
			return true
		}
	}
	return false
}

// containsASCII reports whether the bytes of a charset's ASCII letters are
// those of ASCII. It is false for the names of charsets that are not common.
func containsASCII(charset string) bool {
	switch charset {
	case "utf-8", "utf8", "us-ascii", "ascii", "latin1", "latin-1":
		return true
	}
	for _, family := range []string{"iso-8859-", "iso8859-", "windows-125", "cp125"} {
		if number, ok := strings.CutPrefix(charset, family); ok {
			return number != "" && strings.Trim(number, "0123456789") == ""
		}
	}
	return false
}

// readBody reads the whole body, and one byte more than is allowed at the most.
// The bytes are the caller's own.
func readBody(r *Request) ([]byte, error) {
	if r.Body == nil {
		return nil, nil
	}
	b, err := io.ReadAll(io.LimitReader(r.Body, MaxBody+1))
	if _, limited := errors.AsType[*http.MaxBytesError](err); limited || len(b) > MaxBody {
		return nil, bodyTooLarge()
	}
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Cause: err}
	}
	return b, nil
}

func unsupportedMediaType() *Error {
	return &Error{Code: CodeUnsupportedMediaType, Status: http.StatusUnsupportedMediaType}
}

// bodyTooLarge also ends the connection: its client may never stop sending.
func bodyTooLarge() *Error {
	return &Error{
		Code: CodeBodyTooLarge, Status: http.StatusRequestEntityTooLarge,
		Header: http.Header{"Connection": {"close"}},
	}
}
