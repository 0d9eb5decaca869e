package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/getsops/sops/v3"
	"github.com/getsops/sops/v3/aes"
	"github.com/getsops/sops/v3/config"
	"github.com/getsops/sops/v3/keyservice"
	"github.com/getsops/sops/v3/stores/dotenv"
	"github.com/getsops/sops/v3/stores/ini"
	sopsjson "github.com/getsops/sops/v3/stores/json"
	sopsyaml "github.com/getsops/sops/v3/stores/yaml"
)

// What went wrong with a file.
const (
	badForm  = "form"  // it is not a SOPS file of its format
	noKey    = "key"   // none of its keys is here
	badMAC   = "mac"   // it was changed after it was encrypted
	badValue = "value" // one of its values can't be decrypted by its key
)

// The order in which keys are tried: what is here costs nothing.
var order = []string{"age", "pgp", "kms"}

func storeFor(format string) sops.Store {
	stores := config.NewStoresConfig()
	switch format {
	case "yaml":
		return sopsyaml.NewStore(&stores.YAML)
	case "json":
		return sopsjson.NewStore(&stores.JSON)
	case "dotenv":
		return dotenv.NewStore(&stores.Dotenv)
	case "ini":
		return ini.NewStore(&stores.INI)
	default:
		return sopsjson.NewBinaryStore(&stores.JSONBinary)
	}
}

// open is what `sops decrypt` does, with the reasons told apart and never a value among them.
func open(given file, keys *keyring) (result opened) {
	defer func() {
		// The stores read what somebody else wrote: whatever they stumble over spoils this file alone.
		if recover() != nil {
			result = opened{Kind: badForm}
		}
	}()
	store := storeFor(given.Format)
	tree, err := store.LoadEncryptedFile(given.Content)
	if err != nil || len(tree.Metadata.KeyGroups) == 0 {
		return opened{Kind: badForm}
	}
	asked := keys.forFile()
	clients := []keyservice.KeyServiceClient{keyservice.NewCustomLocalClient(asked)}
	key, err := tree.Metadata.GetDataKeyWithKeyServices(clients, order)
	if err != nil {
		return opened{Kind: noKey, Tried: asked.reasons(tree.Metadata)}
	}
	sealed, err := store.LoadEncryptedFile(given.Content)
	if err != nil {
		return opened{Kind: badForm}
	}
	cipher := aes.NewCipher()
	mac, err := tree.Decrypt(key, cipher)
	if err != nil {
		return opened{Kind: badValue}
	}
	stamp := tree.Metadata.LastModified.Format(time.RFC3339)
	stored, err := cipher.Decrypt(tree.Metadata.MessageAuthenticationCode, key, stamp)
	if text, isText := stored.(string); err != nil || !isText || text != mac {
		return opened{Kind: badMAC}
	}
	plain, err := store.EmitPlainFile(tree.Branches)
	if err != nil {
		return opened{Kind: badForm}
	}
	var values []string
	for i := range tree.Branches {
		values = collect(sealed.Branches[i], tree.Branches[i], values)
	}
	return opened{Plain: plain, Values: values}
}

// collect adds the plain form of all that is encrypted in one of two equal trees.
func collect(sealed, plain any, values []string) []string {
	switch inner := sealed.(type) {
	case sops.TreeBranch:
		other := plain.(sops.TreeBranch)
		for i := range inner {
			values = collect(inner[i].Key, other[i].Key, values)
			values = collect(inner[i].Value, other[i].Value, values)
		}
	case []any:
		for i := range inner {
			values = collect(inner[i], plain.([]any)[i], values)
		}
	case sops.Comment:
		if strings.HasPrefix(inner.Value, "ENC[") {
			values = append(values, plain.(sops.Comment).Value)
		}
	case string:
		if strings.HasPrefix(inner, "ENC[") {
			values = append(values, fmt.Sprint(plain))
		}
	}
	return values
}
