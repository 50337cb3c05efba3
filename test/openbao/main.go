// OpenBao's own command, built from its module: the tests' vault is the real thing.
package main

import (
	"os"

	"github.com/openbao/openbao/command"
)

func main() { os.Exit(command.Run(os.Args[1:])) }
