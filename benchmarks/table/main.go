// Command table runs the families of benchmarks, each in a process of its own
// whose candidates take turns, and prints the medians with the goals beside
// them.
//
//	go run ./table -bench 'Chi|Verify' -rounds 10
package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"time"
)

var (
	bench     = flag.String("bench", ".", "a regular expression of the families that run")
	rounds    = flag.Int("rounds", 40, "how many turns each candidate has, unless they are very long or very short")
	benchtime = flag.String("benchtime", "25ms",
		"how long a turn takes: short, so that the machine is the same for those that are compared")
	raw      = flag.String("raw", "", "a file for the measurements themselves, which benchstat reads")
	document = flag.String("document", "", "a Markdown file whose table between the comments is replaced")
)

func main() {
	flag.Parse()
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "table:", err)
		os.Exit(1)
	}
}

func run() error {
	wanted, err := regexp.Compile(*bench)
	if err != nil {
		return err
	}
	folder, err := os.MkdirTemp("", "benchmarks")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	program := filepath.Join(folder, "benchmarks.test")
	if err := command("go", "test", "-c", "-o", program, ".").Run(); err != nil {
		return fmt.Errorf("build the benchmarks: %w", err)
	}
	list, err := exec.Command(program, "-test.list", "^Benchmark").Output()
	if err != nil {
		return fmt.Errorf("list the benchmarks: %w", err)
	}
	var all results
	var lines strings.Builder
	for family := range strings.FieldsSeq(string(list)) {
		if !wanted.MatchString(family) {
			continue
		}
		if err := all.measure(program, family, &lines); err != nil {
			return fmt.Errorf("%s: %w", family, err)
		}
	}
	table := fmt.Sprintf("Medians of %d rounds, more of short ones and fewer of long ones, on %d cores, %s, %s.\n\n", *rounds,
		runtime.NumCPU(), runtime.Version(), time.Now().Format(time.DateOnly)) + render(all)
	fmt.Print("\n", table)
	if *raw != "" {
		err = os.WriteFile(*raw, []byte(lines.String()), 0o644)
	}
	if *document != "" {
		err = errors.Join(err, replace(*document, table))
	}
	return err
}

func command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	return c
}

// measure runs a family and shows its lines as they come.
func (r *results) measure(program, family string, lines *strings.Builder) error {
	c := command(program, "-test.run", "^$", "-test.bench", "^"+family+"$", "-test.benchtime", *benchtime,
		"-test.benchmem", "-rounds", strconv.Itoa(*rounds))
	out, err := c.StdoutPipe()
	if err != nil {
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	scanner := bufio.NewScanner(out)
	for scanner.Scan() {
		line := r.line(scanner.Text())
		fmt.Println(line)
		lines.WriteString(line + "\n")
	}
	return errors.Join(scanner.Err(), c.Wait())
}

// replace puts the table between the comments of a Markdown file.
func replace(file, table string) error {
	const begin, end = "<!-- measured -->\n", "<!-- end -->"
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(text), begin)
	_, after, closed := strings.Cut(rest, end)
	if !found || !closed {
		return fmt.Errorf("%s has no %s…%s", file, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(file, []byte(before+begin+"\n"+table+"\n"+end+after), 0o644)
}
