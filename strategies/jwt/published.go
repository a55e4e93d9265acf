package jwt

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"github.com/latchkey-go/latchkey/internal/weak"
)

var errPublished = errors.New("jwt: the key is an example that is published: anybody can sign with it")

var (
	errShortSecret = fmt.Errorf("jwt: %w", weak.ErrShort)
	errPattern     = fmt.Errorf("jwt: %w", weak.ErrPattern)
)

// judgeSecret returns why a secret must not sign.
func judgeSecret(secret []byte) error {
	if err := weak.Judge(secret); err != nil {
		return fmt.Errorf("jwt: %w", err)
	}
	if published(secret) {
		return errPublished
	}
	return nil
}

// published reports whether a key is one of those that specifications and
// well-known tutorials print, and that people copy. key is an HMAC secret, an
// RSA modulus, an uncompressed point of P-256 or an Ed25519 public key. The
// list holds their SHA-256; it cannot be complete.
func published(key []byte) bool {
	digest := sha256.Sum256(key)
	return slices.Contains([]string{
		"yOzJNhoF4oXwTCb5VyExpt6rB-niuGUFPG91pNi9KzI", // RFC 7515, appendix A.1
		"c-x0RYBZxwyuPwrehmP-DaHcSxFO2M2sdTZBQLRFikw", // RFC 7520, section 3.5
		"JtaHLUdrIOfqp8yJTcvAPyNH6I-4y0YGZkIhPKzyV9U", // RFC 7515, appendix A.2
		"kcLHAsAkAEC6KoKlU1esCBy6xLRjYy1376cdJbLCsqI", // RFC 7520, section 3.3
		"V8oU1SD4ib5bxtkxO0QvYqSnHWP86sUHyRRoOolEtKA", // RFC 9421, appendix B.1.5
		"Vw2tQ94a9Mkl-SwWpopQk22kK33W_eskhQUHoRmarIk", // FastAPI's tutorial on OAuth2 and JWT
		"TQ-N7EUV0HphHFAvIq25XIVNlD1hIvuPlslQO0I1a6w", // the same, from hexadecimal
		"M1TPz2XHsuaEDqb4gK7eI5dQyx0GOVDE6P2fv57HOjI", // a much copied tutorial on Spring Boot and JWT
		"E2yxxaebydlD79o4L94b-ibg4UD_REZXz3-wVuKXexw", // the same, from hexadecimal
		"s_b11PnO5Omf5dtjI0t3WiBe3CPvu_-HrMMIYmtf0ko", // the same, from base64
		"z9mCjVxL4YCn9OuLM3JXads3z50-fnHjUiFYw5s0U3w", // RFC 7517, appendix A.1
		"mvYVkgPoUJ4FUN76ULMSvVpFxemtlW0JtDdW2P3X5mU", // RFC 9421, appendix B.1.1
		"c8w9tG3TaJRDS5tWiIGU4-6ksl5NdKn0GZyL1vQ4Hm8", // RFC 9421, appendix B.1.2
		"1SRrw3dUH7dlCN5T1SfrlzqBt1UUSrUxpqC3tK8OcIg", // RFC 9500, section 2.1, 2048
		"cY1NhheYMcr5_3BaCKWH4zeXvVNLjLsRLGQbGplkoFI", // RFC 9500, section 2.1, 4096
		"Laikklc_nNRT2aaNeiTGK0wsi9DDSXKD_0OLYG9l4NM", // jwt.io, RS256
		"3NJEbKmIMMhDxJOmcjZLqXHWdPvvXOh9aXFlsx6QMAo", // RFC 7515, appendix A.3
		"kMcegDBPmNZVakAsBZOzOoCsvQjkr_nEAp9uF-EDmVE", // RFC 7517, appendix A.1
		"sYuGzhOJ5G3oeqSlExzoPBFg-jPAh6sVuGNXTTHY_zw", // RFC 6979, appendix A.2.5
		"n02ww_UFfiF1Dn2PawCxcBu3rUlA9y1Sn3gsjZ-uRVw", // RFC 9421, appendix B.1.3
		"I0h4xo3hxvOzBsuaizBfxulkBfL1lrfbeLqqgNEHo_g", // RFC 9500, section 2.3
		"NgbvtQV1xJFhiMBaCyUn4bSZ4ZB_TSGvP2HyUeMHjHg", // jwt.io, ES256
		"If4x36FUomFia_hUBG_SJxt77UtqvkWqWId-9H-XIbk", // RFC 8032, section 7.1, test 1, and RFC 8037, appendix A.1
		"OfcT0KZEJT8EUpQhufUbmwiXnQgpWVnE85kO5hf1E58", // RFC 8032, section 7.1, test 2
		"2sBz4BI73qWd2bO9qc9gN_Y6yoJifXq81cSsKd10AD4", // RFC 8032, section 7.1, test 3
		"kThMQR5a8pZI8X-SK0AmVbEeyuwbM_xFeWJBlj-V8gI", // RFC 8032, section 7.1, test 1024
		"X5skfiplRxnxmOTyQdaw35oak3oT7174mfZNkoX84iQ", // RFC 8032, section 7.1, test SHA(abc)
		"50TAeRMgwyhUYO3bUj8UyI2FetpGuXpWkNiM-Xi5GR8", // RFC 8410, section 10.1
		"sWwtG-rRJiY5dk_bDuTTd0WZM2vUk0BM2ksRNsWfIGI", // RFC 9421, appendix B.1.4
	}, strict64.EncodeToString(digest[:]))
}
