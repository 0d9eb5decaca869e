package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	jsonnet "github.com/google/go-jsonnet"
)

// Limits of one evaluation, beside the time and memory of the process.
const (
	maxLinks = 40
	maxStack = 500
)

type jsonnetRequest struct {
	// Root is the only folder that is read from; everything else is relative to it.
	Root    string        `json:"root"`
	File    string        `json:"file"`
	Paths   []string      `json:"paths"`
	ExtVars []jsonnetText `json:"extVars"`
	TLAs    []jsonnetText `json:"tlas"`
}

type jsonnetText struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Code  bool   `json:"code"`
}

type jsonnetAnswer struct {
	Output string `json:"output,omitempty"`
	// Error is what jsonnet says; what was read is told with it.
	Error string `json:"error,omitempty"`
	// Read is every file and link that was followed, and every path at which nothing was found.
	Read []string `json:"read"`
}

// jsonnetVerb evaluates one file as Argo CD does (user guide, "Jsonnet"): imports are looked for beside the importing
// file, then in the paths from the last to the first.
func jsonnetVerb(raw json.RawMessage) (any, error) {
	var request jsonnetRequest
	if err := json.Unmarshal(raw, &request); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(request.Root)
	if err != nil {
		return nil, errors.New("the folder of the repository can't be opened")
	}
	defer root.Close()
	files := &importer{root: root, paths: request.Paths, found: map[string]jsonnet.Contents{}, read: map[string]bool{}}
	vm := jsonnet.MakeVM()
	vm.MaxStack = maxStack
	vm.Importer(files)
	for _, each := range request.ExtVars {
		if each.Code {
			vm.ExtCode(each.Name, each.Value)
		} else {
			vm.ExtVar(each.Name, each.Value)
		}
	}
	for _, each := range request.TLAs {
		if each.Code {
			vm.TLACode(each.Name, each.Value)
		} else {
			vm.TLAVar(each.Name, each.Value)
		}
	}
	output, err := vm.EvaluateFile(request.File)
	answer := jsonnetAnswer{Output: output, Read: files.list()}
	if err != nil {
		answer.Error = strings.TrimSpace(err.Error())
	}
	return answer, nil
}

// An importer reads files of one repository and remembers which.
type importer struct {
	root  *os.Root
	paths []string
	found map[string]jsonnet.Contents
	read  map[string]bool
}

func (i *importer) list() []string {
	read := make([]string, 0, len(i.read))
	for each := range i.read {
		read = append(read, each)
	}
	slices.Sort(read)
	return read
}

// Import is jsonnet's own interface. Paths are relative to the root and clean, so that each file has one name.
func (i *importer) Import(importedFrom, importedPath string) (jsonnet.Contents, string, error) {
	if path.IsAbs(importedPath) {
		return jsonnet.Contents{}, "", fmt.Errorf("%q is an absolute path: only files of the repository can be imported", importedPath)
	}
	candidates := []string{path.Join(path.Dir(importedFrom), importedPath)}
	for _, each := range slices.Backward(i.paths) {
		candidates = append(candidates, path.Join(each, importedPath))
	}
	for _, candidate := range candidates {
		if contents, known := i.found[candidate]; known {
			return contents, candidate, nil
		}
		data, err := i.open(candidate)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return jsonnet.Contents{}, "", err
		}
		contents := jsonnet.MakeContentsRaw(data)
		i.found[candidate] = contents
		return contents, candidate, nil
	}
	return jsonnet.Contents{}, "", fmt.Errorf("couldn't open import %q: it is neither beside its importer nor in a library", importedPath)
}

// open reads one file, following links one component at a time: none may leave the repository or enter .git.
func (i *importer) open(name string) ([]byte, error) {
	todo := strings.Split(name, "/")
	slices.Reverse(todo)
	var done []string
	for links := 0; len(todo) > 0; {
		part := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			if len(done) == 0 {
				return nil, fmt.Errorf("%q points outside of the repository", name)
			}
			done = done[:len(done)-1]
			continue
		case strings.EqualFold(part, ".git"):
			return nil, fmt.Errorf("%q leads into .git, which holds git's own files", name)
		}
		here := path.Join(append(slices.Clone(done), part)...)
		info, err := i.root.Lstat(here)
		if err != nil {
			i.read[here] = true
			return nil, fs.ErrNotExist
		}
		if info.Mode()&fs.ModeSymlink == 0 {
			done = append(done, part)
			continue
		}
		i.read[here] = true
		target, err := i.root.Readlink(here)
		if links++; err != nil || links > maxLinks || path.IsAbs(target) {
			return nil, fmt.Errorf("the symbolic link %q points outside of the repository, or leads nowhere", here)
		}
		parts := strings.Split(target, "/")
		slices.Reverse(parts)
		todo = append(todo, parts...)
	}
	real := path.Join(done...)
	i.read[real] = true
	file, err := i.root.Open(real)
	if err != nil {
		return nil, fmt.Errorf("%q can't be read", name)
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, fs.ErrNotExist
	}
	data, err := io.ReadAll(io.LimitReader(file, maxMemory))
	if err != nil {
		return nil, fmt.Errorf("%q can't be read", name)
	}
	return data, nil
}
