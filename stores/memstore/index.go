package memstore

// index finds the keys of what belongs to an owner.
type index[Owner, Key comparable] map[Owner]map[Key]struct{}

func (x index[Owner, Key]) add(o Owner, k Key) {
	if x[o] == nil {
		x[o] = map[Key]struct{}{}
	}
	x[o][k] = struct{}{}
}

func (x index[Owner, Key]) remove(o Owner, k Key) {
	delete(x[o], k)
	if len(x[o]) == 0 {
		delete(x, o)
	}
}
