package mongostore

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/latchkey-go/latchkey/core"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// Codes of a document that the server does not take.
var refusedCodes = []int{
	121,   // DocumentValidationFailure
	52,    // DollarPrefixedFieldName, of a map, before MongoDB 5
	57,    // DottedFieldName, the same
	10334, // BSONObjectTooLarge
	17280, // KeyTooLong
	17419, // the document would be too large after an update
}

func refused(err error) bool {
	return slices.ContainsFunc(refusedCodes, func(code int) bool { return hasCode(err, code) })
}

// answer returns what the server says about the one write of an error: the
// fields beside code and message. It is nil where there is nothing.
func answer(err error) bson.Raw {
	var write mongo.WriteException
	var command mongo.CommandError
	switch {
	case errors.As(err, &write) && len(write.WriteErrors) > 0:
		return write.WriteErrors[0].Raw
	case errors.As(err, &command):
		return command.Raw
	}
	return nil
}

// invalidProperty returns the field that a validator's $jsonSchema refuses, ""
// if that is not said, or are several. (MongoDB says it from version 5 on.)
func invalidProperty(err error) string {
	var said struct {
		Info struct {
			Details struct {
				Rules []struct {
					Properties []struct {
						Name string `bson:"propertyName"`
					} `bson:"propertiesNotSatisfied"`
					Missing []string `bson:"missingProperties"`
				} `bson:"schemaRulesNotSatisfied"`
			} `bson:"details"`
		} `bson:"errInfo"`
	}
	if raw := answer(err); raw == nil || bson.Unmarshal(raw, &said) != nil {
		return ""
	}
	var names []string
	for _, rule := range said.Info.Details.Rules {
		for _, p := range rule.Properties {
			names = append(names, p.Name)
		}
		names = append(names, rule.Missing...)
	}
	if len(names) != 1 {
		return ""
	}
	return names[0]
}

// errUnnamedKey is of a server that does not say which unique key exists.
var errUnnamedKey = errors.New("a unique key exists")

// dupIndex finds the name of an index, which comes before the values: "E11000
// duplicate key error collection: db.users index: name dup key: { … }".
var dupIndex = regexp.MustCompile(`(?s)^.*? index: (?:\S*\.\$)?(.+?) dup key: `)

// failed is the function failed for a write to the collection. A unique index
// that is none of ours is ErrConflict where the application may have some.
func (c collection) failed(ctx context.Context, what string, err error) error {
	if c.keys == nil || !mongo.IsDuplicateKeyError(err) {
		return failed(ctx, what, err)
	}
	var ours bool
	if pattern, ok := answer(err).Lookup("keyPattern").DocumentOK(); ok {
		elements, _ := pattern.Elements()
		ours = len(elements) == 1 && slices.Contains(slices.Collect(maps.Values(c.keys)), elements[0].Key())
	} else if index := dupIndex.FindStringSubmatch(serverText(err)); index != nil {
		_, ours = c.keys[index[1]]
	} else if !inTransaction(ctx) {
		return errUnnamedKey
	} else { // it runs again, and looks before it writes
		ours = true
	}
	if ours {
		return failed(ctx, what, err)
	}
	return fmt.Errorf("%w: %w", core.ErrConflict, &failure{what, err})
}

func serverText(err error) string {
	var write mongo.WriteException
	if errors.As(err, &write) && len(write.WriteErrors) > 0 {
		return write.WriteErrors[0].Message
	}
	return err.Error()
}

// judged returns what an error of a write means for a user. unique are the
// filters of the user's unique keys, by which one is found that a server has
// not named.
func (us *UserStore[U]) judged(ctx context.Context, what string, err error, unique ...bson.D) error {
	if errors.Is(err, errUnnamedKey) {
		if unique == nil {
			return core.ErrConflict
		}
		if err := us.s.users.vacant(ctx, what, unique...); err != nil {
			return err
		}
		return core.ErrConflict
	}
	var value *core.RefusedError
	if !errors.As(err, &value) {
		return err
	}
	for _, f := range us.model.fields {
		if f.name == value.Field {
			return &core.RefusedError{Field: f.goName, Cause: value.Cause}
		}
	}
	return err
}
