package sqlstore

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/latchkey-go/latchkey/core"
)

// refused reports whether the schema refused a statement.
func refused(err error) bool {
	var value *core.RefusedError
	return errors.Is(err, core.ErrTaken) || errors.Is(err, core.ErrConflict) || errors.As(err, &value)
}

// errDropped is of a statement that wrote no row, and failed not: a trigger has
// left the row out, or a constraint ON CONFLICT IGNORE of SQLite's.
func errDropped(what string) error {
	return &core.RefusedError{
		Cause: errors.New("sqlstore: " + what + ": the database has dropped the change without an error"),
	}
}

// kept is ErrConflict where the schema refused to delete a user.
func kept(err error) error {
	if value := (*core.RefusedError)(nil); errors.As(err, &value) {
		return fmt.Errorf("%w: %w", core.ErrConflict, value.Cause)
	}
	return err
}

// judged returns what an error of a statement means for a user: ErrTaken if the
// ID, the EmailKey or the UsernameKey exists, else ErrConflict of a unique key,
// else a *core.RefusedError with the field. placed are the columns of the
// statement's arguments; given says that it sets an ID that somebody may have.
func (us *UserStore[U]) judged(err error, placed []Column, given bool) error {
	var f *failure
	if !errors.As(err, &f) || f.broke.code == "" {
		return err
	}
	v := f.broke
	switch {
	case v.unique && us.isKey(v, given):
		return core.ErrTaken
	case v.unique:
		return err
	}
	return &core.RefusedError{Field: us.fieldOf(v, placed), Cause: f}
}

// isKey reports whether a unique key is that of the ID, the EmailKey or the
// UsernameKey.
// Where the columns are known, its name says nothing: an application's own may
// be called the same. PRIMARY, where the table is not said, may be the key of
// one that a trigger writes.
func (us *UserStore[U]) isKey(v violation, given bool) bool {
	table := us.s.opts.UsersTable
	if v.table != "" && v.table != table { // a trigger's
		return false
	}
	if v.columns == nil {
		name, said := strings.CutPrefix(v.constraint, table+".")
		return name == table+"_email_key" || name == table+"_pkey" || name == "PRIMARY" && (said || given) ||
			us.model.named && name == table+"_"+nameColumn.name ||
			us.s.adopted != nil && name == "ix_"+table+"_email"
	}
	// The service has a unique index of the address itself.
	columns := strings.Join(v.columns, ", ")
	return columns == "id" || columns == "email_key" || us.model.named && columns == nameColumn.name ||
		us.s.adopted != nil && columns == "email"
}

// fieldOf returns the field whose value is refused, "" where that is not known.
func (us *UserStore[U]) fieldOf(v violation, placed []Column) string {
	switch {
	case v.table != "" && v.table != us.s.opts.UsersTable: // a trigger's
		return ""
	case v.argument > 0 && v.argument <= len(placed):
		return us.field(placed[v.argument-1].Name)
	case len(v.columns) == 1:
		return us.field(v.columns[0])
	case v.columns == nil && v.constraint != "":
		return us.checked(v.constraint)
	}
	return ""
}

// field is the name of a column's field, or the column's.
func (us *UserStore[U]) field(column string) string {
	for _, c := range us.model.columns {
		if c.Name == column && c.Field != "" {
			return c.Field
		}
	}
	return column
}

var (
	literals    = regexp.MustCompile(`'[^']*'`)
	identifiers = regexp.MustCompile(`[\pL_][\pL\pN_]*`)
	checkSuffix = regexp.MustCompile(`_check\d*$`)
)

// checked returns the field of a CHECK, by the name that a database makes for
// one (PostgreSQL: users_credits_check, MariaDB: users.credits), or by its
// expression, which SQLite has in place of a name. It is "" if that is not
// about one column.
func (us *UserStore[U]) checked(check string) string {
	name := checkSuffix.ReplaceAllString(strings.TrimPrefix(check, us.s.opts.UsersTable+"_"), "")
	words := append(identifiers.FindAllString(literals.ReplaceAllString(check, ""), -1), name)
	found := ""
	for _, c := range us.model.columns {
		if !slices.Contains(words, c.Name) {
			continue
		}
		if found != "" {
			return ""
		}
		found = us.field(c.Name)
	}
	return found
}
