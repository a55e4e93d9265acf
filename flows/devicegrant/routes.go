package devicegrant

import (
	"context"
	"net/http"
	"slices"

	"github.com/latchkey-go/latchkey/core"
)

// Routes are those of the person who decides, and at a backend whose token
// browsers do not send by themselves those of the device too.
func (f Flow) Routes(svc *core.Services) ([]core.Route, error) {
	f = f.filled()
	if err := f.check(svc); err != nil {
		return nil, err
	}
	routes := f.decisions(svc)
	if !svc.Backend.BrowserSent {
		routes = append(f.devices(svc), routes...)
	}
	return routes, nil
}

// Names of schemas in the API document.
type (
	deviceLabel struct {
		Label string `json:"label,omitempty" openapi:"example=acme-cli on ada's laptop,description=What the device calls itself; by default its User-Agent."`
	}
	devicePoll struct {
		DeviceCode string `json:"device_code"`
		GrantType  string `json:"grant_type,omitempty" openapi:"example=urn:ietf:params:oauth:grant-type:device_code,description=It is this, if it is sent."`
	}
	typedCode struct {
		UserCode string `json:"user_code" openapi:"example=WDJB-MJHT,description=Letter case and separators do not matter."`
	}
)

// devices are the routes of a device.
func (f Flow) devices(svc *core.Services) []core.Route {
	return []core.Route{
		{
			Name: named(svc, "authorize"), Method: http.MethodPost, Pattern: "/device/authorize", Public: true,
			Doc: core.Doc{
				Summary: "Begin the login of a device without a browser (RFC 8628)", Body: deviceLabel{}, Form: true,
				Status: http.StatusOK, Answer: deviceCodes{}, Codes: []string{core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.authorize(ctx, svc, r) },
		},
		{
			Name: named(svc, "token"), Method: http.MethodPost, Pattern: "/device/token", Public: true,
			Doc: core.Doc{
				Summary: "Log the device in, once its person has approved it", Body: devicePoll{}, Form: true,
				Codes: []string{
					core.CodeDevicePending, core.CodeDeviceSlowDown, core.CodeDeviceExpired, core.CodeDeviceDenied,
					core.CodeDeviceBadCode, "429 " + core.CodeDeviceSlowDown,
				},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.poll(ctx, svc, r) },
		},
	}
}

// decisions are the routes of the person, in a login of the backend. A claim
// needs a recent proof. What is decided needs none beside it: the login that
// claimed is the one that decides, and a step-up would be another one.
func (f Flow) decisions(svc *core.Services) []core.Route {
	guards := append(slices.Clone(svc.Env.AccountGuards), core.Via(svc.Backend.Name), core.InPerson)
	decide := func(what, summary string, approved bool) core.Route {
		return core.Route{
			Name: named(svc, what), Method: http.MethodPost, Pattern: "/device/" + what, Guards: guards,
			Doc: core.Doc{
				Summary: summary, Body: typedCode{}, Status: http.StatusNoContent, Codes: []string{core.CodeDeviceBadCode},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) {
				return f.decide(ctx, svc, r, approved)
			},
		}
	}
	return []core.Route{
		{
			Name: named(svc, "claim"), Method: http.MethodPost, Pattern: "/device/claim",
			Guards: append(slices.Clone(guards), svc.Security.Secure()),
			Doc: core.Doc{
				Summary: "Which device asks under a code; only this login can approve it from now on", Body: typedCode{},
				Status: http.StatusOK, Answer: askingDevice{},
				Codes: []string{core.CodeDeviceBadCode, core.CodeProofRequired, core.CodeRateLimited},
			},
			Handle: func(ctx context.Context, r *core.Request) (*core.Response, error) { return f.claim(ctx, svc, r) },
		},
		decide("approve", "Let a device log in as oneself", true),
		decide("deny", "Refuse a device", false),
	}
}

// named is the name of a route.
func named(svc *core.Services, route string) string {
	return name + ":" + svc.Backend.Name + "." + route
}
