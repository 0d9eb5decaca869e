package main

import (
	"encoding/json"
	"testing"
)

func TestTheHighestVersionInsideARangeIsChosen(t *testing.T) {
	tags := []string{
		"latest", "v0.9.0", "v1.0.0", "v1.0.1", "1.2.0", "v1.2.0", "v1.10.0", "v2.0.0-rc.1", "v2.0.0-rc.2", "2.0",
		"v3.0.0-alpha", "2026.11-LTS", "01.02.03",
	}
	cases := []struct {
		constraint string
		isRange    bool
		want       string
	}{
		{"1.*", true, "v1.10.0"},
		{"v1.*", true, "v1.10.0"},
		{"1.x.x", true, "v1.10.0"},
		{"1.0.x", true, "v1.0.1"},
		{"~1.0.0", true, "v1.0.1"},
		{"^1.0", true, "v1.10.0"},
		{">=1.2 <2", true, "v1.10.0"},
		{">=1.2, <1.10", true, "01.02.03"}, // leading zeros are read over
		{"> v1.0.0 < v1.2.0", true, "v1.0.1"},
		{"=1.2.0", true, "1.2.0"},
		{"1.0.0 - 1.2.0", true, "1.2.0"},
		{"<1 || ~1.0", true, "v1.0.1"},
		{"!=2.0 <2026", true, "v1.10.0"},
		{"2.*", true, "2.0"},
		{">=2.0.0-0 <2.0.0", true, "v2.0.0-rc.2"},
		{">=3.0.0-0 <2026", true, "v3.0.0-alpha"},
		{"*", true, "2.0"},
		{"*-0", true, "2026.11-LTS"},
		{"5.*", true, ""},
		{"1.2.0", false, ""},
		{"v1.2", false, ""},
		{"2", false, ""},
		{"2026.11-LTS", false, ""},
		{"main", false, ""},
		{"feature/x", false, ""},
		{"release-1.*", false, ""},
		{"", false, ""},
	}
	for _, c := range cases {
		t.Run(c.constraint, func(t *testing.T) {
			got := ask(t, map[string]any{"verb": "semver", "constraint": c.constraint, "versions": tags})
			if c.isRange != got["range"] {
				t.Fatalf("want range %v, got %v", c.isRange, got)
			}
			chosen, _ := got["version"].(string)
			if c.want != chosen {
				t.Fatalf("want %q, got %q", c.want, chosen)
			}
		})
	}
}

func TestARangeOverNoVersionsFindsNothing(t *testing.T) {
	got := ask(t, map[string]any{"verb": "semver", "constraint": "*"})
	if got["range"] != true || got["version"] != nil {
		t.Fatalf("want a range without a version, got %v", got)
	}
}

func ask(t *testing.T, request map[string]any) map[string]any {
	t.Helper()
	raw, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	encoded, err := json.Marshal(answer(raw))
	if err != nil {
		t.Fatal(err)
	}
	var decoded map[string]any
	if err := json.Unmarshal(encoded, &decoded); err != nil {
		t.Fatal(err)
	}
	return decoded
}
