// Command registrykit is the reference registry of the CNCF's Distribution project, for tests: its `registry` command
// as it is, with storage in memory or in a folder, and with the two ways of asking who somebody is that tests need.
// What is left out are the drivers that store in clouds, which weigh more than all the rest.
package main

import (
	"fmt"
	"os"

	"github.com/distribution/distribution/v3/registry"
	_ "github.com/distribution/distribution/v3/registry/auth/htpasswd"
	_ "github.com/distribution/distribution/v3/registry/auth/token"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/inmemory"
)

func main() {
	if err := registry.RootCmd.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "registrykit:", err)
		os.Exit(1)
	}
}
