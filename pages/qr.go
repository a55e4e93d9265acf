package pages

import (
	"fmt"
	"strings"

	qr "github.com/piglig/go-qr"
)

// QR is a QR code, to be drawn as SVG: dark squares on light ground.
type QR struct {
	// Size is the width and height in squares, with the quiet zone of four
	// on each side.
	Size int
	// Path is the d of a path that fills the dark squares.
	Path string
}

// quiet is the width of the margin that scanners need (ISO/IEC 18004).
const quiet = 4

// newQR returns the QR code of a text.
func newQR(text string) (QR, error) {
	code, err := qr.EncodeText(text, qr.Medium)
	if err != nil {
		return QR{}, err
	}
	var path strings.Builder
	for y := range code.Size() {
		for x := 0; x < code.Size(); x++ {
			width := 0
			for x+width < code.Size() && code.Module(x+width, y) {
				width++
			}
			if width > 0 {
				fmt.Fprintf(&path, "M%d %dh%dv1h-%dz", x+quiet, y+quiet, width, width)
				x += width
			}
		}
	}
	return QR{Size: code.Size() + 2*quiet, Path: path.String()}, nil
}
