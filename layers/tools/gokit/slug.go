package main

import (
	"encoding/json"
	"fmt"
)

type slugRequest struct {
	Texts []string `json:"texts"`
}

type slugAnswer struct {
	Slugs []string `json:"slugs"`
}

// slugVerb makes what Argo CD's pull request generator calls branch_slug (its page "Pull Request Generator"): at most 50
// characters, so that there is room for more in a label, and dashes for underscores.
func slugVerb(raw json.RawMessage) (any, error) {
	var request slugRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("slug: %w", err)
	}
	slugs := make([]string, len(request.Texts))
	for i, text := range request.Texts {
		slugs[i] = makeSlug(text, 50, true, map[string]string{"_": "-"})
	}
	return slugAnswer{slugs}, nil
}
