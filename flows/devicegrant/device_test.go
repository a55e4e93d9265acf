package devicegrant_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/latchkey-go/latchkey"
	"github.com/latchkey-go/latchkey/authtest"
	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/devicegrant"
	"github.com/latchkey-go/latchkey/flows/flowtest"
	"github.com/latchkey-go/latchkey/internal/factortest"
	"github.com/latchkey-go/latchkey/stores/memstore"
)

func TestDevice(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d, ada := a.device(), a.ada()
		if a := d.answer; len(d.code) != core.SecretLen || len(d.user) != 9 || d.user[4] != '-' || a["expires_in"] != 600.0 ||
			a["interval"] != 5.0 || a["verification_uri_complete"] != "https://app.example.org/device?user_code="+d.user {
			t.Errorf("the codes are %v", a)
		}
		d.waits()
		asks := ada.does("claim", strings.ToLower(strings.ReplaceAll(d.user, "-", "")), 200, "")
		if asks["user_code"] != d.user || asks["backend"] != "api" || asks["label"] != "acme-cli/1.2" ||
			asks["ip"] != "192.0.2.1" || asks["expires_in"] != 600.0 {
			t.Errorf("what asks is %v", asks)
		}
		d.waits()
		ada.does("approve", d.user, 204, "")
		ada.does("approve", d.user, 204, "") // a button pressed twice
		d.polls(200, `"token_type":"bearer"`)
		d.Me(200)
		d.isBad() // it was used

		ada.does("approve", d.user, 204, "")
		ada.does("deny", d.user, 400, core.CodeDeviceBadCode)
		ada.does("claim", d.user, 400, core.CodeDeviceBadCode)
		approved, in := a.heard.of(core.EventDeviceApproved), a.heard.of(core.EventLoggedIn)
		if len(approved) != 3 || approved[0].Backend != "api" || approved[0].Actor.UserID != a.Ada.ID {
			t.Errorf("the approvals are %+v", approved)
		}
		if last := in[len(in)-1]; last.Method != "device" || last.Session.Label != "acme-cli/1.2" || last.Backend != "api" {
			t.Errorf("the login is %+v", last)
		}
	})
}

func TestDenied(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		d, ada := a.device(), a.ada()
		ada.does("claim", d.user, 200, "")
		ada.does("deny", d.user, 204, "")
		d.isDenied()
		ada.does("approve", d.user, 400, core.CodeDeviceBadCode)
		ada.does("deny", d.user, 204, "")
		d.isDenied()
		if got := a.heard.of(core.EventDeviceDenied); len(got) != 2 || got[0].User.Base().ID != a.Ada.ID {
			t.Errorf("the refusals are %+v", got)
		}
	})
}

// What a device says of itself.
func TestLabel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		ada := a.ada()
		for body, want := range map[string]string{
			"label=acme-cli+on+Ada%27s+laptop":  "acme-cli on Ada's laptop",
			"label=+":                           "tv/1",
			"client_id=acme":                    "tv/1",
			"label=a%E2%80%AEb%0D%0Ac%1B%5B":    "abc[", // no direction, line or colour of its own
			"label=" + strings.Repeat("x", 200): strings.Repeat("x", 200),
		} {
			tv := a.Client("api")
			tv.Header.Set("User-Agent", "tv/1")
			got := ada.does("claim", tv.Ask("/device/authorize", body, 200, "")["user_code"].(string), 200, "")
			if got["label"] != want {
				t.Errorf("%s: %q, want %q", body, got["label"], want)
			}
		}
		tv := a.Client("api")
		tv.Ask("/device/authorize", "label="+strings.Repeat("x", 201), 422, "at most 200 bytes")
		tv.Ask("/device/authorize", `{"label": 1}`, 422, "string_type")
		tv.Ask("/device/token", `{"grant_type": "password"}`, 422, `"device_code"],"msg":"Field required"`)
		tv.Ask("/device/token", `{"device_code": "x", "grant_type": "password"}`, 422, "string_pattern_mismatch")
		ada.Ask("/device/claim", `{}`, 422, "missing")
		ada.Ask("/device/approve", `{"user_code": 1}`, 422, "string_type")
	})
}

func TestTypedCodes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		ada := a.ada()
		d := a.device()
		letters := strings.ReplaceAll(d.user, "-", "")
		for _, good := range []string{
			letters, strings.ToLower(d.user), " " + d.user[:4] + " " + d.user[5:] + "\t",
			strings.Join(strings.Split(letters, ""), "."),
			d.user[:4] + "–" + d.user[5:],
		} {
			ada.does("claim", good, 200, d.user)
		}
		for _, wrong := range []string{
			"", letters[:7], letters + "B", "0" + letters[1:], "Ｂ" + letters[1:], strings.Repeat("-", 100) + letters,
			letters[:7] + "A",
		} {
			ada.does("claim", wrong, 400, core.CodeDeviceBadCode)
			ada.does("approve", wrong, 400, core.CodeDeviceBadCode)
		}
	})
}

// A device logs in where browsers send no token by themselves. People decide at
// each backend.
func TestBackends(t *testing.T) {
	bubble(t, func(t *testing.T) {
		a := newApp(t, devicegrant.Flow{}, nil)
		a.Client("web").Ask("/device/authorize", `{}`, 404, "")
		a.Client("web").Ask("/device/token", `{}`, 404, "")
		d := a.device()
		a.person("api", factortest.Ada).lets(d)
		d.polls(200, "access_token")
		if names := routes(a.Device("web")); !slices.Equal(names, []string{"claim", "approve", "deny"}) {
			t.Errorf("the cookie's backend has %q", names)
		}
	})
}

func routes(g core.Group) (names []string) {
	for _, e := range g {
		names = append(names, e.Name[strings.LastIndexByte(e.Name, '.')+1:])
	}
	return names
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for part, f := range map[string]devicegrant.Flow{
		"Link must be":            {Link: "https://evil.example?c={token}"},
		"with one {token}":        {Link: "/device"},
		"query or fragment":       {Link: "/device/{token}"},
		"Lifetime is 59s":         {Lifetime: 59 * time.Second},
		"Lifetime is 1h0m1s":      {Lifetime: time.Hour + time.Second},
		"Interval is 1.5s":        {Interval: 1500 * time.Millisecond},
		"Interval is 1m1s":        {Interval: 61 * time.Second},
		"device: RequestLimit: a": {RequestLimit: core.Limit{Events: -1, Window: time.Hour}},
		"device: PollLimit: a":    {PollLimit: core.Limit{Events: 1}},
		"device: GuessLimit: a":   {GuessLimit: core.Limit{Window: time.Hour}},
	} {
		if err := setUp(t, f, nil); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%+v: %v, want %q", f, err, part)
		}
	}
	for part, lack := range map[string]func(*options){
		"needs Options.Tickets": func(o *options) { o.Tickets = nil },
		"needs Options.BaseURL": func(o *options) { o.BaseURL = "" },
	} {
		if err := setUp(t, devicegrant.Flow{}, lack); err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%v, want %q", err, part)
		}
	}
	good := devicegrant.Flow{Link: "/in#{token}", Lifetime: time.Hour, Interval: time.Second}
	if err := setUp(t, good, nil); err != nil {
		t.Error(err)
	}
}

func setUp(t *testing.T, f devicegrant.Flow, lack func(*options)) error {
	o := authtest.Options(t, options{Flows: []latchkey.Flow{f}})
	if lack != nil {
		lack(&o)
	}
	_, err := latchkey.New(memstore.NewUsers[factortest.Member](), o)
	return err
}

func TestConformance(t *testing.T) {
	t.Parallel()
	flowtest.Run(t, flowtest.Harness{
		Flow: func() core.Flow { return devicegrant.Flow{} }, Backend: "api",
		New: func(t *testing.T, f core.Flow) core.Group {
			return authtest.New(t, options{Flows: []latchkey.Flow{f}}).Flow(f.Name(), "api")
		},
		Use: func(value string) flowtest.Request {
			return flowtest.Request{Route: "POST /device/token", JSON: fmt.Sprintf(`{"device_code": %q}`, value)}
		},
		Grant: granted, Lifetime: 10 * time.Minute,
		Survives: []flowtest.Change{flowtest.Address}, // nothing is mailed
	})
}

// posted is the head of a request.
type posted struct{}

func (posted) Method() string { return http.MethodPost }
func (posted) Host() string   { return "app.example.org" }
func (posted) Lines(name string) []string {
	if name == "Content-Type" {
		return []string{"application/json"}
	}
	return nil
}

// granted returns the code of a device that a user has approved.
func granted(ctx context.Context, svc *core.Services, u core.AnyUser) (string, error) {
	routes, err := devicegrant.Flow{}.Routes(svc)
	if err != nil {
		return "", err
	}
	session := &core.Session{ID: "mine", UserID: u.Base().ID, Epoch: u.Base().TokenEpoch}
	ctx = core.WithCurrent(ctx, core.Current{User: u, Session: session})
	var codes struct {
		Device string `json:"device_code"`
		User   string `json:"user_code"`
	}
	for _, step := range []string{"/device/authorize", "/device/claim", "/device/approve"} {
		i := slices.IndexFunc(routes, func(r core.Route) bool { return r.Pattern == step })
		resp, err := routes[i].Handle(ctx, &core.Request{
			Head: posted{}, Remote: netip.MustParseAddr("192.0.2.1"), Body: strings.NewReader(typed(codes.User)),
		})
		if err != nil {
			return "", err
		}
		if codes.Device == "" {
			if err := json.Unmarshal(resp.Body, &codes); err != nil {
				return "", err
			}
		}
	}
	return codes.Device, nil
}
