// Command hello prints the version that its build was stamped with.
package main

import (
	"fmt"

	"example.com/dep"
)

func main() { fmt.Println(dep.Version) }
