package server

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/latchkey-go/latchkey/integration/long"
)

var mySQL = dialect{
	open: func(addr string) (*sql.DB, error) {
		config, err := mysql.ParseDSN(addr)
		if err != nil {
			return nil, err
		}
		config.Logger = &mysql.NopLogger{} // it would log a server that is not there yet
		connector, err := mysql.NewConnector(config)
		if err != nil {
			return nil, err
		}
		return sql.OpenDB(connector), nil
	},
	within: func(addr, database string) (string, error) {
		config, err := mysql.ParseDSN(addr)
		if err != nil {
			return "", err
		}
		config.DBName = database
		return config.FormatDSN(), nil
	},
	create: "CREATE DATABASE %s CHARACTER SET utf8mb4",
	drop:   "DROP DATABASE %s",
}

var mariaDB = &engine{
	name:     "MariaDB",
	variable: "LATCHKEY_TEST_MARIADBD",
	given:    "LATCHKEY_TEST_MYSQL",
	prepare:  bootstrapMariaDB,
	command: func(s *instance, program string) []string {
		command := []string{program, "--no-defaults", "--datadir=" + s.folder, "--bind-address=127.0.0.1", "--port=" +
			strconv.Itoa(s.port),
			"--socket=socket", "--skip-name-resolve", "--character-set-server=utf8mb4", "--max-connections=200",
			// A million rows in the random order of their keys are
			// read and written over and over where they do not fit.
			fmt.Sprintf("--innodb-buffer-pool-size=%dM", long.Count(32, 1024))}
		if !s.durable {
			command = append(command, "--innodb-flush-log-at-trx-commit=0", "--innodb-flush-method=nosync")
		}
		return command
	},
	address: func(port int) string { return fmt.Sprintf("root@tcp(127.0.0.1:%d)/", port) },
	ping:    mySQL.ping,
	stop:    syscall.SIGTERM,
	abandon: syscall.SIGKILL,
}

// MariaDB returns the DSN, for go-sql-driver/mysql, of a new, empty database on
// the server that the package's tests share. Its user has all rights; it has no
// parameters. The database is dropped at the end of t, which waits for
// transactions.
func MariaDB(t testing.TB) string {
	t.Helper()
	return newDatabase(t, mariaDB, mySQL)
}

// StartMariaDB starts a MariaDB whose commits reach the disk.
func StartMariaDB(t testing.TB) *Process {
	t.Helper()
	return startDatabase(t, mariaDB, mySQL)
}

// bootstrapMariaDB does what mariadb-install-db does, without the help and
// without a second package.
func bootstrapMariaDB(s *instance, program string) error {
	scripts, err := mariaDBScripts(program)
	if err != nil {
		return err
	}
	input := []io.Reader{strings.NewReader("CREATE DATABASE mysql;\nUSE mysql;\nSET @auth_root_socket = NULL;\n")}
	for _, name := range []string{"mysql_system_tables.sql", "mysql_performance_tables.sql",
		"mysql_system_tables_data.sql"} {
		file, err := os.Open(filepath.Join(scripts, name))
		if err != nil {
			return err
		}
		defer func() { _ = file.Close() }()
		input = append(input, file)
	}
	return s.run(io.MultiReader(input...), program, "--no-defaults", "--bootstrap", "--datadir="+s.folder,
		"--innodb-flush-method=nosync")
}

var charsetsFolder = regexp.MustCompile(`(?m)^character-sets-dir +(\S.*)/charsets/?$`)

// mariaDBScripts asks the program where its own files are, since it may have
// been moved.
func mariaDBScripts(program string) (string, error) {
	settings, err := exec.Command(program, "--no-defaults", "--verbose", "--help").Output()
	if err != nil {
		return "", err
	}
	found := charsetsFolder.FindSubmatch(settings)
	if found == nil {
		return "", errors.New("it does not say where its files are")
	}
	return string(found[1]), nil
}
