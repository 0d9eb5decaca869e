package main

import (
	"reflect"
	"testing"
)

func TestTagsAreOrderedByTheRule(t *testing.T) {
	tags := []string{"latest", "v1.2.0", "v1.3.0", "1.3.0", "qa-v1.0.7", "v2.0.0-rc1", "v1.10.0", "2026-01-02", "0.9"}
	released := `^v[0-9]+\.[0-9]+\.[0-9]+$`
	cases := []struct {
		name string
		rule map[string]any
		want []any
	}{
		{"versions", map[string]any{"strategy": "semver"}, []any{"2026-01-02", "v2.0.0-rc1", "v1.10.0", "v1.3.0", "1.3.0", "v1.2.0", "0.9"}},
		{"in a range", map[string]any{"strategy": "semver", "constraint": "~1.3"}, []any{"v1.3.0", "1.3.0"}},
		{"with prereleases", map[string]any{"strategy": "semver", "constraint": "2.x-0"}, []any{"v2.0.0-rc1"}},
		{"allowed", map[string]any{"strategy": "semver", "allow": released}, []any{"v1.10.0", "v1.3.0", "v1.2.0"}},
		{"ignored", map[string]any{"strategy": "semver", "constraint": "1.x", "ignore": []string{"v1.1?.*"}}, []any{"v1.3.0", "1.3.0", "v1.2.0"}},
		{"names", map[string]any{"strategy": "alphabetical", "most": 2}, []any{"v2.0.0-rc1", "v1.3.0"}},
		{"one tag", map[string]any{"strategy": "digest", "constraint": "latest"}, []any{"latest"}},
		{"no tag", map[string]any{"strategy": "digest", "constraint": "latest", "ignore": []string{"*"}}, []any{}},
		{"as given", map[string]any{"strategy": "newest-build", "allow": "^v1"}, []any{"v1.2.0", "v1.3.0", "v1.10.0"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := ask(t, map[string]any{"verb": "tags", "tags": tags, "rules": []any{c.rule}})
			rule := got["rules"].([]any)[0].(map[string]any)
			if !reflect.DeepEqual(c.want, rule["tags"]) {
				t.Fatalf("want %v, got %v", c.want, rule)
			}
		})
	}
}

func TestARuleThatCannotBeUsedSaysWhichPart(t *testing.T) {
	for field, rule := range map[string]map[string]any{
		"constraint": {"strategy": "semver", "constraint": "no range"},
		"allow":      {"strategy": "semver", "allow": "("},
		"ignore":     {"strategy": "semver", "ignore": []string{"[a"}},
	} {
		got := ask(t, map[string]any{"verb": "tags", "tags": []string{}, "rules": []any{rule}})
		if found := got["rules"].([]any)[0].(map[string]any); found["field"] != field || found["error"] == "" {
			t.Errorf("%s: got %v", field, found)
		}
	}
}
