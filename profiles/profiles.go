// Package profiles holds the example profiles, each in a folder of its name:
// profile.yaml is written by people, profile.json generated from it, demo.yaml
// fills an empty local store.
package profiles

import (
	"embed"
	"io/fs"
)

// The compiled profiles and the demo data are two variables, so that
// a binary that never asks for demo data does not carry it.
var (
	//go:embed */profile.json
	compiled embed.FS
	//go:embed */demo.yaml
	demo embed.FS
)

// Compiled is the compiled form of the profile of that name; fs.ErrNotExist.
func Compiled(name string) ([]byte, error) {
	return compiled.ReadFile(name + "/profile.json")
}

// Demo is the demo data of the profile of that name, as people write it; fs.ErrNotExist.
func Demo(name string) ([]byte, error) {
	return demo.ReadFile(name + "/demo.yaml")
}

// Names are the names of the profiles, sorted.
func Names() []string {
	entries, err := fs.ReadDir(compiled, ".")
	if err != nil {
		panic(err) // the root of an embedded tree is always there
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	return names
}
