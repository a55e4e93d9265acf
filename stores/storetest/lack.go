package storetest

// Lack is something that a store, or the server that it was opened on, declares
// not to have. The cases that need it are logged by name and not run. A store
// that declares nothing must pass all of them.
type Lack string

const (
	// NoAtomicUpdates is declared for a server whose conditional updates
	// and deletions of one row are not atomic: several of those that race
	// may win. Such a server cannot make tokens single-use and must not
	// store them; declare it only if the store itself runs on other servers
	// too, and document it.
	NoAtomicUpdates Lack = "atomic conditional updates"
	// NoClock is declared for a store that uses its server's clock instead
	// of now. What expires then lives for seconds, which the kit waits for,
	// in as many cases at a time as go test -parallel allows. A server that
	// merely removes what has expired, with a store that compares with now,
	// need not declare it: the kit's clock starts at the present.
	NoClock Lack = "a clock that tests move"
)
