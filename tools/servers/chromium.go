package main

import "context"

// chromium gives a browser that runs without a screen.
func (m machine) chromium(ctx context.Context) (string, error) {
	return m.path(ctx, program{
		names:   []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"},
		pkg:     "chromium-headless-shell",
		archive: "usr/lib/chromium/chromium-headless-shell",
	})
}
