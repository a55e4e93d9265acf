package jwt

import (
	"crypto/rsa"
	"errors"
	"math"
	"math/big"
)

// judgeRSA refuses keys that are weak, and those with which nothing verifies.
func judgeRSA(public *rsa.PublicKey) error {
	switch {
	case public == nil || public.N == nil || public.N.Sign() <= 0:
		return errors.New("jwt: no RSA key")
	case public.N.BitLen() < 2048 || public.N.BitLen() > 8192:
		return errors.New("jwt: an RSA key has 2048 to 8192 bits")
	case public.E < 65537 || public.E%2 == 0 || public.E > math.MaxInt32: // FIPS 186-5, appendix A.1.1; crypto/rsa's bound
		return errors.New("jwt: the RSA key's exponent is not safe")
	case factorable(public.N):
		return errors.New("jwt: the RSA key's modulus can be factored")
	case roca(public.N):
		return errors.New("jwt: the RSA key was made by a faulty library (ROCA, CVE-2017-15361): make a new one")
	case published(public.N.Bytes()):
		return errPublished
	}
	return nil
}

// factorable reports whether n is prime, has a factor below 752 (NIST SP
// 800-89, section 5.3.3), or has two factors so close together that Fermat's
// method finds them in 100 steps. A generator that uses the next prime after
// the first one as the second makes such moduli (CVE-2022-26320).
func factorable(n *big.Int) bool {
	for d := int64(2); d < 752; d++ {
		if new(big.Int).Mod(n, big.NewInt(d)).Sign() == 0 {
			return true
		}
	}
	// n = (a+b)(a-b) where a*a - n is the square b*b.
	a := new(big.Int).Sqrt(n)
	for range 100 {
		rest := new(big.Int).Mul(a, a)
		rest.Sub(rest, n)
		if rest.Sign() >= 0 && square(rest) {
			return true
		}
		a.Add(a, big.NewInt(1))
	}
	return n.ProbablyPrime(0)
}

func square(n *big.Int) bool {
	root := new(big.Int).Sqrt(n)
	return root.Mul(root, root).Cmp(n) == 0
}
