package pagewalk

import (
	"net/url"
	"slices"
	"strings"

	"golang.org/x/net/html"
)

// Submit sends the form of an ID as a browser would, with fields changed, in
// pairs: an empty value empties a text, and unticks a checkbox.
func (p Page) Submit(id string, changes ...string) Page {
	p.b.t.Helper()
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		p.b.t.Fatal(err)
	}
	form := find(doc, func(n *html.Node) bool { return n.Data == "form" && attribute(n, "id") == id })
	if form == nil {
		p.b.t.Fatalf("%s: there is no form %q\n%s", p.path, id, p.Body)
	}
	fields := fieldsOf(form)
	for pair := range slices.Chunk(changes, 2) {
		if _, there := fields[pair[0]]; !there && pair[1] != "" && !p.has(form, pair[0]) {
			p.b.t.Fatalf("%s: the form %s has no field %q", p.path, id, pair[0])
		}
		fields.Set(pair[0], pair[1])
		if pair[1] == "" && isCheckbox(form, pair[0]) {
			fields.Del(pair[0])
		}
	}
	action := strings.TrimPrefix(attribute(form, "action"), p.b.base)
	if attribute(form, "method") == "get" {
		return p.b.Get(action + "?" + fields.Encode())
	}
	return p.b.Do(strings.ToUpper(attribute(form, "method")), action, "application/x-www-form-urlencoded", fields.Encode())
}

func (p Page) has(form *html.Node, name string) bool {
	return find(form, func(n *html.Node) bool { return attribute(n, "name") == name }) != nil
}

// Links returns the targets of all links of a page.
func (p Page) Links() (all []string) {
	doc, err := html.Parse(strings.NewReader(p.Body))
	if err != nil {
		p.b.t.Fatal(err)
	}
	find(doc, func(n *html.Node) bool {
		for _, name := range []string{"href", "src", "action", "formaction"} {
			if target := attribute(n, name); target != "" {
				all = append(all, target)
			}
		}
		return false
	})
	return all
}

func isCheckbox(form *html.Node, name string) bool {
	return find(form, func(n *html.Node) bool {
		return attribute(n, "name") == name && attribute(n, "type") == "checkbox"
	}) != nil
}

// fieldsOf returns what a browser sends of a form that nobody has touched.
func fieldsOf(form *html.Node) url.Values {
	fields := url.Values{}
	find(form, func(n *html.Node) bool {
		name := attribute(n, "name")
		switch {
		case name == "" || n.Data == "button":
		case n.Data == "textarea":
			value := ""
			if n.FirstChild != nil {
				value = n.FirstChild.Data
			}
			fields.Set(name, strings.ReplaceAll(value, "\n", "\r\n"))
		case n.Data == "select":
			fields.Set(name, selected(n))
		case n.Data != "input":
		case attribute(n, "type") == "checkbox" && !hasAttribute(n, "checked"):
		default:
			fields.Set(name, attribute(n, "value"))
		}
		return false
	})
	return fields
}

func selected(list *html.Node) string {
	option := find(list, func(n *html.Node) bool { return n.Data == "option" && hasAttribute(n, "selected") })
	if option == nil {
		option = find(list, func(n *html.Node) bool { return n.Data == "option" })
	}
	if option == nil {
		return ""
	}
	return attribute(option, "value")
}

// find returns the first element below n that is wanted.
func find(n *html.Node, wanted func(*html.Node) bool) *html.Node {
	for d := range n.Descendants() {
		if d.Type == html.ElementNode && wanted(d) {
			return d
		}
	}
	return nil
}

func attribute(n *html.Node, name string) string {
	for _, a := range n.Attr {
		if a.Key == name {
			return a.Val
		}
	}
	return ""
}

func hasAttribute(n *html.Node, name string) bool {
	return slices.ContainsFunc(n.Attr, func(a html.Attribute) bool { return a.Key == name })
}
