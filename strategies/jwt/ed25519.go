package jwt

import (
	"crypto/ed25519"
	"errors"
	"math/big"
	"slices"
)

// judgeEd25519 refuses what is not a point of the curve (RFC 8032, section
// 5.1.3), with which nothing verifies, and the eight points of small order,
// with which anybody can sign.
func judgeEd25519(public ed25519.PublicKey) error {
	if len(public) != ed25519.PublicKeySize {
		return errors.New("jwt: the Ed25519 key is not valid")
	}
	bigEndian := slices.Clone(public)
	slices.Reverse(bigEndian)
	bigEndian[0] &= 0x7f // without the sign of x
	curve := newEdwards()
	y := new(big.Int).SetBytes(bigEndian)
	if !curve.has(y) {
		return errors.New("jwt: the Ed25519 key is not a point of its curve")
	}
	for range 3 { // eight times the point is the neutral one, whose y is 1
		y = curve.double(y)
	}
	if y.Cmp(big.NewInt(1)) == 0 {
		return errors.New("jwt: the Ed25519 key is a point of small order")
	}
	if published(public) {
		return errPublished
	}
	return nil
}

// edwards is the curve -x² + y² = 1 + dx²y² modulo p. It does not run in
// constant time, as it only handles public keys.
type edwards struct{ p, d *big.Int }

func newEdwards() edwards {
	p := new(big.Int).Sub(new(big.Int).Lsh(big.NewInt(1), 255), big.NewInt(19))
	d := new(big.Int).ModInverse(big.NewInt(121666), p)
	d.Mul(d, big.NewInt(-121665))
	return edwards{p, d.Mod(d, p)}
}

// xx returns the numerator and the denominator of x² at y.
func (e edwards) xx(y *big.Int) (num, den *big.Int) {
	yy := new(big.Int).Mul(y, y)
	num = new(big.Int).Sub(yy, big.NewInt(1))
	den = yy.Mul(yy, e.d)
	return num, den.Add(den, big.NewInt(1))
}

// has reports whether a point of the curve has this y.
func (e edwards) has(y *big.Int) bool {
	num, den := e.xx(y)
	return y.Cmp(e.p) < 0 && big.Jacobi(num.Mul(num, den), e.p) >= 0
}

// double returns the y of twice the point: (y² + x²) / (1 - dx²y²).
func (e edwards) double(y *big.Int) *big.Int {
	num, den := e.xx(y)
	yy := new(big.Int).Mul(y, y)
	xx := num.Mul(num, den.ModInverse(den, e.p))
	sum := new(big.Int).Add(yy, xx)
	den = yy.Mul(yy, xx)
	den.Sub(big.NewInt(1), den.Mul(den, e.d))
	sum.Mul(sum, den.ModInverse(den.Mod(den, e.p), e.p))
	return sum.Mod(sum, e.p)
}
