package pages_test

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/latchkey-go/latchkey/core"
	"github.com/latchkey-go/latchkey/flows/oauth"
	"github.com/latchkey-go/latchkey/internal/pagewalk"
	"github.com/latchkey-go/latchkey/pages"
)

// The pictures of docs/pages are made by
//
//	go test ./pages -run Pictures -pictures ../../docs/pages
//
// in the folder integration, by tools/servers. The font is what the machine has
// for system-ui. With -every there are all pages in all looks, to be looked at,
// with -language in another one.
var (
	pictures = flag.String("pictures", "", "the folder to make the pictures in")
	every    = flag.Bool("every", false, "make a picture of every page in every look")
	language = flag.String("language", "en", "the Accept-Language of the pictures")
)

// look is how a picture is taken: the window, and the pixels for each of its
// own.
type look struct {
	width, height int64
	scale         float64
	scheme        string
}

var looks = map[string]look{
	"phone-light": {390, 780, 2, "light"},
	"phone-dark":  {390, 780, 2, "dark"},
	"desk-light":  {1280, 800, 1, "light"},
	"desk-dark":   {1280, 800, 1, "dark"},
}

// shown are the pictures of the guide, in the order of the stops.
var shown = map[string][]string{
	"login":           {"desk-light", "desk-dark", "phone-light"},
	"login-wrong":     {"phone-dark"},
	"register":        {"phone-light"},
	"factor":          {"phone-dark"},
	"passkey":         {"phone-light"},
	"prove":           {"phone-dark"},
	"begin":           {"phone-light"},
	"logout":          {"phone-dark"},
	"forgot":          {"phone-light"},
	"reset":           {"phone-dark"},
	"verify":          {"phone-light"},
	"account":         {"desk-light", "desk-dark", "phone-light", "phone-dark"},
	"account-factors": {"desk-light"},
	"leave":           {"phone-light"},
	"device-asks":     {"phone-dark"},
	"admin-users":     {"desk-light", "phone-dark"},
	"admin-filters":   {"desk-dark", "phone-light"},
	"admin-audit":     {"desk-light"},
	"admin-user":      {"desk-dark", "phone-light"},
	"admin-delete":    {"phone-light"},
	"error-404":       {"phone-dark"},
}

// The guide shows a picture of every page, and they stay small.
func TestPictures(t *testing.T) {
	t.Parallel()
	if *pictures != "" {
		takePictures(t, *pictures)
	}
	guide, err := os.ReadFile(filepath.Join("..", "..", "docs", "guides", "pages.md"))
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(filepath.Join("..", "..", "docs", "pages", "*.png"))
	if err != nil {
		t.Fatal(err)
	}
	var have, want []string
	total := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		total += len(text)
		have = append(have, filepath.Base(file))
		if !bytes.Contains(guide, []byte("(../pages/"+filepath.Base(file)+")")) {
			t.Errorf("the guide does not show %s", filepath.Base(file))
		}
	}
	for name, in := range shown {
		for _, l := range in {
			want = append(want, name+"-"+l+".png")
		}
	}
	slices.Sort(want)
	if !slices.Equal(have, want) {
		t.Errorf("docs/pages has %q, want %q", have, want)
	}
	if total > 1_500_000 {
		t.Errorf("the pictures have %d bytes", total)
	}
}

func takePictures(t *testing.T, folder string) {
	t.Helper()
	a := newApp(t, frameworks[1].root, "", func(o *pagewalk.Options) {
		o.Providers = []oauth.Provider{
			{Provider: called{o.Providers[0].Provider, core.Brand{Title: "GitHub", Color: "#24292f"}}},
			{Provider: called{pagewalk.Acme{}, core.Brand{Title: "Google", Color: "#1a73e8"}}},
		}
		for _, name := range []string{"age", "nick", "tags", "born"} {
			o.Pages.Fields[name] = pages.Field{Hidden: true}
		}
	})
	g := newGallery(t, a, setting{1280, 800, false, true})
	g.member.at("/account").follows("Connect")
	for _, p := range []*person{g.guest, g.member, g.admin} {
		p.prefers(*language)
	}
	g.member.saysWho(ada)
	for _, s := range stops() {
		in := shown[s.name]
		if *every {
			in = slices.Sorted(maps.Keys(looks))
		}
		if len(in) == 0 {
			continue
		}
		p := s.shows(g)
		for _, name := range in {
			picture := p.picture(looks[name])
			if err := os.WriteFile(filepath.Join(folder, s.name+"-"+name+".png"), picture, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

// called is a provider with another brand.
type called struct {
	core.Provider
	brand core.Brand
}

func (c called) Brand() core.Brand { return c.brand }
func (c called) Unwrap() any       { return c.Provider }

// picture is one of the page that somebody is at. At a desk it has all of the
// page, on a phone what the window shows.
func (p *person) picture(l look) []byte {
	p.t.Helper()
	var shot []byte
	p.in(l.scheme)
	p.do(emulation.SetDeviceMetricsOverride(l.width, l.height, l.scale, l.scale > 1),
		emulation.SetScrollbarsHidden(true),
		chromedp.Evaluate(`document.activeElement?.blur(); scrollTo(0, 0)`, nil),
		chromedp.ActionFunc(func(ctx context.Context) error {
			_, _, _, _, _, all, err := page.GetLayoutMetrics().Do(ctx)
			if err != nil {
				return err
			}
			take := page.CaptureScreenshot().WithCaptureBeyondViewport(true)
			clip := &page.Viewport{Width: float64(l.width), Height: float64(l.height), Scale: 1}
			if l.scale == 1 || *every {
				clip.Height = all.Height
			}
			shot, err = take.WithClip(clip).Do(ctx)
			return err
		}))
	return small(p.t, shot)
}

// small is a picture in the 256 colors that it has most of. A page has few
// others: steps between a letter and what is behind it.
func small(t *testing.T, raw []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	box := full.Bounds()
	count := map[color.RGBA]int{}
	at := func(x, y int) color.RGBA { return color.RGBAModel.Convert(full.At(x, y)).(color.RGBA) }
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			count[at(x, y)]++
		}
	}
	colors := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], cmp.Compare(fmt.Sprint(a), fmt.Sprint(b)))
	})
	var palette color.Palette
	for _, c := range colors[:min(len(colors), 256)] {
		palette = append(palette, c)
	}
	index := map[color.RGBA]uint8{}
	for _, c := range colors {
		index[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(box, palette)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			out.SetColorIndex(x, y, index[at(x, y)])
		}
	}
	var b bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&b, out); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
