// Command sopskit opens SOPS files, many in one run, with the library that the sops command is made of.
//
// It reads one JSON request from standard input and writes one JSON answer to standard output; it writes no file, and
// says nothing on standard error but why a whole request can't be read. Keys come in the request (age identities,
// armored PGP private keys) or from AWS KMS by the role of the process. Files that name other services (Vault, other
// clouds) are refused for these keys: opening somebody's file must not make this process talk to an address of theirs.
//
// What was asked of a key once is not asked again: parts of data keys that are known are part of the request, and all
// that were found out are part of the answer.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"sync"

	"github.com/sirupsen/logrus"

	"github.com/getsops/sops/v3/logging"
)

const atOnce = 8 // files opened side by side: the time goes into waiting for KMS

type request struct {
	Files      []file            `json:"files"`
	Identities []string          `json:"identities"`
	PGP        []string          `json:"pgp"`
	Known      map[string][]byte `json:"known"`
	Allowed    []string          `json:"allowed"` // patterns of keys that may be used; null is any
}

type file struct {
	Format  string `json:"format"`
	Content []byte `json:"content"`
}

// An opened file has its plain content and the values that were encrypted in it; one that can't be opened says why.
type opened struct {
	Plain  []byte   `json:"plain,omitempty"`
	Values []string `json:"values,omitempty"`
	Kind   string   `json:"kind,omitempty"`
	Tried  []string `json:"tried,omitempty"`
}

type response struct {
	Files []opened          `json:"files"`
	Known map[string][]byte `json:"known"`
}

func main() {
	logrus.SetOutput(io.Discard) // no library tells of what it meets
	for _, logger := range logging.Loggers {
		logger.SetOutput(io.Discard)
	}
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "sopskit:", err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	var asked request
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return fmt.Errorf("standard input must be a JSON request")
	}
	keys, err := newKeyring(asked)
	if err != nil {
		return err
	}
	answers := make([]opened, len(asked.Files))
	var waiting sync.WaitGroup
	slots := make(chan struct{}, atOnce)
	for i, each := range asked.Files {
		waiting.Add(1)
		slots <- struct{}{}
		go func() {
			defer waiting.Done()
			defer func() { <-slots }()
			answers[i] = open(each, keys)
		}()
	}
	waiting.Wait()
	return json.NewEncoder(out).Encode(response{answers, keys.found()})
}
