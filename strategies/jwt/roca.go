package jwt

import "math/big"

// roca reports whether n is the modulus of a key made by Infineon's RSALib,
// which smart cards, TPMs and tokens used until 2017. Such a modulus can be
// factored (ROCA, CVE-2017-15361; Nemec et al., "The Return of Coppersmith's
// Attack", CCS 2017, section 2).
//
// Both primes of such a key are k*M + (65537^a mod M), where M is the product
// of the first primes, at least those up to 167 for every key size. So the
// modulus is a power of 65537 modulo M. roca searches for its exponent, modulo
// one prime of M after another (Pohlig and Hellman's method). The powers are so
// few among all residues that any other modulus has an exponent with a
// probability of 2^-153.
func roca(n *big.Int) bool {
	// Modulo the primes so far, n is the power of 65537 for every exponent
	// congruent to this one modulo period. period stays below 2^63.
	exponent, period := uint64(0), uint64(1)
	for _, prime := range [...]uint64{
		3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107, 109, 113,
		127, 131, 137, 139, 149, 151, 157, 163, 167,
	} {
		residue := new(big.Int).Mod(n, new(big.Int).SetUint64(prime)).Uint64()
		log, order, found := logarithm(residue, prime)
		if !found {
			return false
		}
		next := period
		for next%order != 0 {
			next += period
		}
		for exponent%order != log {
			if exponent += period; exponent >= next {
				return false
			}
		}
		period = next
	}
	return true
}

// logarithm returns the exponent of the power of 65537 that equals residue
// modulo prime, and the number of different powers.
func logarithm(residue, prime uint64) (log, order uint64, found bool) {
	for power := uint64(1); order == 0 || power != 1; power = power * 65537 % prime {
		if power == residue {
			log, found = order, true
		}
		order++
	}
	return log, order, found
}
