package bcrypt

import (
	"errors"
	"strconv"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

const alphabet = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

var (
	errMalformed = errors.New("bcrypt: malformed hash")
	errCost      = errors.New("bcrypt: cost out of bounds (4 to 15)")
)

// costOf reads the cost of a well-formed hash: prefix, two digits, a dollar
// sign, 22 characters of salt and 31 of hash.
func (h *Hasher) costOf(hash core.PasswordHash) (int, error) {
	if len(hash) != 60 || !h.Knows(hash) || hash[6] != '$' || strings.Trim(string(hash[7:]), alphabet) != "" {
		return 0, errMalformed
	}
	cost, err := strconv.ParseUint(string(hash[4:6]), 10, 8) // which takes no sign
	if err != nil {
		return 0, errMalformed
	}
	if cost < minCost || cost > maxCost {
		return 0, errCost
	}
	return int(cost), nil
}
