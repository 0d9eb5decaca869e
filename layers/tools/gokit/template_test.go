package main

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

func render(t *testing.T, source string, params map[string]any, options ...string) map[string]any {
	t.Helper()
	got := ask(t, map[string]any{"verb": "template", "tree": source, "params": []any{params}, "options": options})
	results, found := got["results"].([]any)
	if !found {
		t.Fatalf("no results: %v", got)
	}
	return results[0].(map[string]any)
}

func TestEveryFunctionOfArgoCDIsThere(t *testing.T) {
	params := map[string]any{
		"name": "Feature/My_Thing", "list": []any{"a", "b"}, "deep": map[string]any{"one": 1, "text": "x"}, "part": "{{ .deep.text }}",
	}
	cases := []struct{ source, want string }{
		{`plain`, `plain`},
		{`{{ .name }}`, `Feature/My_Thing`},
		{`{{ normalize .name }}`, `feature-my-thing`},
		{`{{ slugify .name }}`, `feature-my-thing`},
		{`{{ slugify 9 .name }}`, `feature-m`},
		{`{{ slugify 9 true .name }}`, `feature`},
		{`{{ .deep | toYaml }}`, "one: 1\ntext: x"},
		{`{{ (fromYaml "a: {b: 7}").a.b }}`, `7`},
		{`{{ index (fromYamlArray "[x, z]") 1 }}`, `z`},
		{`{{ .list | toJson }}`, `["a","b"]`},
		{`{{ (fromJson "{\"k\": true}").k }}`, `true`},
		{`{{ .absent | default "none" }}`, `none`},
		{`{{ dig "a" "b" "else" .deep }}`, `else`},
		{`{{ index .list 1 | upper | quote }}`, `"B"`},
		{`{{ tpl .part . }}`, `x`},
		{`{{ range $i, $e := .list }}{{ $i }}{{ $e }}{{ end }}`, `0a1b`},
		{`{{ seq 1 3 }} {{ until 3 }} {{ repeat 2 "ab" }} {{ indent 2 "x" }}`, `1 2 3 [0 1 2] abab   x`},
		{`{{ .absent }}`, `<no value>`},
	}
	for _, c := range cases {
		t.Run(c.source, func(t *testing.T) {
			if got := render(t, c.source, params); got["tree"] != c.want {
				t.Fatalf("want %q, got %v", c.want, got)
			}
		})
	}
}

func TestNothingTellsAboutTheMachine(t *testing.T) {
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		got := render(t, `{{ `+name+` "HOME" }}`, nil)
		if message, _ := got["error"].(string); !strings.Contains(message, "not defined") {
			t.Fatalf("%s is there: %v", name, got)
		}
	}
}

func TestOneTreeForEachSetAndAnErrorNamesItsPath(t *testing.T) {
	got := ask(t, map[string]any{
		"verb":    "template",
		"options": []string{"missingkey=error"},
		"tree": map[string]any{
			"labels": map[string]any{"{{ .key }}": "{{ .value }}"}, "list": []any{"x", "{{ .value }}"}, "port": 80, "on": true, "off": nil,
		},
		"params": []any{map[string]any{"key": "k", "value": "v"}, map[string]any{"key": "k"}, map[string]any{"key": "l", "value": "<&>"}},
	})
	results := got["results"].([]any)
	first := map[string]any{
		"labels": map[string]any{"k": "v"}, "list": []any{"x", "v"}, "port": float64(80), "on": true, "off": nil,
	}
	if tree := results[0].(map[string]any)["tree"]; !reflect.DeepEqual(first, tree) {
		t.Fatalf("want %v, got %v", first, tree)
	}
	failed := results[1].(map[string]any)
	if failed["path"] != "labels.{{ .key }}" || !strings.Contains(failed["error"].(string), `no entry for key "value"`) {
		t.Fatalf("want the path and the key, got %v", failed)
	}
	third := results[2].(map[string]any)["tree"].(map[string]any)
	if want := map[string]any{"l": "<&>"}; !reflect.DeepEqual(want, third["labels"]) {
		t.Fatalf("want %v, got %v", want, third["labels"])
	}
}

func TestABrokenTemplateIsAnErrorOfItsString(t *testing.T) {
	got := ask(t, map[string]any{"verb": "template", "tree": []any{"ok", "{{ if }}"}, "params": []any{map[string]any{}}})
	failed := got["results"].([]any)[0].(map[string]any)
	if failed["path"] != "[1]" || failed["error"] == "" {
		t.Fatalf("want an error at [1], got %v", failed)
	}
}

func TestAnUnknownOptionIsRefused(t *testing.T) {
	for _, option := range []string{"missingkey=maybe", "nonsense", ""} {
		got := ask(t, map[string]any{"verb": "template", "tree": "", "options": []string{option}})
		if _, failed := got["error"]; !failed {
			t.Fatalf("%q was accepted: %v", option, got)
		}
	}
}

func TestWhatWouldFillTheMemoryIsRefused(t *testing.T) {
	for _, source := range []string{
		`{{ repeat 2000000 "x" }}`,
		`{{ until 2000000 }}`,
		`{{ untilStep 0 2000000 1 }}`,
		`{{ seq 2000000 }}`,
		`{{ seq 0 1 2000000 }}`,
		`{{ indent 2000000 "x" }}`,
		`{{ randAlphaNum 2000000 }}`,
		`{{ range until 90000 }}0123456789abcdef{{ end }}`,
		`{{ define "t" }}{{ tpl . . }}{{ end }}{{ $s := "{{ tpl . . }}" }}{{ tpl $s $s }}`,
	} {
		if got := render(t, source, nil); got["error"] == nil {
			t.Fatalf("%s was rendered", source)
		}
	}
}

func TestALoopIsAnErrorAfterItsTime(t *testing.T) {
	raw, err := json.Marshal(map[string]any{
		"verb": "template", "params": []any{map[string]any{}},
		"tree": "{{ range until 20000 }}{{ range until 20000 }}{{ end }}{{ end }}",
	})
	if err != nil {
		t.Fatal(err)
	}
	got, isFailure := answerWithin(20*time.Millisecond, raw).(failure)
	if !isFailure || !strings.Contains(got.Error, "took longer") {
		t.Fatalf("want a failure, got %v", got)
	}
}

func TestBranchesBecomeSlugs(t *testing.T) {
	got := ask(t, map[string]any{"verb": "slug", "texts": []string{
		"feature/My_Thing", "", "a-very-long-name-for-a-branch-that-somebody-has-chosen-badly", "grün & blau",
	}})
	want := []any{"feature-my-thing", "", "a-very-long-name-for-a-branch-that-somebody-has", "grun-and-blau"}
	if !reflect.DeepEqual(want, got["slugs"]) {
		t.Fatalf("want %v, got %v", want, got["slugs"])
	}
}
