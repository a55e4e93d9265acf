package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

var (
	link = regexp.MustCompile(`\]\(([^)\s]+)(?:\s+"[^"]*")?\)`)
	code = regexp.MustCompile("`[^`]*`")
	// What GitHub leaves out of a heading's anchor.
	punctuation = regexp.MustCompile(`[^\p{L}\p{N}_\- ]`)
)

// checkLinks returns the links of a file that lead nowhere, each with its line.
// Links to other sites are not followed.
func checkLinks(path, text string) []error {
	var problems []error
	for number, line := range prose(text) {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			if err := checkLink(path, found[1]); err != nil {
				problems = append(problems, fmt.Errorf("%d: %w", number+1, err))
			}
		}
	}
	return problems
}

func checkLink(from, target string) error {
	if strings.Contains(target, "://") || strings.HasPrefix(target, "mailto:") {
		return nil
	}
	file, anchor, _ := strings.Cut(target, "#")
	to := from
	if file != "" {
		to = filepath.Join(filepath.Dir(from), file)
	}
	if _, err := os.Stat(to); err != nil {
		return fmt.Errorf("broken link %s", target)
	}
	if anchor == "" || filepath.Ext(to) != ".md" {
		return nil
	}
	text, err := os.ReadFile(to)
	if err != nil {
		return err
	}
	if !hasAnchor(string(text), anchor) {
		return fmt.Errorf("broken link %s: no such heading", target)
	}
	return nil
}

func hasAnchor(text, anchor string) bool {
	for _, line := range prose(text) {
		heading := strings.TrimLeft(line, "#")
		if heading == line {
			continue
		}
		name := punctuation.ReplaceAllString(strings.ToLower(strings.TrimSpace(heading)), "")
		if strings.ReplaceAll(name, " ", "-") == anchor {
			return true
		}
	}
	return false
}

// prose returns the lines of a text, those of code blocks empty.
func prose(text string) []string {
	lines, fenced := strings.Split(text, "\n"), false
	for i, line := range lines {
		fence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if fence {
			fenced = !fenced
		}
		if fence || fenced {
			lines[i] = ""
		}
	}
	return lines
}

// checkIndex returns the Markdown files beside an index that it has no link to.
func checkIndex(path, text string) (problems []error) {
	linked := map[string]bool{filepath.Base(path): true}
	for _, line := range prose(text) {
		for _, found := range link.FindAllStringSubmatch(code.ReplaceAllString(line, ""), -1) {
			file, _, _ := strings.Cut(found[1], "#")
			linked[filepath.Clean(file)] = true
		}
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		return []error{err}
	}
	for _, file := range files {
		if filepath.Ext(file.Name()) == ".md" && !linked[file.Name()] {
			problems = append(problems, fmt.Errorf("1: there is no link to %s", file.Name()))
		}
	}
	return problems
}
