package sqlstore

import (
	"slices"
	"strings"
)

// prepare makes the statements, whose columns are those of the model.
func (us *UserStore[U]) prepare() {
	var places, sets []string
	names := us.names()
	for _, c := range us.model.columns {
		place := "?"
		if c.Default != "" {
			place = "COALESCE(?, " + c.Default + ")"
		}
		places = append(places, place)
		if c.Name != "id" {
			sets = append(sets, us.s.quote(c.Name)+" = ?")
		}
	}
	us.readAll = "SELECT " + strings.Join(names, ", ") + " FROM {users}"
	read := us.readAll + " WHERE "
	us.insert = us.s.statement("create a user", us.insertion(names, places))
	numbered := us.insertion(without(names, us.model.id), without(places, us.model.id))
	if us.s.dialect.returning {
		numbered += " RETURNING id"
	}
	us.insertNumbered = us.s.statement("create a user", numbered)
	us.passIDs = us.s.statement("pass ids that were given", us.s.dialect.passIDs)
	us.renumber = us.s.statement("pass ids of deleted users", us.s.dialect.renumber)
	us.byID = us.s.statement("find a user", read+"id = ?")
	us.byEmail = us.s.statement("find a user", read+"email_key = ?")
	if us.model.named {
		us.byName = us.s.statement("find a user", read+nameColumn.name+" = ?")
	}
	us.lock = us.s.statement("lock a user", read+"id = ?"+us.s.dialect.lock)
	us.beginWriting = us.s.statement("lock a user", us.s.dialect.write)
	us.update = us.s.statement("update a user", "UPDATE {users} SET "+strings.Join(sets, ", ")+" WHERE id = ?")
	us.remove = us.s.statement("delete a user", "DELETE FROM {users} WHERE id = ?")
	us.epoch = us.s.statement("find a user's epoch", "SELECT token_epoch FROM {users} WHERE id = ?")
	us.removeByText, us.removeByID = us.s.theirs()
	us.raiseFloor = us.s.statement("end a user's sessions", raiseFloor+us.s.dialect.raise)
	us.clearFloor = us.s.statement("create a user", "DELETE FROM {floors} WHERE user_id = ?")
}

// names are the columns of the model, quoted.
func (us *UserStore[U]) names() []string {
	names := make([]string, len(us.model.columns))
	for i, c := range us.model.columns {
		names[i] = us.s.quote(c.Name)
	}
	return names
}

func (us *UserStore[U]) insertion(names, places []string) string {
	return "INSERT INTO {users} (" + strings.Join(names, ", ") + ") VALUES (" + strings.Join(places, ", ") + ")"
}

// without is list without its i-th element.
func without[T any](list []T, i int) []T { return slices.Delete(slices.Clone(list), i, i+1) }
