package latchkey

// AllGroups returns the routes of every flow, by the flow and its backend.
func AllGroups[U any](a *Auth[U]) map[string]Group {
	all := map[string]Group{}
	for key, g := range a.groups {
		all[key.flow+" "+key.backend] = g
	}
	return all
}
