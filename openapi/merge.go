package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Merge returns theirs, another OpenAPI 3.1 document in JSON, with the tags,
// operations and components of ours, for an application that documents its own
// routes by another library. Everything else is as theirs has it: info,
// servers, extensions.
//
// Its error joins what both have and what is not the same: an operation, an
// operation's ID, a component's name. Options.ComponentPrefix sets names apart.
func Merge(theirs, ours []byte) ([]byte, error) {
	merged, err1 := parse("theirs", theirs)
	added, err2 := parse("ours", ours)
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	m := &merging{}
	m.ids(merged, added)
	m.into(merged, "paths", m.paths(merged.objects("paths"), added.objects("paths")))
	components := merged.objects("components")
	for section, ours := range added.objects("components") {
		components[section] = m.names(section, asObject(components[section]), asObject(ours))
	}
	m.into(merged, "components", components)
	var tags, more []json.RawMessage
	m.err(json.Unmarshal(orEmpty(merged["tags"], "[]"), &tags), json.Unmarshal(orEmpty(added["tags"], "[]"), &more))
	for _, tag := range more {
		if !slices.ContainsFunc(tags, func(other json.RawMessage) bool { return nameOf(other) == nameOf(tag) }) {
			tags = append(tags, tag)
		}
	}
	m.into(merged, "tags", tags)
	if err := errors.Join(m.errs...); err != nil {
		return nil, fmt.Errorf("openapi: Merge: %w", err)
	}
	return json.MarshalIndent(merged, "", "  ")
}

// rawObject is an object of JSON whose members are kept as they are written.
type rawObject map[string]json.RawMessage

func parse(whose string, text []byte) (rawObject, error) {
	var o rawObject
	if err := json.Unmarshal(text, &o); err != nil {
		return nil, fmt.Errorf("openapi: Merge: %s is no JSON object: %w", whose, err)
	}
	var version string
	if _ = json.Unmarshal(o["openapi"], &version); !strings.HasPrefix(version, "3.1.") {
		return nil, fmt.Errorf("openapi: Merge: %s is of OpenAPI %q, want 3.1", whose, version)
	}
	return o, nil
}

func asObject(text json.RawMessage) rawObject {
	o := rawObject{}
	_ = json.Unmarshal(orEmpty(text, "{}"), &o) // what is no object has no members
	return o
}

func (o rawObject) objects(name string) rawObject { return asObject(o[name]) }

func orEmpty(text json.RawMessage, empty string) json.RawMessage {
	if text == nil {
		return json.RawMessage(empty)
	}
	return text
}

func nameOf(tag json.RawMessage) string {
	var t struct{ Name string }
	_ = json.Unmarshal(tag, &t) // a tag without a name has the name ""
	return t.Name
}

// merging collects what stands in the way.
type merging struct{ errs []error }

func (m *merging) err(errs ...error) { m.errs = append(m.errs, errs...) }

func (m *merging) into(o rawObject, name string, v any) {
	text, err := json.Marshal(v)
	o[name] = text
	m.err(err)
}

// paths joins two objects of paths, operation by operation.
func (m *merging) paths(theirs, ours rawObject) rawObject {
	forms := map[string]string{}
	for path := range theirs {
		forms[inPath.ReplaceAllString(path, "{}")] = path
	}
	for path, item := range ours {
		if other, there := forms[inPath.ReplaceAllString(path, "{}")]; there && other != path {
			m.err(fmt.Errorf("theirs has the path %s as %s: name the parameter alike", path, other))
		}
		operations := asObject(theirs[path])
		for method, op := range asObject(item) {
			if operations[method] != nil {
				m.err(fmt.Errorf("both have the operation %s %s", strings.ToUpper(method), path))
			}
			operations[method] = op
		}
		m.into(theirs, path, operations)
	}
	return theirs
}

// names joins two sections of the components.
func (m *merging) names(section string, theirs, ours rawObject) json.RawMessage {
	for _, name := range slices.Sorted(maps.Keys(ours)) {
		if other := theirs[name]; other != nil && !equalJSON(other, ours[name]) {
			m.err(fmt.Errorf("both have %s of components/%s, and not the same", name, section))
		}
		theirs[name] = ours[name]
	}
	text, err := json.Marshal(theirs)
	m.err(err)
	return text
}

// ids reports operation IDs that both have.
func (m *merging) ids(theirs, ours rawObject) {
	known := idsOf(theirs)
	for _, id := range idsOf(ours) {
		if slices.Contains(known, id) {
			m.err(fmt.Errorf("both have the operation ID %s: Options.OperationID can choose others", id))
		}
	}
}

func idsOf(doc rawObject) (ids []string) {
	for _, item := range doc.objects("paths") {
		for _, text := range asObject(item) {
			var op struct{ OperationID string }
			if json.Unmarshal(text, &op) == nil && op.OperationID != "" {
				ids = append(ids, op.OperationID)
			}
		}
	}
	slices.Sort(ids)
	return ids
}

// equalJSON reports whether two texts are the same value.
func equalJSON(a, b json.RawMessage) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}
