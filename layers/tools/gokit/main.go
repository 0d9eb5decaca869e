// Command gokit answers what only Go libraries answer the way Argo CD does: version ranges today, templates later.
//
// It reads one JSON array of requests from standard input and writes one JSON array of answers, in the same order, to
// standard output. Starting a process costs more than any single answer, so callers send everything in one batch; a
// request that can't be answered becomes {"error": "..."} in its place and never spoils its neighbours.
//
// A verb lives in a file of its own and is entered in the table below. gokit opens no file and no connection: whatever
// a verb needs comes in the request.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// A verb reads its own fields of a request and returns what is to be encoded as the answer.
type verb func(request json.RawMessage) (any, error)

var verbs = map[string]verb{
	"semver": semverVerb,
}

type failure struct {
	Error string `json:"error"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "gokit:", err)
		os.Exit(1)
	}
}

// run answers one batch. It fails only when the batch as a whole can't be read or the answers can't be written.
func run(in io.Reader, out io.Writer) error {
	var requests []json.RawMessage
	if err := json.NewDecoder(in).Decode(&requests); err != nil {
		return fmt.Errorf("standard input must be a JSON array of requests: %w", err)
	}
	answers := make([]any, len(requests))
	for i, request := range requests {
		answers[i] = answer(request)
	}
	return json.NewEncoder(out).Encode(answers)
}

// answer never panics: a library that does is an error of that one request.
func answer(request json.RawMessage) (result any) {
	defer func() {
		if cause := recover(); cause != nil {
			result = failure{fmt.Sprintf("internal error: %v", cause)}
		}
	}()
	var head struct {
		Verb string `json:"verb"`
	}
	if err := json.Unmarshal(request, &head); err != nil {
		return failure{"a request must be an object with a verb"}
	}
	run, known := verbs[head.Verb]
	if !known {
		return failure{fmt.Sprintf("unknown verb %q", head.Verb)}
	}
	result, err := run(request)
	if err != nil {
		return failure{err.Error()}
	}
	return result
}
