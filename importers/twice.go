package importers

import (
	"context"
	"hash/maphash"
)

// collisions finds what several records have in common, in a pass of its own
// before anything is imported. It keeps eight bytes for each address and
// account; that two different ones have the same eight is as good as
// impossible, and would only leave two records out.
type collisions struct {
	seed  maphash.Seed
	seen  map[uint64]struct{}
	twice map[uint64]string // the key of the first record that was settled with it
}

func newCollisions() *collisions {
	return &collisions{maphash.MakeSeed(), map[uint64]struct{}{}, map[uint64]string{}}
}

func (c *collisions) sum(parts []string) uint64 {
	var h maphash.Hash
	h.SetSeed(c.seed)
	for _, p := range parts {
		_, _ = h.WriteString(p)
		_ = h.WriteByte(0)
	}
	return h.Sum64()
}

func (c *collisions) note(parts ...string) {
	sum := c.sum(parts)
	if _, ok := c.seen[sum]; ok {
		c.twice[sum] = ""
	}
	c.seen[sum] = struct{}{}
}

// other reports whether several records have it, and returns the key of the
// first one, "" for itself.
func (c *collisions) other(key string, parts ...string) (first string, ok bool) {
	sum := c.sum(parts)
	first, ok = c.twice[sum]
	if ok && first == "" {
		c.twice[sum] = key
	}
	return first, ok
}

// count reads the whole source once.
func (r *run[U]) count(ctx context.Context) error {
	for rec, err := range r.from.Records(ctx, "") {
		if err != nil {
			return err
		}
		r.report.Total++
		if r.report.Total%progressEvery == 0 {
			r.progress()
		}
		if rec.Skip != "" || rec.Fault != "" {
			continue
		}
		key, err := r.to.CanonicalEmail(rec.Email)
		if err != nil {
			continue
		}
		r.twice.note("address", key)
		for _, l := range r.links(rec) {
			r.twice.note("account", l.Provider, l.Subject)
		}
	}
	r.twice.seen = nil
	return nil
}
