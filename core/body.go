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
// parameters. There must be exactly one Content-Type line, and UTF-8 is the
// only charset: an HTML form can send other types than its own only by
// JavaScript, which asks the server first (CORS).
func mediaType(h Head) (media string, params map[string]string, err error) {
	media, params, err = mime.ParseMediaType(Line(h, "Content-Type"))
	charset, given := params["charset"]
	if err != nil || given && !strings.EqualFold(charset, "utf-8") {
		return "", nil, unsupportedMediaType()
	}
	return media, params, nil
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
