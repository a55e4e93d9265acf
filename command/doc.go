// Package command is a tree of commands that operate an application's users:
// create the first superuser, look somebody up, end their sessions, migrate the
// database, make keys, import users, and look the set-up over. They run in the
// application's own binary, with its user type, hooks, password policy, hashers
// and stores, as latchkey.Manager does:
//
//	func main() {
//		app := command.App[Account]{Name: "shop", Open: open}
//		if len(os.Args) > 1 {
//			os.Exit(command.Main(ctx, app, os.Args[1:]))
//		}
//		serve()
//	}
//
//	$ shop users create --superuser ada@example.org
//
// New returns the tree for a program that has commands of cobra already:
//
//	root.AddCommand(command.New(app))
//
// The exit codes are 0 for a success, 1 for a failure, 2 for a wrong usage, 3
// if there is no such user or session, 4 if the application refuses, whose code
// is on the standard error, and 5 if a store cannot be reached.
//
// Security notes. A password is prompted for, or read from the standard input,
// and never an argument, which other users of the machine see. Whoever can run
// the commands has every account: they go by the rights on the database, not by
// a login. What users have typed is printed with control characters escaped, so
// that no name can drive the operator's terminal. Secrets are printed by "key
// new", "keys make" and "--link" alone, which are there for it.
package command
