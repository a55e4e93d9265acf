package devicegrant

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/internal/useragent"
)

// deviceCodes is the answer to a device that begins (RFC 8628, section 3.2).
// Its name is that of the schema in the API document.
type deviceCodes struct {
	DeviceCode string `json:"device_code" openapi:"description=For the device alone."`
	UserCode   string `json:"user_code" openapi:"example=WDJB-MJHT,description=For the person to enter."`

	VerificationURI string `json:"verification_uri" openapi:"example=https://app.example.org/device,description=Where they enter it."`

	VerificationURIComplete string `json:"verification_uri_complete" openapi:"example=https://app.example.org/device?user_code=WDJB-MJHT,description=For a QR code: the code is filled in there."`

	ExpiresIn int `json:"expires_in" openapi:"example=600,description=Seconds until the codes expire."`
	Interval  int `json:"interval" openapi:"example=5,description=Seconds to wait between two polls."`
}

// authorize answers POST /device/authorize.
func (f Flow) authorize(ctx context.Context, svc *core.Services, r *core.Request) (*core.Response, error) {
	label, err := labelOf(r)
	if err != nil {
		return nil, err
	}
	if err := core.CheckNetworkLimit(ctx, svc.Limiter, name, r.Remote, f.RequestLimit); err != nil {
		return nil, err
	}
	secret, digest, err := core.NewSecret(svc.Env.Random)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	now := svc.Env.Now().UTC()
	a := asking{
		Backend: svc.Backend.Name, Device: digest[:], Label: label, IP: r.Remote, At: now, Expires: now.Add(f.Lifetime),
	}
	code, err := keep(ctx, svc, a)
	if err != nil {
		return nil, core.Unavailable(err)
	}
	t := core.Ticket{Digest: digest, Purpose: devicePurpose, Expires: a.Expires.Add(f.Lifetime)}
	if err := put(ctx, svc, t, a); err != nil {
		return nil, core.Unavailable(err)
	}
	page, rest := f.page()
	page = strings.TrimSuffix(svc.Env.BaseURL.String(), "/") + page
	return core.JSON(http.StatusOK, deviceCodes{
		DeviceCode: secret, UserCode: shown(code),
		VerificationURI: page, VerificationURIComplete: page + strings.Replace(rest, token, shown(code), 1),
		ExpiresIn: int(f.Lifetime / time.Second), Interval: int(f.Interval / time.Second),
	})
}

// rounds are enough to find a code that nobody has.
const rounds = 5

// keep stores what asks under a new user code.
func keep(ctx context.Context, svc *core.Services, a asking) (code string, err error) {
	for range rounds {
		if code, err = newUserCode(svc.Env.Random); err != nil {
			return "", err
		}
		err = put(ctx, svc, core.Ticket{Digest: core.Digest(code), Purpose: userPurpose, Expires: a.Expires}, a)
		if !errors.Is(err, core.ErrTaken) {
			break
		}
	}
	return code, err
}

// maxLabel is the length of a label, in bytes.
const maxLabel = 200

// labelOf returns what a device calls itself, by default its User-Agent. It has
// no characters that change how others are shown.
func labelOf(r *core.Request) (string, error) {
	in, err := core.ReadForm(r, "label")
	if in == nil {
		return "", err
	}
	label, _, problem := in.String("label")
	if problem == nil && len(label) > maxLabel {
		long := core.BadValue("label", "String should have at most 200 bytes")
		problem = &long
	}
	if err := core.AddProblems(err, problem); err != nil {
		return "", err
	}
	if label = plain(label); label == "" {
		label = plain(core.Line(r, "User-Agent"))
	}
	return label, nil
}

func plain(label string) string {
	return strings.TrimSpace(useragent.Label(strings.Map(func(c rune) rune {
		if unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) {
			return -1
		}
		return c
	}, label)))
}
