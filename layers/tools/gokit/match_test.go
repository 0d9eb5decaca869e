package main

import (
	"reflect"
	"strings"
	"testing"
)

func TestAPatternIsFoundAnywhere(t *testing.T) {
	got := ask(t, map[string]any{"verb": "match", "pattern": "^feat|x$", "texts": []string{"feature", "a-feat", "ax", ""}})
	if want := []any{true, false, true, false}; !reflect.DeepEqual(want, got["matches"]) {
		t.Fatalf("want %v, got %v", want, got)
	}
}

func TestAPatternTakesNoLongerThanItsText(t *testing.T) {
	got := ask(t, map[string]any{"verb": "match", "pattern": "(a+)+$", "texts": []string{strings.Repeat("a", 10000) + "!"}})
	if want := []any{false}; !reflect.DeepEqual(want, got["matches"]) {
		t.Fatalf("want %v, got %v", want, got)
	}
}

func TestAPatternThatIsNoneIsAnError(t *testing.T) {
	if got := ask(t, map[string]any{"verb": "match", "pattern": "(?=a)"}); got["error"] == nil {
		t.Fatalf("was accepted: %v", got)
	}
}
