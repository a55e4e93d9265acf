package pages_test

import (
	"fmt"
	"image"
	"image/color"
	"regexp"
	"strconv"
	"strings"
	"testing"

	qr "github.com/piglig/go-qr"

	"github.com/latchkey-go/latchkey/internal/pagewalk"
)

var (
	drawn = regexp.MustCompile(`viewBox="0 0 (\d+) \d+".*lk-qr-dark" d="([^"]+)"`)
	hides = regexp.MustCompile(`name="uri" value="([^"]+)"`)
)

// A scanner reads the otpauth URI from the picture, whose secret is the one to
// type.
func TestThePictureOfAnApp(t *testing.T) {
	t.Parallel()
	a := pagewalk.New(t, "", nil)
	a.Add(t, "ada@example.org", nil)
	b := pagewalk.NewBrowser(t, served(a), "")
	b.Get("/login").Submit("login", "username", "ada@example.org", "password", pagewalk.Password).WantRedirect("/account")
	page := b.Get("/account").Submit("add-totp").Want(200)
	found := drawn.FindStringSubmatch(page.Body)
	if found == nil {
		t.Fatalf("there is no picture\n%s", page.Body)
	}
	read, err := qr.Decode(raster(t, found[1], found[2]))
	uri := strings.ReplaceAll(hides.FindStringSubmatch(page.Body)[1], "&amp;", "&")
	if err != nil || read != uri || !strings.HasPrefix(uri, "otpauth://totp/app.example.org:ada@example.org?") ||
		!strings.Contains(uri, "secret="+page.Secret()) {
		t.Errorf("the picture is %q, %v; the form has %q", read, err, uri)
	}

	// What is no form of this page is no picture of it either.
	for _, uri := range []string{"", "https://evil.example/", "otpauth://totp/" + strings.Repeat("a", 1000)} {
		page.Submit("totp", "uri", uri, "code", "1").Want(400, "That code is not right", "!lk-qr")
	}
}

// raster draws the squares of a path, each of them of 4 × 4 dots.
func raster(t *testing.T, size, path string) image.Image {
	t.Helper()
	const dot = 4
	n, err := strconv.Atoi(size)
	if err != nil {
		t.Fatal(err)
	}
	picture := image.NewGray(image.Rect(0, 0, n*dot, n*dot))
	for i := range picture.Pix {
		picture.Pix[i] = 255
	}
	for run := range strings.SplitAfterSeq(path, "z") {
		var x, y, width, back int
		if run == "" {
			continue
		}
		if _, err := fmt.Sscanf(run, "M%d %dh%dv1h-%dz", &x, &y, &width, &back); err != nil || width != back {
			t.Fatalf("a run is %q: %v", run, err)
		}
		for dx := range width * dot {
			for dy := range dot {
				picture.SetGray(x*dot+dx, y*dot+dy, color.Gray{})
			}
		}
	}
	return picture
}
