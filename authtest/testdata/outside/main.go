// Command outside is a program that is no test, and must not get what is for
// tests alone.
package main

import (
	"fmt"
	"os"

	"github.com/latchkey-go/latchkey/authtest"
)

func main() {
	for name, make := range map[string]func(){
		"hasher":   func() { authtest.Hasher() },
		"provider": func() { authtest.Provider("acme") },
	} {
		func() {
			defer func() { fmt.Println(name+":", recover()) }()
			make()
		}()
	}
	os.Exit(0)
}
