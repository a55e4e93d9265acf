package storetest

// Lack is something that a store, or the server that it was opened on, declares
// not to have. The cases that ask for it are logged by name and not run. A
// store that declares nothing is held to all of them.
type Lack string

const (
	// NoAtomicUpdates is declared for a server whose conditional updates
	// and deletions of one row are not atomic: several of those that race
	// may win. Such a server keeps no promise about tokens that may be used
	// once and is no place for them; declare it only where the store itself
	// runs on others too, and say so.
	NoAtomicUpdates Lack = "atomic conditional updates"
	// NoClock is declared for a store that goes by its server's clock
	// instead of now. What expires then lives for seconds, which the kit
	// waits for, in as many cases at once as go test -parallel allows. A
	// server that merely removes what has expired, beside a store that
	// compares with now, is no reason to declare it: the kit's clock starts
	// at the present.
	NoClock Lack = "a clock that tests move"
)
