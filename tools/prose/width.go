package main

import (
	"fmt"
	"go/scanner"
	"go/token"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	commentWidth = 80  // columns of a line that holds only a comment
	tabWidth     = 8   // columns of a tab
	codeWidth    = 120 // characters of any other line, a tab being one
	longString   = 60  // characters of a string that may go beyond
)

var (
	directive = regexp.MustCompile(`^//(go:|nolint|line |export )`)
	output    = regexp.MustCompile(`(?i)^//\s*(unordered )?output:`)
)

// wide returns the lines of a file that are too wide.
//
// It leaves out what cannot be broken or must not be: a comment of one word,
// such as a URL; directives for tools; the output that an example's test
// compares; a long string, since a message can be searched for where it is in
// one piece; and rows of tables, which are read one below the other. A row is a
// line that begins with a brace or a string.
func wide(text string) []problem {
	var problems []problem
	kinds := lineKinds(text)
	report := func(line int, format string, n, most int) {
		if n > most {
			problems = append(problems, problem{line: line, what: fmt.Sprintf(format, n, most)})
		}
	}
	for i, line := range strings.Split(text, "\n") {
		line, _, _ = strings.Cut(line, " //nolint:") // says why, to the linter
		words := strings.TrimSpace(line)
		switch kinds[i+1] {
		case comment:
			if !directive.MatchString(words) && len(strings.Fields(words)) > 2 {
				report(i+1, "the comment ends in column %d, beyond %d", columns(line), commentWidth)
			}
		case code:
			if !strings.ContainsAny(words[:1], "{\"`") {
				report(i+1, "the line has %d characters, more than %d", utf8.RuneCountInString(line), codeWidth)
			}
		}
	}
	return problems
}

// kind is what a line holds.
type kind int

const (
	comment  kind = iota + 1 // nothing else
	code                     // and what follows it
	verbatim                 // a long string, or an example's output
)

// lineKinds returns what each line of a file that parses holds. Empty lines are
// missing.
func lineKinds(text string) map[int]kind {
	files := token.NewFileSet()
	file := files.AddFile("", -1, len(text))
	var tokens scanner.Scanner
	tokens.Init(file, []byte(text), nil, scanner.ScanComments)
	kinds := make(map[int]kind)
	compared := 0 // the last line of an example's output
	for {
		pos, tok, literal := tokens.Scan()
		first := file.Line(pos)
		last := first + strings.Count(literal, "\n")
		switch {
		case tok == token.EOF:
			return kinds
		case tok == token.SEMICOLON && literal == "\n": // inserted by the scanner
		case tok == token.STRING && utf8.RuneCountInString(literal) > longString:
			for line := first; line <= last; line++ {
				kinds[line] = verbatim
			}
		case tok != token.COMMENT:
			kinds[last] = max(kinds[last], code)
		case output.MatchString(literal) || compared > 0 && compared == first-1:
			kinds[first], compared = verbatim, first
		default:
			for line := first; line <= last; line++ {
				if kinds[line] == 0 {
					kinds[line] = comment
				}
			}
		}
	}
}

// columns returns how many columns a line takes.
func columns(line string) int {
	return utf8.RuneCountInString(line) + strings.Count(line, "\t")*(tabWidth-1)
}
