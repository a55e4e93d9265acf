package main

import "context"

// chromium returns a browser that runs without a screen.
func (m machine) chromium(ctx context.Context) (string, error) {
	return m.path(ctx, pkg{"chromium-headless-shell", []program{{
		names: []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"},
		file:  "usr/lib/chromium/chromium-headless-shell",
	}}})
}
