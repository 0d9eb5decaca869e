// Command gokit answers what only Go libraries answer the way Argo CD does: version ranges, tags, templates, slugs
// and Jsonnet.
//
// It reads one JSON array of requests from standard input and writes one JSON array of answers, in the same order, to
// standard output. Starting a process costs more than any single answer, so callers send everything in one batch; a
// request that can't be answered becomes {"error": "..."} in its place and never spoils its neighbours.
//
// A verb lives in a file of its own and is entered in the table below. gokit opens no connection, and no file but for
// what Jsonnet imports from below the folder that the request names: whatever else a verb needs comes in the request.
//
// Templates are programs that somebody else wrote. A request that takes too long is answered with an error while its
// goroutine runs on until the process ends; a process that grows beyond the limit of memory ends with status 12.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime/metrics"
	"time"
)

// What one request may take, and the whole process.
const (
	maxTime   = 5 * time.Second
	maxMemory = 768 << 20
)

const statusMemory = 12 // ENOMEM

// A verb reads its own fields of a request and returns what is to be encoded as the answer.
type verb func(request json.RawMessage) (any, error)

var verbs = map[string]verb{
	"jsonnet":  jsonnetVerb,
	"match":    matchVerb,
	"notify":   notifyVerb,
	"semver":   semverVerb,
	"slug":     slugVerb,
	"tags":     tagsVerb,
	"template": templateVerb,
}

type failure struct {
	Error string `json:"error"`
}

func main() {
	go watchMemory()
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
		answers[i] = answerWithin(maxTime, request)
	}
	return json.NewEncoder(out).Encode(answers)
}

// answerWithin is answer, or an error once the time is over.
func answerWithin(limit time.Duration, request json.RawMessage) any {
	done := make(chan any, 1)
	go func() { done <- answer(request) }()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case result := <-done:
		return result
	case <-timer.C:
		return failure{fmt.Sprintf("took longer than %s; is there a loop in it?", limit)}
	}
}

// watchMemory ends the process when it has grown too large: nothing else stops a template that makes ever more.
func watchMemory() {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}, {Name: "/memory/classes/heap/stacks:bytes"}}
	for range time.Tick(5 * time.Millisecond) {
		metrics.Read(sample)
		if sample[0].Value.Uint64()+sample[1].Value.Uint64() > maxMemory {
			fmt.Fprintln(os.Stderr, "gokit: the requests need too much memory")
			os.Exit(statusMemory)
		}
	}
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
