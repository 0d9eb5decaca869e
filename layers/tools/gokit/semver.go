package main

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/Masterminds/semver/v3"
)

type semverRequest struct {
	Constraint *string  `json:"constraint"`
	Versions   []string `json:"versions"`
}

type semverAnswer struct {
	// Range is false when the constraint is no range: a pinned version ("v1.2", "1.2.3") or no version at all ("main").
	Range bool `json:"range"`
	// Version is the highest of the given versions inside the range, as it was spelled; null when there is none.
	Version *string `json:"version"`
}

// semverVerb picks the highest version in a range, by the rules that Argo CD has for targetRevision (its page "Tracking
// and Deployment Strategies"): what parses as a version is a pin and not a range; names that are no versions are passed
// over; prereleases count only where the range names one ("*-0"); of equal versions the first one given wins.
func semverVerb(raw json.RawMessage) (any, error) {
	var request semverRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("semver: %w", err)
	}
	if request.Constraint == nil {
		return nil, errors.New("semver: constraint is missing")
	}
	if _, err := semver.NewVersion(*request.Constraint); err == nil {
		return semverAnswer{}, nil
	}
	constraint, err := semver.NewConstraint(*request.Constraint)
	if err != nil {
		return semverAnswer{}, nil
	}
	var highest *semver.Version
	for _, name := range request.Versions {
		version, err := semver.NewVersion(name)
		if err != nil || !constraint.Check(version) {
			continue
		}
		if highest == nil || version.GreaterThan(highest) {
			highest = version
		}
	}
	if highest == nil {
		return semverAnswer{Range: true}, nil
	}
	original := highest.Original()
	return semverAnswer{Range: true, Version: &original}, nil
}
