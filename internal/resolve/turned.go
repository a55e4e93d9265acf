package resolve

import (
	"errors"

	"github.com/latchkey-go/latchkey/core"
)

// turned is what the guards make of a refusal.
func (p *plan) turned(h core.Head, err error) error {
	var refusal *core.Error
	if !errors.As(err, &refusal) {
		return err
	}
	for _, turn := range p.turns {
		if other := turn(h, refusal); other != nil {
			return other
		}
	}
	return err
}
