package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// function is one of the CDK output.
type function struct {
	ID        string
	Template  string            // file that it is in
	Variables map[string]string // those whose value the template knows
}

// assembly is what of the CDK output counts here: the functions.
type assembly []function

// readAssembly reads the templates in a folder.
func readAssembly(dir string) (assembly, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.template.json"))
	if err != nil {
		return nil, err
	}
	var a assembly
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		var template struct {
			Resources map[string]struct {
				Type       string
				Properties json.RawMessage
				Metadata   map[string]any
			}
		}
		if err := json.Unmarshal(data, &template); err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		for _, r := range template.Resources {
			if r.Type != "AWS::Lambda::Function" {
				continue
			}
			path, _ := r.Metadata["aws:cdk:path"].(string) // STACK/ID/Resource
			parts := strings.Split(path, "/")
			if len(parts) != 3 {
				return nil, fmt.Errorf("%s: a function at %q, want STACK/ID/Resource", file, path)
			}
			var properties struct {
				Environment struct{ Variables map[string]any }
			}
			if err := json.Unmarshal(r.Properties, &properties); err != nil {
				return nil, fmt.Errorf("%s: %s: %w", file, path, err)
			}
			f := function{ID: parts[1], Template: file, Variables: map[string]string{}}
			for name, value := range properties.Environment.Variables {
				if text, ok := value.(string); ok {
					f.Variables[name] = text
				}
			}
			a = append(a, f)
		}
	}
	if len(a) == 0 {
		return nil, fmt.Errorf("%s holds no templates with functions", dir)
	}
	return a, nil
}

// find returns a function by its id.
func (a assembly) find(id string) (function, error) {
	i := slices.IndexFunc(a, func(f function) bool { return f.ID == id })
	if i < 0 {
		return function{}, fmt.Errorf("there is no function %q; events/ has a file for each", id)
	}
	return a[i], nil
}

// variable is the value that a variable has in all functions that have it.
func (a assembly) variable(name string) (string, error) {
	values := map[string]bool{}
	for _, f := range a {
		if value, ok := f.Variables[name]; ok {
			values[value] = true
		}
	}
	if len(values) != 1 {
		return "", fmt.Errorf("%s is %q in the templates, want one value", name, slices.Sorted(maps.Keys(values)))
	}
	for value := range values {
		return value, nil
	}
	panic("unreachable")
}
