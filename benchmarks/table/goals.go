package main

// goal is what a measurement must reach, and what it aims at.
type goal struct {
	number int
	what   string
	// ours is the candidate that is judged, by unit. against is the one
	// that it is divided by, less that it is compared with; "" where the
	// measurement stands for itself.
	ours, against string
	less          bool
	unit          string
	must, aim     float64
	atLeast       bool // more is better
}

const (
	nanoseconds = "ns/op"
	allocations = "allocs/op"
)

var goals = []goal{
	{number: 1, what: "HS256 verification, no cache", ours: "Verify/latchkey", against: "Verify/golang-jwt", unit: nanoseconds, must: 0.60, aim: 0.25},
	{number: 1, what: "its allocations", ours: "Verify/latchkey", unit: allocations, must: 25, aim: 10},
	{number: 2, what: "ES256 verification", ours: "Signatures/ES256/latchkey", against: "Signatures/ES256/primitive", unit: nanoseconds, must: 1.15, aim: 1.06},
	{number: 2, what: "RS256 verification", ours: "Signatures/RS256/latchkey", against: "Signatures/RS256/primitive", unit: nanoseconds, must: 1.15, aim: 1.06},
	{number: 2, what: "EdDSA verification", ours: "Signatures/EdDSA/latchkey", against: "Signatures/EdDSA/primitive", unit: nanoseconds, must: 1.15, aim: 1.06},
	{number: 3, what: "chi, JWT, no cache", ours: "Chi/latchkey JWT, ID", against: "Chi/jwtauth", unit: nanoseconds, must: 0.13, aim: 0.05},
	{number: 4, what: "echo, JWT", ours: "Frameworks/echo/JWT, ID", against: "Frameworks/echo/their JWT", unit: nanoseconds, must: 0.75, aim: 0.35},
	{number: 4, what: "gin, JWT", ours: "Frameworks/gin/JWT, ID", against: "Frameworks/gin/their JWT", unit: nanoseconds, must: 0.75, aim: 0.35},
	{number: 4, what: "fiber, JWT", ours: "Frameworks/fiber/JWT, ID", against: "Frameworks/fiber/their JWT", unit: nanoseconds, must: 0.75, aim: 0.35},
	{number: 5, what: "chi, hit in the cache of verified tokens", ours: "Chi/latchkey JWT cached, ID", against: "Chi/ctx-only", unit: nanoseconds, must: 2.3, aim: 1.7},
	{number: 5, what: "its allocations beyond", ours: "Chi/latchkey JWT cached, ID", against: "Chi/ctx-only", less: true, unit: allocations, must: 2, aim: 0},
	{number: 6, what: "chi, session, local hit", ours: "Chi/latchkey session, ID", against: "Chi/ctx-only", unit: nanoseconds, must: 1.8, aim: 1.3},
	{number: 6, what: "its allocations beyond", ours: "Chi/latchkey session, ID", against: "Chi/ctx-only", less: true, unit: allocations, must: 2, aim: 0},
	{number: 6, what: "its commands to the server", ours: "Commands/latchkey", unit: "commands/request"},
	{number: 7, what: "the same", ours: "Chi/latchkey session, ID", against: "Chi/scs", unit: nanoseconds, must: 0.07, aim: 0.04},
	{number: 8, what: "session lookup alone, local hit", ours: "Lookup/latchkey", against: "Lookup/rueidis DoCache", unit: nanoseconds, must: 1.0, aim: 0.5},
	{number: 9, what: "session lookup, Redis miss", ours: "Miss/alone/latchkey", against: "Miss/alone/rueidis GET", unit: nanoseconds, must: 1.3, aim: 1.1},
	{number: 10, what: "session and user on PostgreSQL", ours: "Postgres/latchkey", against: "Postgres/database-sql", unit: nanoseconds, must: 1.15, aim: 1.05},
	{number: 10, what: "its queries", ours: "Postgres/latchkey", unit: "queries", must: 1, aim: 1},
	{number: 11, what: "requests a second, chi, JWT, no cache", ours: "Load/latchkey JWT, ID", against: "Load/bare", unit: "requests/s", must: 0.80, aim: 0.92, atLeast: true},
	{number: 12, what: "requests a second, chi, session, local hit", ours: "Load/latchkey session, ID", against: "Load/bare", unit: "requests/s", must: 0.90, aim: 0.97, atLeast: true},
	{number: 13, what: "refusing a forged token", ours: "Forged/latchkey", against: "Forged/golang-jwt", unit: nanoseconds, must: 0.20, aim: 0.08},
	{number: 13, what: "its allocations", ours: "Forged/latchkey", unit: allocations, must: 4, aim: 1},
	{number: 14, what: "64 logins at once: throughput", ours: "Logins/governed", against: "Logins/ungoverned", unit: "logins/s", must: 3, aim: 3.5, atLeast: true},
	{number: 14, what: "their peak of memory", ours: "Logins/governed", against: "Logins/ungoverned", unit: "peak-MiB", must: 0.10, aim: 0.07},
	{number: 15, what: "memory of a cached session, in bytes", ours: "Memory/latchkey", unit: "B/session", must: 600, aim: 450},
	{number: 16, what: "revocation reaches another node, p99 in ms", ours: "Revocation/latchkey", unit: "p99-ms", must: 5, aim: 1},
	{number: 17, what: "check by API key, in memory", ours: "Keys/API key", against: "Keys/session", unit: nanoseconds, must: 1.3, aim: 1.0},
	{number: 18, what: "a refresh beside a login without its hash, in memory", ours: "Refresh/memory/refresh", against: "Refresh/memory/login", unit: nanoseconds, must: 2, aim: 1.3},
	{number: 18, what: "the same on PostgreSQL", ours: "Refresh/PostgreSQL/refresh", against: "Refresh/PostgreSQL/login", unit: nanoseconds, must: 2, aim: 1.3},
}

// value is what is compared with must and aim; false where it was not measured.
func (g goal) value(r results) (v float64, ok bool) {
	switch {
	case g.against == "":
		return r.median(g.ours, g.unit)
	case g.less:
		return r.compared(g.ours, g.against, g.unit, func(v, other float64) float64 { return v - other })
	}
	return r.compared(g.ours, g.against, g.unit, func(v, other float64) float64 { return v / other })
}

// verdict is what was reached.
func (g goal) verdict(v float64) string {
	reaches := func(limit float64) bool {
		if g.atLeast {
			return v >= limit
		}
		return v <= limit
	}
	switch {
	case reaches(g.aim):
		return "aim"
	case reaches(g.must):
		return "must"
	}
	return "**missed**"
}
