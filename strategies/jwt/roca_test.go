package jwt

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"math/big"
	"os"
	"strings"
	"testing"
)

func TestA22ROCA(t *testing.T) {
	var moduli []struct {
		Name, Modulus string
		Weak          bool
	}
	readTestdata(t, "roca.json", &moduli)
	for _, m := range moduli {
		t.Run("A22 "+m.Name, func(t *testing.T) {
			n, _ := new(big.Int).SetString(m.Modulus, 16)
			if roca(n) != m.Weak {
				t.Errorf("weak is not %v", m.Weak)
			}
			_, err := RS256Public("k", &rsa.PublicKey{N: n, E: 65537})
			if m.Weak && (err == nil || !strings.Contains(err.Error(), "ROCA")) {
				t.Errorf("the constructor says %v", err)
			}
		})
	}
	t.Run("A22 twin: random moduli", func(t *testing.T) {
		for range 5000 {
			if n := random(t, 2048); roca(n) {
				t.Errorf("%x", n)
			}
		}
	})
	t.Run("A22 twin: a power of 65537 modulo each prime, by different exponents", func(t *testing.T) {
		n, product := random(t, 1800), big.NewInt(1)
		for i, p := range []int64{
			3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
			127, 131, 137, 139, 149, 151, 157, 163, 167,
		} {
			prime := big.NewInt(p)
			power := new(big.Int).Exp(big.NewInt(65537), big.NewInt(int64(i)), prime)
			for new(big.Int).Mod(n, prime).Cmp(power) != 0 {
				n.Add(n, product)
			}
			product.Mul(product, prime)
		}
		if roca(n) {
			t.Error("weak")
		}
		sound, _ := new(big.Int).SetString(moduli[0].Modulus, 16)
		if sound.Add(sound, product); !roca(sound) { // the same residues
			t.Error("the test's primes are not those of the fingerprint")
		}
	})
}

func random(t *testing.T, bits uint) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), bits))
	if err != nil {
		t.Fatal(err)
	}
	return n.SetBit(n, 0, 1)
}

func readTestdata(t *testing.T, name string, into any) {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatal(name, err)
	}
}
