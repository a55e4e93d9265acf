package bcrypt

import (
	"errors"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var (
	errMalformed = errors.New("bcrypt: malformed hash")
	errCost      = errors.New("bcrypt: cost out of bounds (4 to 15)")
)

// costOf reads the cost of a well-formed hash: prefix, two digits, a dollar sign, 22 characters of salt and 31 of hash.
func (h *Hasher) costOf(hash core.PasswordHash) (int, error) {
	if len(hash) != 60 || !h.Knows(hash) || hash[6] != '$' || strings.Trim(string(hash[7:]), alphabet) != "" {
		return 0, errMalformed
	}
	tens, ones := int(hash[4])-'0', int(hash[5])-'0'
	if tens < 0 || tens > 9 || ones < 0 || ones > 9 {
		return 0, errMalformed
	}
	cost := 10*tens + ones
	if cost < minCost || cost > maxCost {
		return 0, errCost
	}
	return cost, nil
}
