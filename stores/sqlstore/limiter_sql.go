package sqlstore

import (
	"fmt"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// slot is the count under one limit: its columns in the row of a key.
type slot struct{ events, ends string }

// slots are a row's. The first belongs to the longest window of its key: the
// index on ends finds the rows to sweep by it.
var slots = [core.MaxLimits]slot{
	{"events", "ends"}, {"events_2", "ends_2"}, {"events_3", "ends_3"}, {"events_4", "ends_4"},
}

// isOver is a condition on a slot, before the time; one of its columns may be
// NULL.
func (s slot) isOver(table string) string { return "COALESCE(" + table + s.ends + ", 0) <= " }

// slotColumns are the columns that counts.dest reads.
func slotColumns() string {
	var columns []string
	for _, s := range slots {
		columns = append(columns, "COALESCE("+s.events+", 0)", "COALESCE("+s.ends+", 0)")
	}
	return strings.Join(columns, ", ")
}

// counts are what a row holds, in the order of slots.
type counts struct{ events, ends [core.MaxLimits]int64 }

func (c *counts) dest() (dest []any) {
	for i := range slots {
		dest = append(dest, &c.events[i], &c.ends[i])
	}
	return dest
}

func refundText() string {
	var set []string
	for _, s := range slots {
		set = append(set, fmt.Sprintf("%[1]s = CASE WHEN %[1]s > 0 THEN %[1]s - 1 ELSE %[1]s END", s.events))
	}
	return "UPDATE {limits} SET " + strings.Join(set, ", ") + " WHERE digest = ?"
}

// laterSlotsOver is the condition that the windows of all slots but the first
// are over. Its arguments are the time, again and again.
func laterSlotsOver() (condition string) {
	for _, s := range slots[1:] {
		condition += " AND " + s.isOver("") + "?"
	}
	return condition
}

// countArgs is an event that is to be counted.
type countArgs struct {
	digest []byte
	now    int64
	limits []core.Limit // in the order of slots
}

// end is when a window of a limit ends that begins now.
func (c countArgs) end(i int) int64 { return c.now + c.limits[i].Window.Microseconds() }

// countStatement counts an event under some limits, if all of them have room.
type countStatement struct {
	statement
	// arguments has one function for each placeholder.
	arguments []func(c countArgs) any
}

func (st countStatement) args(c countArgs) []any {
	args := make([]any, len(st.arguments))
	for i, argument := range st.arguments {
		args[i] = argument(c)
	}
	return args
}

// The methods below write a placeholder. They must be called in the order of
// the text.

func (st *countStatement) arg(argument func(c countArgs) any) string {
	st.arguments = append(st.arguments, argument)
	return "?"
}

func (st *countStatement) now() string { return st.arg(func(c countArgs) any { return c.now }) }

func (st *countStatement) most(i int) string {
	return st.arg(func(c countArgs) any { return c.limits[i].Events })
}

func (st *countStatement) end(i int) string { return st.arg(func(c countArgs) any { return c.end(i) }) }

// countStatement returns the statement for n limits: it makes the row of a key,
// or changes it as the dialect can.
func (e *engine) countStatement(n int) (st countStatement) {
	columns, values := "digest", st.arg(func(c countArgs) any { return c.digest })
	for i, s := range slots[:n] {
		columns += ", " + s.events + ", " + s.ends
		values += ", 1, " + st.end(i)
	}
	text := "INSERT INTO {limits} (" + columns + ") VALUES (" + values + ")" + e.dialect.count(&st, slots[:n])
	st.statement = e.statement("count an event", text)
	return st
}

// hasRoom is the condition that all limits have room.
func (st *countStatement) hasRoom(table string, slots []slot) string {
	var all []string
	for i, s := range slots {
		all = append(all, "("+s.isOver(table)+st.now()+" OR "+table+s.events+" < "+st.most(i)+")")
	}
	return strings.Join(all, " AND ")
}

// onConflictCount is dialect.count with ON CONFLICT: without room no row is
// changed.
func onConflictCount(st *countStatement, slots []slot) string {
	const row = "{limits}."
	var set []string
	for i, s := range slots {
		set = append(set,
			s.events+" = CASE WHEN "+s.isOver(row)+st.now()+" THEN 1 ELSE "+row+s.events+" + 1 END",
			s.ends+" = CASE WHEN "+s.isOver(row)+st.now()+" THEN "+st.end(i)+" ELSE "+row+s.ends+" END")
	}
	return " ON CONFLICT (digest) DO UPDATE SET " + strings.Join(set, ", ") + " WHERE " + st.hasRoom(row, slots)
}

// onDuplicateKeyCount is dialect.count with ON DUPLICATE KEY UPDATE, which goes
// from left to right, and on with what it has set: while a row without room is
// left as it is, its first slot's end is negative, and LAST_INSERT_ID 1. (The
// number of rows would not do: it may count a row that is left as it is.)
func onDuplicateKeyCount(st *countStatement, slots []slot) string {
	over := func(s slot) string { return s.isOver("") + st.now() }
	set := []string{"ends = CASE WHEN " + st.hasRoom("", slots) + " THEN ends ELSE -ends * SIGN(LAST_INSERT_ID(1)) END"}
	for i, s := range slots {
		set = append(set,
			s.events+" = CASE WHEN ends < 0 THEN "+s.events+" WHEN "+over(s)+" THEN 1 ELSE "+s.events+" + 1 END")
		if i > 0 {
			set = append(set,
				s.ends+" = CASE WHEN ends < 0 THEN "+s.ends+" WHEN "+over(s)+" THEN "+st.end(i)+" ELSE "+s.ends+" END")
		}
	}
	set = append(set, "ends = CASE WHEN ends < 0 THEN -ends WHEN "+over(slots[0])+" THEN "+st.end(0)+" ELSE ends END")
	return " ON DUPLICATE KEY UPDATE " + strings.Join(set, ", ")
}
