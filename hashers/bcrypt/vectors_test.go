package bcrypt_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/latchkey-go/latchkey/core"
)

// A vector is a hash of other software and its password.
type vector struct {
	hash     core.PasswordHash
	password string
}

const (
	alphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	ignored  = "chars after 72 are ignored"
)

// Those of the original of $2y$ (Openwall's crypt_blowfish 1.3, wrapper.c).
var openwall = []vector{
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
	{"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"}, // its salt has the Xs
	{"$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui", alphabet + ignored},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xa3"},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
	{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.nqd1wy.pTMdcvrRWxyiGL2eMz.2a85.", "\xff\xff\xa3"},
	{"$2b$05$/OK.fbVrR/bpIqNJ5ianF.CE5elHaaO4EbggVDjb8P19RukzXSM3e", "\xff\xff\xa3"},
	{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	{"$2b$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", "1\xa3345"},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", "\xff\xa3345"},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", "\xff\xa334\xff\xff\xff\xa3345"},
	{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.o./n25XVfn6oAPaUvHe.Csk4zRfsYPi", "\xff\xa334\xff\xff\xff\xa3345"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.ZC1JEJ8Z4gPfpe1JOr/oyPXTWl9EFd.", "\xff\xa334\xff\xff\xff\xa3345"},
	{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e", "\xff\xa3345"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.nRht2l/HRhr6zmCp9vYUvvsqynflf9e", "\xff\xa3345"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS", "\xa3ab"},
	{"$2x$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS", "\xa3ab"},
	{"$2y$05$/OK.fbVrR/bpIqNJ5ianF.6IflQkJytoRVc1yuaNtHfiuq.FRlSIS", "\xa3ab"},
	{"$2x$05$6bNw2HLQYeqHYyBfLMsv/OiwqTymGIGzFsA4hOTWebfehXHNprcAS", "\xd1\x91"},
	{"$2x$05$6bNw2HLQYeqHYyBfLMsv/O9LIGgn8OMzuDoHfof8AQimSGfcSWxnS", "\xd0\xc1\xd2\xcf\xcc\xd8"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6", strings.Repeat("\xaa", 72) + ignored + " as usual"},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.R9xrDjiycxMbQE2bp.vgqlYpW5wx2yy", strings.Repeat("\xaa\x55", 36)},
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.9tQZzcJfm3uj2NvJ/n5xkhpqLrMpWCe", strings.Repeat("\x55\xaa\xff", 24)},
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy", ""},
}

// Those of OpenBSD and others that are in pyca's bcrypt (tests/test_bcrypt.py).
var pyca = []vector{
	{"$2b$04$cVWp4XaNU8a4v1uMRum2SO026BWLIoQMD/TXg5uZV.0P.uO8m3YEm", "Kk4DQuMMfZL9o"},
	{"$2b$04$pQ7gRO7e6wx/936oXhNjrOUNOHL1D0h1N2IDbJZYs.1ppzSof6SPy", "9IeRXmnGxMYbs"},
	{"$2b$04$SQe9knOzepOVKoYXo9xTteNYr6MBwVz4tpriJVe3PNgYufGIsgKcW", "xVQVbwa1S0M8r"},
	{"$2b$04$eH8zX.q5Q.j2hO1NkVYJQOM6KxntS/ow3.YzVmFrE4t//CoF4fvne", "Zfgr26LWd22Za"},
	{"$2b$04$ahiTdwRXpUG2JLRcIznxc.s1.ydaPGD372bsGs8NqyYjLY1inG5n2", "Tg4daC27epFBE"},
	{"$2b$04$nQn78dV0hGHf5wUBe0zOFu8n07ZbWWOKoGasZKRspZxtt.vBRNMIy", "xhQPMmwh5ALzW"},
	{"$2b$04$cvXudZ5ugTg95W.rOjMITuM1jC0piCl3zF5cmGhzCibHZrNHkmckG", "59je8h5Gj71tg"},
	{"$2b$04$YYjtiq4Uh88yUsExO0RNTuEJ.tZlsONac16A8OcLHleWFjVawfGvO", "wT4fHJa2N9WSW"},
	{"$2b$04$WLTjgY/pZSyqX/fbMbJzf.qxCeTMQOzgL.CimRjMHtMxd/VGKojMu", "uSgFRnQdOgm4S"},
	{"$2b$04$2moPs/x/wnCfeQ5pCheMcuSJQ/KYjOZG780UjA/SiR.KsYWNrC7SG", "tEPtJZXur16Vg"},
	{"$2b$04$HrEYC/AQ2HS77G78cQDZQ.r44WGcruKw03KHlnp71yVQEwpsi3xl2", "vvho8C6nlVf9K"},
	{"$2b$04$vVYgSTfB8KVbmhbZE/k3R.ux9A0lJUM4CZwCkHI9fifke2.rTF7MG", "5auCCY9by0Ruf"},
	{"$2b$04$JfoNrR8.doieoI8..F.C1OQgwE3uTeuardy6lw0AjALUzOARoyf2m", "GtTkR6qn2QOZW"},
	{"$2b$04$HP3I0PUs7KBEzMBNFw7o3O7f/uxaZU7aaDot1quHMgB2yrwBXsgyy", "zKo8vdFSnjX0f"},
	{"$2b$04$xnFVhJsTzsFBTeP3PpgbMeMREb6rdKV9faW54Sx.yg9plf4jY8qT6", "I9VfYlacJiwiK"},
	{"$2b$04$WQp9.igoLqVr6Qk70mz6xuRxE0RttVXXdukpR9N54x17ecad34ZF6", "VFPO7YXnHQbQO"},
	{"$2b$04$xgZtlonpAHSU/njOCdKztOPuPFzCNVpB4LGicO4/OGgHv.uKHkwsS", "VDx5BdxfxstYk"},
	{"$2b$04$2Siw3Nv3Q/gTOIPetAyPr.GNj3aO0lb1E5E9UumYGKjP9BYqlNWJe", "dEe6XfVGrrfSH"},
	{"$2b$04$7/Qj7Kd8BcSahPO4khB8me4ssDJCW3r4OGYqPF87jxtrSyPj5cS5m", "cTT0EAFdwJiLn"},
	{"$2b$04$VvlCUKbTMjaxaYJ.k5juoecpG/7IzcH1AkmqKi.lIZMVIOLClWAk.", "J8eHUDuxBB520"},
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"},
	{"$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK", "U*U*"},
	{"$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a", "U*U*U"}, // its salt has the Xs
	{"$2a$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq", "\xa3"},
	{
		"$2b$10$keO.ZZs22YtygVF6BLfhGOI/JjshJYPp8DZsUtym6mJV2Eha2Hdd.",
		"}>\xb3\xfe\xf1\x8b\xa0\xe6(\xa2Lzq\xc3P\x7f\xcc\xc8b{\xf9\x14\xf6\xf6`" +
			"\x81G5\xec\x1d\x87\x10\xbf\xa7\xe1}I7 \x96\xdfc\xf2\xbf\xb3Vh\xdfM\x88q\xf7\xff\x1b\x82~z\x13\xdd\xe9\x84\x00\xdd4",
	},
	{
		"$2a$04$tecY.9ylRInW/rAAzXCXPOOlyYeCNzmNTzPDNSIFztFMKbvs/s5XG",
		"g7\x0d\x01\xf3\xd4\xd0\xa9JB^\x18\x007P\xb2N\xc7\x1c\xee\x87&\x83C" +
			"\x8b\xe8\x18\xc5>\x86\x14/\xd6\xcc\x1cJ\xde\xd7ix\xeb\xdeO\xef\xe1i\xac\xcb\x03\x96v1' \xd6@.m\xa5!\xa0\xef\xc0(",
	},
}

// Settings with which crypt_blowfish makes no hash, before a hash that it could
// have been.
var settings = []string{
	"*0", "$2a$03$CCCCCCCCCCCCCCCCCCCCC.", "$2a$32$CCCCCCCCCCCCCCCCCCCCC.", "$2c$05$CCCCCCCCCCCCCCCCCCCCC.",
	"$2z$05$CCCCCCCCCCCCCCCCCCCCC.", "$2`$05$CCCCCCCCCCCCCCCCCCCCC.", "$2{$05$CCCCCCCCCCCCCCCCCCCCC.",
}

// Reasons for which a vector is not decided as its authors do.
const (
	tooLong = "more than 72 bytes are refused, not ignored"
	withNUL = "a NUL is refused"
	faulty  = "$2x$ marks hashes of a faulty program, which collide"
	hedged  = "crypt_blowfish's $2a$ makes another hash where $2x$ and $2y$ differ"
)

func reason(v vector) string {
	switch {
	case strings.HasPrefix(string(v.hash), "$2x$"):
		return faulty
	case len(v.password) > 72:
		return tooLong
	case strings.ContainsRune(v.password, 0):
		return withNUL
	case strings.HasPrefix(string(v.hash), "$2a$") && strings.Contains(v.password, "\xff\xff"):
		return hedged
	}
	return "none"
}

func TestVectors(t *testing.T) {
	t.Parallel()
	h := newHasher(t, 0)
	for name, c := range map[string]struct {
		vectors    []vector
		expected   int
		exceptions map[string]int
	}{
		"G04 G19 crypt_blowfish": {openwall, 16, map[string]int{tooLong: 2, faulty: 8, hedged: 2}},
		"G05 G19 pyca":           {pyca, 24, map[string]int{withNUL: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			expected, exceptions := 0, map[string]int{}
			for _, v := range c.vectors {
				ok, err := h.Verify(v.hash, v.password)
				if !ok {
					exceptions[reason(v)]++
					continue
				}
				if err != nil {
					t.Error(string(v.hash), err)
				}
				expected++
				checkVerify(t, h, v.hash, v.password+"x", false)
			}
			t.Logf("%d vectors, %d decided as expected, exceptions: %v", len(c.vectors), expected, exceptions)
			if expected != c.expected || !maps.Equal(exceptions, c.exceptions) {
				t.Errorf("want %d, %v", c.expected, c.exceptions)
			}
		})
	}
	t.Run("G19 settings", func(t *testing.T) {
		refused := 0
		for _, setting := range settings {
			hash := core.PasswordHash(setting + "7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy")
			if ok, err := h.Verify(hash, ""); ok || err == nil {
				t.Errorf("%s: %v, %v", setting, ok, err)
				continue
			}
			refused++
		}
		t.Logf("%d vectors, %d decided as expected, no exceptions", len(settings), refused)
	})
}
