package main

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"strings"
	"sync"
	"text/template"

	"github.com/Masterminds/sprig/v3"
	"github.com/gosimple/slug"
	"sigs.k8s.io/yaml"
)

// How long a list or a piece of text may get that a function makes out of a number, and how deep tpl may call itself.
const (
	maxElements = 100_000
	maxDepth    = 32
)

var (
	notInNames = regexp.MustCompile(`[^-a-z0-9.]`)
	slugging   sync.Mutex // slug is configured by variables of its package
)

// functions are those that Argo CD gives to templates of ApplicationSets (its page "Go Template"): sprig's without the
// three that tell about the machine, and its own. Functions that make much out of a number are held to a limit.
var functions = sync.OnceValue(func() template.FuncMap {
	known := template.FuncMap(sprig.GenericFuncMap())
	for _, name := range []string{"env", "expandenv", "getHostByName"} {
		delete(known, name)
	}
	for _, name := range []string{
		"until", "untilStep", "seq", "repeat", "indent", "nindent", "randAlphaNum", "randAlpha", "randAscii", "randNumeric", "randBytes",
	} {
		known[name] = restrain(name, known[name])
	}
	known["normalize"] = normalize
	known["slugify"] = slugify
	known["toYaml"] = toYAML
	known["fromYaml"] = fromYAML
	known["fromYamlArray"] = fromYAMLArray
	return known
})

// A language is what templates of a request are written in: options of text/template, and functions beside the usual.
type language struct {
	options []string
	more    template.FuncMap
}

// newTemplate is an empty template; tpl inside it renders at the depth below.
func newTemplate(spoken language, depth int) *template.Template {
	known := maps.Clone(functions())
	maps.Copy(known, spoken.more)
	known["tpl"] = func(source string, params any) (string, error) {
		if depth >= maxDepth {
			return "", errors.New("tpl calls itself too deeply")
		}
		parsed, err := newTemplate(spoken, depth+1).Parse(source)
		if err != nil {
			return "", err
		}
		out := bounded{left: maxString}
		if err := parsed.Execute(&out, params); err != nil {
			return "", err
		}
		return strings.ReplaceAll(out.String(), "<no value>", ""), nil
	}
	return template.New("").Funcs(known).Option(spoken.options...)
}

// restrain refuses numbers beyond the limit: no template has a good use for them, and they would fill the memory.
func restrain(name string, function any) any {
	value := reflect.ValueOf(function)
	return reflect.MakeFunc(value.Type(), func(arguments []reflect.Value) []reflect.Value {
		if amount := amountOf(name, arguments); amount > maxElements {
			panic(fmt.Errorf("%s makes at most %d of anything, not %d", name, maxElements, amount))
		}
		if value.Type().IsVariadic() {
			return value.CallSlice(arguments)
		}
		return value.Call(arguments)
	}).Interface()
}

// amountOf is how much a call would make: a bound from above, in elements or bytes.
func amountOf(name string, arguments []reflect.Value) int64 {
	var numbers []int64
	longest := int64(1)
	for _, argument := range arguments {
		for argument.Kind() == reflect.Interface && !argument.IsNil() {
			argument = argument.Elem()
		}
		switch argument.Kind() {
		case reflect.String:
			longest = max(longest, int64(argument.Len()))
		case reflect.Int:
			numbers = append(numbers, argument.Int())
		case reflect.Slice:
			for i := range argument.Len() {
				if argument.Index(i).Kind() == reflect.Int {
					numbers = append(numbers, argument.Index(i).Int())
				}
			}
		}
	}
	switch name {
	case "untilStep":
		return extent(numbers[0], numbers[1], numbers[2])
	case "seq":
		switch len(numbers) {
		case 1:
			return extent(1, numbers[0], 1)
		case 2:
			return extent(numbers[0], numbers[1], 1)
		case 3:
			return extent(numbers[0], numbers[2], numbers[1])
		}
		return 0
	case "indent", "nindent", "repeat":
		if len(numbers) > 0 && numbers[0] > maxString/longest {
			return max(numbers[0], maxElements+1)
		}
		return 0
	}
	largest := int64(0)
	for _, number := range numbers {
		largest = max(largest, number, -number)
	}
	return largest
}

func extent(from, to, step int64) int64 {
	if step == 0 {
		return 0
	}
	span := (float64(to) - float64(from)) / float64(step)
	if span < 0 {
		span = -span
	}
	return int64(min(span, 1<<62))
}

// normalize makes the name of an object out of any text: lower-case letters, digits, '-' and '.', at most 253.
func normalize(name string) string {
	name = notInNames.ReplaceAllString(strings.ToLower(name), "-")
	if len(name) > 253 {
		name = name[:253]
	}
	return strings.Trim(name, "-.")
}

// slugify has up to two arguments before the text: how long the slug may be (50), and whether to cut at a word (false).
func slugify(arguments ...any) (string, error) {
	length, smart := 50, false
	if len(arguments) == 0 || len(arguments) > 3 {
		return "", errors.New("slugify takes a text, and before it a length and whether to cut between words")
	}
	name, isText := arguments[len(arguments)-1].(string)
	if !isText {
		return "", errors.New("slugify takes a text as its last argument")
	}
	if len(arguments) > 1 {
		given, isNumber := arguments[0].(int)
		if !isNumber {
			return "", errors.New("slugify takes a whole number as the length")
		}
		length = given
	}
	if len(arguments) > 2 {
		given, isBool := arguments[1].(bool)
		if !isBool {
			return "", errors.New("slugify takes true or false as its second argument")
		}
		smart = given
	}
	return makeSlug(normalize(name), length, smart, nil), nil
}

func makeSlug(text string, length int, smart bool, substitutes map[string]string) string {
	slugging.Lock()
	defer slugging.Unlock()
	slug.MaxLength, slug.EnableSmartTruncate, slug.CustomSub = length, smart, substitutes
	return slug.Make(text)
}

func toYAML(value any) (string, error) {
	data, err := yaml.Marshal(value)
	return strings.TrimSuffix(string(data), "\n"), err
}

func fromYAML(source string) (map[string]any, error) {
	value := map[string]any{}
	if err := yaml.Unmarshal([]byte(source), &value); err != nil {
		return nil, err
	}
	return value, nil
}

func fromYAMLArray(source string) ([]any, error) {
	value := []any{}
	if err := yaml.Unmarshal([]byte(source), &value); err != nil {
		return nil, err
	}
	return value, nil
}
