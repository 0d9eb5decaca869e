package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

type tagsRequest struct {
	Tags  []string   `json:"tags"`
	Rules []tagsRule `json:"rules"`
}

type tagsRule struct {
	Strategy   string   `json:"strategy"`
	Constraint string   `json:"constraint"`
	Allow      string   `json:"allow"`
	Ignore     []string `json:"ignore"`
	// Most is how many tags are wanted, all where it is 0.
	Most int `json:"most"`
}

type tagsAnswer struct {
	Rules []tagsFound `json:"rules"`
}

type tagsFound struct {
	// Tags are those that the rule admits, the one to update to first. Of newest-build and digest they are in the given
	// order: what decides there stands in the registry.
	Tags []string `json:"tags"`
	// Admitted is how many there are, wanted or not.
	Admitted int `json:"admitted"`
	// Error says why the rule can't be used, and Field which part of it: constraint, allow or ignore.
	Error string `json:"error,omitempty"`
	Field string `json:"field,omitempty"`
}

// tagsVerb applies rules of Argo CD Image Updater (its pages "Update strategies" and "Configuring images for update") to
// the tags of one repository: allow is a regular expression that is found anywhere, ignore are globs of whole tags.
func tagsVerb(raw json.RawMessage) (any, error) {
	var request tagsRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("tags: %w", err)
	}
	answer := tagsAnswer{make([]tagsFound, len(request.Rules))}
	for i, rule := range request.Rules {
		answer.Rules[i] = rule.apply(request.Tags)
	}
	return answer, nil
}

func (r tagsRule) apply(tags []string) tagsFound {
	allow, err := regexp.Compile(r.Allow)
	if err != nil {
		return tagsFound{Error: err.Error(), Field: "allow"}
	}
	for _, pattern := range r.Ignore {
		if _, err := filepath.Match(pattern, ""); err != nil {
			return tagsFound{Error: fmt.Sprintf("%q: %v", pattern, err), Field: "ignore"}
		}
	}
	admitted := make([]string, 0, len(tags))
	for _, tag := range tags {
		if allow.MatchString(tag) && !r.ignores(tag) {
			admitted = append(admitted, tag)
		}
	}
	switch r.Strategy {
	case "semver":
		if admitted, err = versionsFirst(admitted, r.Constraint); err != nil {
			return tagsFound{Error: err.Error(), Field: "constraint"}
		}
	case "alphabetical":
		slices.Sort(admitted)
		slices.Reverse(admitted)
	case "digest":
		admitted = slices.DeleteFunc(admitted, func(tag string) bool { return tag != r.Constraint })
	}
	found := tagsFound{Tags: admitted, Admitted: len(admitted)}
	if r.Most > 0 && len(admitted) > r.Most {
		found.Tags = admitted[:r.Most]
	}
	return found
}

func (r tagsRule) ignores(tag string) bool {
	return slices.ContainsFunc(r.Ignore, func(pattern string) bool {
		matches, err := filepath.Match(pattern, tag)
		return err == nil && matches
	})
}

// versionsFirst is the tags that are versions within the constraint (any version, prereleases too, where there is none),
// the highest first. Of equal versions (v1.0.0 and 1.0.0) the one that sorts last as text comes first.
func versionsFirst(tags []string, within string) ([]string, error) {
	var constraint *semver.Constraints
	if within != "" {
		var err error
		if constraint, err = semver.NewConstraint(within); err != nil {
			return nil, err
		}
	}
	versions := make([]*semver.Version, 0, len(tags))
	for _, tag := range tags {
		version, err := semver.NewVersion(tag)
		if err == nil && (constraint == nil || constraint.Check(version)) {
			versions = append(versions, version)
		}
	}
	slices.SortFunc(versions, func(a, b *semver.Version) int {
		if order := b.Compare(a); order != 0 {
			return order
		}
		return strings.Compare(b.Original(), a.Original())
	})
	found := make([]string, len(versions))
	for i, version := range versions {
		found[i] = version.Original()
	}
	return found, nil
}
