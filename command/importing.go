package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/latchkey-go/latchkey/importers"
)

// importFlags are those of import.
type importFlags struct {
	source                                  sourceFlags
	dry, sure, dropHashes                   bool
	after, ids, origin, problems, writeFile string
	rename, providers                       []string
}

func (t *tree[U, PU]) imports() *cobra.Command {
	var f importFlags
	cmd := leaf("import", []string{"SOURCE", "[FROM]"}, "Import the users of another system, with their passwords",
		"SOURCE is jsonl, whose FROM is a file of JSON Lines, or the database of "+strings.Join(databases(), ", ")+",\n"+
			"or of any other system: table. Its FROM is a URL (file:, postgres: or mysql:), or comes from "+fromEnv+",\n"+
			"as other users of the machine see a URL with its password.\n\n"+
			"It first looks what would happen, and asks. It may be interrupted, and run again: who is here already is left\n"+
			"alone, and --after spares looking at them.", func(ctx context.Context, p *printer, args []string) error {
			o, err := f.options()
			if err != nil {
				return err
			}
			source, closeSource, err := f.source.open(ctx, p, args)
			if err != nil {
				return err
			}
			defer closeSource()
			if f.writeFile != "" {
				return p.writeLines(ctx, f.writeFile, source)
			}
			return t.opened(func(ctx context.Context, c *call[U]) error {
				return t.importFrom(ctx, c, source, o, &f)
			})(ctx, p, args)
		})
	f.add(cmd)
	return cmd
}

func (f *importFlags) add(cmd *cobra.Command) {
	s := cmd.Flags()
	s.BoolVar(&f.dry, "dry-run", false, "look what would happen, and store nothing")
	s.BoolVar(&f.sure, "yes", false, "neither look first nor ask")
	s.BoolVar(&f.dropHashes, "drop-hashes", false, "import users whose hash no hasher has without a password")
	s.StringVar(&f.after, "after", "", "go on after the record with this key")
	s.StringVar(&f.ids, "ids", "uuid", "how IDs are made: uuid, kept or objectid")
	s.StringVar(&f.origin, "origin", "", "a name of the source, where several have the same IDs")
	s.StringArrayVar(&f.rename, "rename", nil, "SOURCE=NAME: a member's JSON name here; empty leaves it out")
	s.StringArrayVar(&f.providers, "provider", nil, "SOURCE=NAME: a provider's name here; empty leaves it out")
	s.StringVar(&f.problems, "problems", "", "write what was not imported to this new file, as JSON Lines")
	s.StringVar(&f.writeFile, "write", "", "import nothing, and write the users to this new file, as JSON Lines")
	exclusive(cmd, "dry-run", "yes")
	exclusive(cmd, "dry-run", "write")
	f.source.add(cmd)
}

// options are the importer's.
func (f *importFlags) options() (o importers.Options, err error) {
	ids := map[string]importers.IDs{"uuid": importers.UUIDs, "kept": importers.Kept, "objectid": importers.ObjectIDs}
	kind, ok := ids[f.ids]
	if !ok {
		return o, usage("--ids is uuid, kept or objectid, not %q", f.ids)
	}
	o = importers.Options{DryRun: f.dry, After: f.after, IDs: kind, Origin: f.origin, DropHashes: f.dropHashes}
	if o.Rename, err = pairs("rename", f.rename); err == nil {
		o.Providers, err = pairs("provider", f.providers)
	}
	return o, err
}

// pairs reads the values NAME=VALUE of a flag.
func pairs(flag string, values []string) (map[string]string, error) {
	m := map[string]string{}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return nil, usage("--%s %s: write NAME=VALUE", flag, v)
		}
		m[name] = value
	}
	return m, nil
}

// importFrom looks what would happen and asks, unless a flag says otherwise,
// and imports.
func (t *tree[U, PU]) importFrom(
	ctx context.Context, c *call[U], source importers.Source, o importers.Options, f *importFlags,
) error {
	if !f.dry && !f.sure {
		if in, ok := c.in.(*os.File); !ok || !isTerminal(in) {
			return usage("there is no terminal to ask whether you are sure: use --dry-run first, then --yes")
		}
		look := o
		look.DryRun = true
		report, err := t.runImport(ctx, c, source, look)
		if err != nil {
			return err
		}
		if err := c.report(report); err != nil || report.Imported == 0 {
			return err
		}
		if err := c.confirm(ctx, fmt.Sprintf("Import %d users?", report.Imported)); err != nil {
			return err
		}
	}
	finish, err := f.keepProblems(&o)
	if err != nil {
		return err
	}
	report, err := t.runImport(ctx, c, source, o)
	return errors.Join(err, c.report(report), finish())
}

// runImport imports with a bar, and says where to go on after an error.
func (t *tree[U, PU]) runImport(
	ctx context.Context, c *call[U], source importers.Source, o importers.Options,
) (importers.Report, error) {
	what := "importing"
	if o.DryRun {
		what = "looking"
	}
	bar := c.progress(what, 0)
	o.Progress = func(r importers.Report) { bar.set(r.Done(), r.Total) }
	report, err := importers.Run[U, PU](ctx, c.people, source, o)
	bar.end()
	if err == nil {
		return report, nil
	}
	resume := ""
	if report.After != "" && !o.DryRun {
		resume = fmt.Sprintf("\nWhat was imported stays. Go on with --after %s", quoted(report.After))
	}
	if ctx.Err() != nil {
		return report, &failure{cause: err, exit: exitFailed, text: "interrupted" + resume}
	}
	return report, &failure{cause: err, exit: exitUnavailable, text: err.Error() + resume}
}

// quoted is a text as a shell takes it.
func quoted(s string) string {
	plain := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("-_.:@/", r)
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !plain(r) }) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}

// keepProblems lets results that are no imports be written to a file.
func (f *importFlags) keepProblems(o *importers.Options) (finish func() error, err error) {
	if f.problems == "" {
		return func() error { return nil }, nil
	}
	file, err := os.OpenFile(f.problems, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	out, failed := json.NewEncoder(file), error(nil)
	o.Each = func(r importers.Result) {
		if r.Outcome != importers.Imported && r.Outcome != importers.Same && failed == nil {
			failed = out.Encode(problem(r))
		}
	}
	return func() error { return errors.Join(failed, file.Close()) }, nil
}

// writeLines writes a source's users to a new file.
func (p *printer) writeLines(ctx context.Context, path string, source importers.Source) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	left := 0
	bar := p.progress("writing", 0)
	err = importers.WriteJSONLines(ctx, file, source, func(importers.Result) { left++ })
	bar.end()
	if err = errors.Join(err, file.Close()); err != nil {
		return unasked(err)
	}
	if p.json {
		return p.object(struct {
			File string `json:"file"`
			Left int    `json:"left"`
		}{path, left})
	}
	return p.say("The users are in %s; %s.", path,
		count(left, "no record was left out", "record was left out", "records were left out"))
}
