// Command vaultkit is HashiCorp's Vault server, for tests: the `vault` command as it is, in its build without the
// plugins that talk to every cloud and database (tag `minimal`), and as a second program in the same file the two login
// methods that this leaves out and that Mooring speaks. `vaultkit serve-plugin aws` is what the server starts for it.
package main

import (
	"fmt"
	"os"

	kubernetes "github.com/hashicorp/vault-plugin-auth-kubernetes"
	aws "github.com/hashicorp/vault/builtin/credential/aws"
	"github.com/hashicorp/vault/command"
	"github.com/hashicorp/vault/sdk/logical"
	"github.com/hashicorp/vault/sdk/plugin"
)

var methods = map[string]logical.Factory{"aws": aws.Factory, "kubernetes": kubernetes.Factory}

func main() {
	if len(os.Args) == 3 && os.Args[1] == "serve-plugin" {
		if err := plugin.ServeMultiplex(&plugin.ServeOpts{BackendFactoryFunc: methods[os.Args[2]]}); err != nil {
			fmt.Fprintln(os.Stderr, "vaultkit:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(command.Run(os.Args[1:]))
}
