package main

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
)

func TestAnErrorTakesThePlaceOfItsAnswerOnly(t *testing.T) {
	cases := []struct {
		request string
		want    string
	}{
		{`{"verb":"semver","constraint":"1.*","versions":["1.4.0"]}`, `{"range":true,"version":"1.4.0"}`},
		{`{"verb":"divine"}`, `{"error":"unknown verb \"divine\""}`},
		{`{}`, `{"error":"unknown verb \"\""}`},
		{`7`, `{"error":"a request must be an object with a verb"}`},
		{`{"verb":"semver"}`, `{"error":"semver: constraint is missing"}`},
		{`{"verb":"panics"}`, `{"error":"internal error: oh no"}`},
	}
	verbs["panics"] = func(json.RawMessage) (any, error) { panic("oh no") }
	defer delete(verbs, "panics")
	var requests, wants []string
	for _, c := range cases {
		requests, wants = append(requests, c.request), append(wants, c.want)
	}
	var out bytes.Buffer
	if err := run(strings.NewReader("["+strings.Join(requests, ",")+"]"), &out); err != nil {
		t.Fatal(err)
	}
	if want := "[" + strings.Join(wants, ",") + "]\n"; want != out.String() {
		t.Fatalf("want %s, got %s", want, out.String())
	}
}

func TestABatchThatIsNoArrayIsRefused(t *testing.T) {
	for _, in := range []string{"", "{}", "[", "nonsense"} {
		if err := run(strings.NewReader(in), &bytes.Buffer{}); err == nil {
			t.Fatalf("%q was accepted", in)
		}
	}
}

func TestAnEmptyBatchHasNoAnswers(t *testing.T) {
	var out bytes.Buffer
	if err := run(strings.NewReader("[]"), &out); err != nil {
		t.Fatal(err)
	}
	if out.String() != "[]\n" {
		t.Fatalf("want [], got %s", out.String())
	}
}
