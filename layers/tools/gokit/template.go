package main

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"strings"
	"text/template"
)

// How much one string may become, and how much all results of a request together.
const (
	maxString = 1 << 20
	maxTotal  = 64 << 20
)

type templateRequest struct {
	// Tree is any JSON value; each string in it, keys of objects too, is a template.
	Tree any `json:"tree"`
	// Params holds one set of parameters for each result.
	Params []map[string]any `json:"params"`
	// Options are those of text/template ("missingkey=error").
	Options []string `json:"options"`
	// Operator gives the External Secrets Operator's functions to the templates.
	Operator bool `json:"operator"`
	// Bytes are further parameters in base64, the same for each result, which may be no text.
	Bytes map[string]string `json:"bytes"`
	// Base64 has each rendered string come back in base64, since it may be no text.
	Base64 bool `json:"base64"`
}

type templateAnswer struct {
	Results []templateResult `json:"results"`
}

// A templateResult has either a tree or an error with the path of the string that can't be rendered.
type templateResult struct {
	Tree  any    `json:"tree"`
	Error string `json:"error,omitempty"`
	Path  string `json:"path,omitempty"`
}

// templateVerb renders a tree with each set of parameters, by the rules that Argo CD has for ApplicationSets with
// goTemplate (its page "Go Template"): every string is a template of its own, with sprig's functions and a few more.
// A string is parsed once, however many sets there are.
func templateVerb(raw json.RawMessage) (any, error) {
	var request templateRequest
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	if err := decoder.Decode(&request); err != nil {
		return nil, fmt.Errorf("template: %w", err)
	}
	if err := checkOptions(request.Options); err != nil {
		return nil, err
	}
	spoken := language{options: request.Options}
	if request.Operator {
		spoken.more = operatorFunctions
	}
	plan, err := compile(request.Tree, "", spoken)
	if err != nil {
		return nil, err
	}
	answer := templateAnswer{Results: make([]templateResult, 0, len(request.Params))}
	budget := maxTotal
	for _, params := range request.Params {
		if err := addBytes(params, request.Bytes); err != nil {
			return nil, err
		}
		tree, err := plan.render(params, &budget)
		var failed *pathError
		switch {
		case errors.As(err, &failed):
			answer.Results = append(answer.Results, templateResult{Error: failed.cause.Error(), Path: failed.path})
		case err != nil:
			return nil, err
		case request.Base64:
			answer.Results = append(answer.Results, templateResult{Tree: encoded(tree)})
		default:
			answer.Results = append(answer.Results, templateResult{Tree: tree})
		}
	}
	return answer, nil
}

func addBytes(params map[string]any, given map[string]string) error {
	for name, text := range given {
		value, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return fmt.Errorf("template: bytes: %q is no base64", name)
		}
		params[name] = string(value)
	}
	return nil
}

// encoded is a rendered tree with its strings, but for keys, in base64.
func encoded(tree any) any {
	switch value := tree.(type) {
	case string:
		return base64.StdEncoding.EncodeToString([]byte(value))
	case []any:
		for i := range value {
			value[i] = encoded(value[i])
		}
	case map[string]any:
		for key := range value {
			value[key] = encoded(value[key])
		}
	}
	return tree
}

// checkOptions refuses what text/template would panic about.
func checkOptions(options []string) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("%v", cause)
		}
	}()
	template.New("").Option(options...)
	return nil
}

type pathError struct {
	path  string
	cause error
}

func (e *pathError) Error() string { return e.path + ": " + e.cause.Error() }

// A node is a tree whose strings are parsed.
type node interface {
	render(params map[string]any, budget *int) (any, error)
}

type constant struct{ value any }

func (c constant) render(map[string]any, *int) (any, error) { return c.value, nil }

type text struct {
	path   string
	parsed *template.Template
	broken error
}

type list []node

type entry struct {
	key   node
	value node
}

type object []entry

func compile(tree any, path string, spoken language) (node, error) {
	switch value := tree.(type) {
	case string:
		return compileText(value, path, spoken), nil
	case []any:
		nodes := make(list, len(value))
		for i, each := range value {
			compiled, err := compile(each, fmt.Sprintf("%s[%d]", path, i), spoken)
			if err != nil {
				return nil, err
			}
			nodes[i] = compiled
		}
		return nodes, nil
	case map[string]any:
		keys := make([]string, 0, len(value))
		for key := range value {
			keys = append(keys, key)
		}
		sort.Strings(keys)
		entries := make(object, 0, len(keys))
		for _, key := range keys {
			at := key
			if path != "" {
				at = path + "." + key
			}
			compiled, err := compile(value[key], at, spoken)
			if err != nil {
				return nil, err
			}
			entries = append(entries, entry{compileText(key, at, spoken), compiled})
		}
		return entries, nil
	default:
		return constant{value}, nil
	}
}

func compileText(value, path string, spoken language) node {
	if !strings.Contains(value, "{{") {
		return constant{value}
	}
	parsed, err := newTemplate(spoken, 0).Parse(value)
	return &text{path: path, parsed: parsed, broken: err}
}

func (t *text) render(params map[string]any, budget *int) (any, error) {
	if t.broken != nil {
		return nil, &pathError{t.path, t.broken}
	}
	out := bounded{left: min(maxString, *budget)}
	if err := t.parsed.Execute(&out, params); err != nil {
		return nil, &pathError{t.path, err}
	}
	*budget -= out.Len()
	return out.String(), nil
}

func (l list) render(params map[string]any, budget *int) (any, error) {
	rendered := make([]any, len(l))
	for i, each := range l {
		value, err := each.render(params, budget)
		if err != nil {
			return nil, err
		}
		rendered[i] = value
	}
	return rendered, nil
}

func (o object) render(params map[string]any, budget *int) (any, error) {
	rendered := make(map[string]any, len(o))
	for _, each := range o {
		key, err := each.key.render(params, budget)
		if err != nil {
			return nil, err
		}
		value, err := each.value.render(params, budget)
		if err != nil {
			return nil, err
		}
		rendered[key.(string)] = value
	}
	return rendered, nil
}

// bounded keeps what is written up to a limit and refuses the rest.
type bounded struct {
	strings.Builder
	left int
}

func (b *bounded) Write(data []byte) (int, error) {
	if len(data) > b.left {
		return 0, errTooLong
	}
	b.left -= len(data)
	return b.Builder.Write(data)
}

var errTooLong = fmt.Errorf("the result is too long: more than %d bytes for one string, or %d for all", maxString, maxTotal)
