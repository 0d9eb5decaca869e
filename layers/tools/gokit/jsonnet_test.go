package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func evaluate(t *testing.T, files map[string]string, request jsonnetRequest) jsonnetAnswer {
	t.Helper()
	request.Root = filepath.Join(t.TempDir(), "checkout")
	for name, content := range files {
		file := filepath.Join(request.Root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		if target, isLink := strings.CutPrefix(content, "-> "); isLink {
			err = os.Symlink(target, file)
		} else {
			err = os.WriteFile(file, []byte(content), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(request.Root), "secret"), []byte("1"), 0o644); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	result, err := jsonnetVerb(raw)
	if err != nil {
		t.Fatal(err)
	}
	return result.(jsonnetAnswer)
}

func TestImportsComeFromBesideAndThenFromTheLastLibrary(t *testing.T) {
	files := map[string]string{
		"app/main.jsonnet":   `[import "near.libsonnet", import "far.libsonnet", importstr "far.libsonnet"]`,
		"app/near.libsonnet": `"beside"`, "one/near.libsonnet": `"never"`,
		"one/far.libsonnet": `"one"`, "two/far.libsonnet": `"two"`,
	}
	answer := evaluate(t, files, jsonnetRequest{File: "app/main.jsonnet", Paths: []string{"app", "one", "two"}})
	if compact := strings.Join(strings.Fields(answer.Output), " "); compact != `[ "beside", "two", "\"two\"\n" ]` &&
		compact != `[ "beside", "two", "\"two\"" ]` {
		t.Errorf("output: %s, error: %s", compact, answer.Error)
	}
	want := []string{"app/far.libsonnet", "app/main.jsonnet", "app/near.libsonnet", "two/far.libsonnet"}
	if !slices.Equal(want, answer.Read) {
		t.Errorf("read %v", answer.Read)
	}
}

func TestVariablesAreStringsOrCode(t *testing.T) {
	files := map[string]string{"a.jsonnet": `function(n, s) [n + 1, s, std.extVar("x"), std.extVar("y")]`}
	answer := evaluate(t, files, jsonnetRequest{
		File:    "a.jsonnet",
		TLAs:    []jsonnetText{{"n", "1", true}, {"s", "1", false}},
		ExtVars: []jsonnetText{{"x", "[]", true}, {"y", "[]", false}},
	})
	if compact := strings.Join(strings.Fields(answer.Output), ""); compact != `[2,"1",[],"[]"]` {
		t.Errorf("output: %s, error: %s", compact, answer.Error)
	}
}

func TestNothingOutsideOfTheRepositoryIsRead(t *testing.T) {
	for importing, words := range map[string]string{
		`import "../../secret"`:      "points outside",
		`import "/etc/hostname"`:     "absolute path",
		`importstr "link"`:           "points outside",
		`importstr "absolute"`:       "points outside",
		`importstr "../.git/config"`: ".git",
		`importstr "git/config"`:     ".git",
		`import "missing"`:           "couldn't open import",
		`importstr "../app"`:         "couldn't open import",
	} {
		files := map[string]string{
			"app/a.jsonnet": importing, "app/link": "-> ../../secret", "app/absolute": "-> /etc/hostname",
			".git/config": "1", "app/git": "-> ../.git",
		}
		answer := evaluate(t, files, jsonnetRequest{File: "app/a.jsonnet"})
		if answer.Output != "" || !strings.Contains(answer.Error, words) {
			t.Errorf("%s: output %q, error %q", importing, answer.Output, answer.Error)
		}
	}
}

func TestALinkInsideIsFollowedAndNamed(t *testing.T) {
	files := map[string]string{"a.jsonnet": `import "l/x"`, "l": "-> d", "d/x": "1"}
	answer := evaluate(t, files, jsonnetRequest{File: "a.jsonnet"})
	if strings.TrimSpace(answer.Output) != "1" || !slices.Equal([]string{"a.jsonnet", "d/x", "l"}, answer.Read) {
		t.Errorf("%+v", answer)
	}
}

func TestEndlessRecursionEnds(t *testing.T) {
	answer := evaluate(t, map[string]string{"a.jsonnet": "local f(x) = f(x + 1) + 1; f(0)"}, jsonnetRequest{File: "a.jsonnet"})
	if !strings.Contains(answer.Error, "max stack frames exceeded") {
		t.Errorf("%+v", answer)
	}
}
