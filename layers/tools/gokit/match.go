package main

import (
	"encoding/json"
	"fmt"
	"regexp"
)

type matchRequest struct {
	Pattern string   `json:"pattern"`
	Texts   []string `json:"texts"`
}

type matchAnswer struct {
	Matches []bool `json:"matches"`
}

// matchVerb says in which texts a regular expression is found, anywhere, as the filters of Argo CD's generators have it:
// in Go's syntax, and in time that grows with the text alone.
func matchVerb(raw json.RawMessage) (any, error) {
	var request matchRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("match: %w", err)
	}
	pattern, err := regexp.Compile(request.Pattern)
	if err != nil {
		return nil, err
	}
	matches := make([]bool, len(request.Texts))
	for i, text := range request.Texts {
		matches[i] = pattern.MatchString(text)
	}
	return matchAnswer{matches}, nil
}
