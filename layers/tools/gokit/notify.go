package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"text/template"
	"time"

	"github.com/expr-lang/expr"
)

// A notifyRequest is what triggers and templates of notifications ask about one thing that happened.
type notifyRequest struct {
	// Vars is what expressions and templates see: app, event, context and so on.
	Vars map[string]any `json:"vars"`
	// Commits answers repo.GetCommitMetadata by full SHA.
	Commits map[string]commit `json:"commits"`
	// Now is the time that time.Now tells, RFC 3339, so that asking again answers the same.
	Now string `json:"now"`
	// When are expressions.
	When []string `json:"when"`
	// Trees are JSON values in which each string is a template.
	Trees []any `json:"trees"`
}

type commit struct {
	Message string
	Author  string
	Date    time.Time
	Tags    []string
}

type notifyAnswer struct {
	When  []expressionResult `json:"when"`
	Trees []templateResult   `json:"trees"`
}

type expressionResult struct {
	Value any    `json:"value"`
	Error string `json:"error,omitempty"`
}

// notifyVerb evaluates triggers with expr-lang and templates with sprig, both with the functions that Argo CD gives them
// (its pages "Triggers", "Templates" and "Functions").
func notifyVerb(raw json.RawMessage) (any, error) {
	var request notifyRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	now, err := time.Parse(time.RFC3339, request.Now)
	if err != nil {
		return nil, fmt.Errorf("notify: now: %w", err)
	}
	known := environment(request, now)
	answer := notifyAnswer{}
	for _, source := range request.When {
		answer.When = append(answer.When, judge(source, known))
	}
	spoken := language{more: template.FuncMap{}}
	budget := maxTotal
	for _, tree := range request.Trees {
		plan, err := compile(tree, "", spoken)
		if err != nil {
			return nil, err
		}
		rendered, err := plan.render(known, &budget)
		var failed *pathError
		switch {
		case errors.As(err, &failed):
			answer.Trees = append(answer.Trees, templateResult{Error: failed.cause.Error(), Path: failed.path})
		case err != nil:
			return nil, err
		default:
			answer.Trees = append(answer.Trees, templateResult{Tree: rendered})
		}
	}
	return answer, nil
}

// judge answers one expression; one that panics inside a function of ours is an error of its own.
func judge(source string, known map[string]any) (result expressionResult) {
	defer func() {
		if cause := recover(); cause != nil {
			result = expressionResult{Error: fmt.Sprint(cause)}
		}
	}()
	program, err := expr.Compile(source, expr.AllowUndefinedVariables())
	if err != nil {
		return expressionResult{Error: err.Error()}
	}
	value, err := expr.Run(program, known)
	if err != nil {
		return expressionResult{Error: err.Error()}
	}
	if _, err := json.Marshal(value); err != nil {
		return expressionResult{Error: "is neither text, nor a number, nor true or false"}
	}
	return expressionResult{Value: value}
}

func environment(request notifyRequest, now time.Time) map[string]any {
	known := make(map[string]any, len(request.Vars)+4)
	for name, value := range request.Vars {
		known[name] = value
	}
	known["time"] = clock(now)
	known["strings"] = texts
	known["repo"] = map[string]any{
		"RepoURLToHTTPS":    toHTTPS,
		"FullNameByRepoURL": fullName,
		"QueryEscape":       url.QueryEscape,
		"GetCommitMetadata": func(sha string) commit {
			found, there := request.Commits[sha]
			if !there {
				panic(fmt.Errorf("nothing is known of commit %q", sha))
			}
			return found
		},
	}
	app, _ := request.Vars["app"].(map[string]any)
	known["sync"] = map[string]any{"GetInfoItem": func(_ map[string]any, name string) string { return infoItem(app, name) }}
	return known
}

func clock(now time.Time) map[string]any {
	return map[string]any{
		"Now": func() time.Time { return now },
		"Parse": func(text string) time.Time {
			parsed, err := time.Parse(time.RFC3339, text)
			if err != nil {
				panic(err)
			}
			return parsed
		},
		"Nanosecond": time.Nanosecond, "Microsecond": time.Microsecond, "Millisecond": time.Millisecond,
		"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
		"ANSIC": time.ANSIC, "UnixDate": time.UnixDate, "RubyDate": time.RubyDate, "RFC822": time.RFC822,
		"RFC822Z": time.RFC822Z, "RFC850": time.RFC850, "RFC1123": time.RFC1123, "RFC1123Z": time.RFC1123Z,
		"RFC3339": time.RFC3339, "RFC3339Nano": time.RFC3339Nano, "Kitchen": time.Kitchen,
	}
}

var texts = map[string]any{
	"ReplaceAll": strings.ReplaceAll,
	"ToUpper":    strings.ToUpper,
	"ToLower":    strings.ToLower,
}

func infoItem(app map[string]any, name string) string {
	operation := nested(nested(nested(app, "status"), "operationState"), "operation")
	items, _ := operation["info"].([]any)
	for _, item := range items {
		if each, good := item.(map[string]any); good && each["name"] == name {
			return fmt.Sprint(each["value"])
		}
	}
	panic(fmt.Errorf("the operation has no info %q", name))
}

func nested(value map[string]any, name string) map[string]any {
	inner, _ := value[name].(map[string]any)
	return inner
}

// toHTTPS is a repository's address as a browser takes it.
func toHTTPS(address string) string {
	host, path := parts(address)
	return "https://" + host + "/" + path
}

// fullName is a repository's path on its host: owner and name.
func fullName(address string) string {
	_, path := parts(address)
	return path
}

func parts(address string) (string, string) {
	address = strings.TrimSuffix(strings.TrimSuffix(address, "/"), ".git")
	if !strings.Contains(address, "://") { // git@host:owner/name
		host, path, _ := strings.Cut(address, ":")
		return host[strings.LastIndex(host, "@")+1:], strings.Trim(path, "/")
	}
	parsed, err := url.Parse(address)
	if err != nil {
		panic(err)
	}
	return parsed.Hostname(), strings.Trim(parsed.Path, "/")
}
