package harness

import "testing"

// Device is a device that has begun to log in.
type Device struct {
	// Code is the device's own, User the one that its person enters.
	Code, User string
}

// NewDevice begins a login at a backend.
func (a *App) NewDevice(t *testing.T, backend string) Device {
	t.Helper()
	got := a.Want(t, "POST /auth/"+backend+"/device/authorize 200", Form("client_id", "acme-cli", "label", "acme-cli"))
	code, _ := got.Member(t, "device_code").(string)
	user, _ := got.Member(t, "user_code").(string)
	return Device{Code: code, User: user}
}

// Polls is the body of a poll.
func (d Device) Polls() Option {
	return Form("grant_type", "urn:ietf:params:oauth:grant-type:device_code", "device_code", d.Code)
}

// Typed is the body of a person who has entered the code.
func (d Device) Typed() Option { return JSONObject(Object{"user_code": d.User}) }

// Let has the login of a credential at a backend let a device log in.
func (a *App) Let(t *testing.T, backend string, mine Option, d Device) {
	t.Helper()
	a.Want(t, "POST /auth/"+backend+"/device/claim 200", mine, d.Typed())
	a.Want(t, "POST /auth/"+backend+"/device/approve 204", mine, d.Typed())
}
