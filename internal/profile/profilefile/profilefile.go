// Package profilefile reads profiles and demo data as people write them, in
// YAML, and reports all faults at once, each with its line.
package profilefile

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/profile"
)

// Fault is one thing that is wrong with a file.
type Fault struct {
	File    string
	Line    int // from 1; 0 for the file as a whole
	Message string
}

func (f Fault) String() string {
	if f.Line == 0 {
		return fmt.Sprintf("%s: %s", f.File, f.Message)
	}
	return fmt.Sprintf("%s:%d: %s", f.File, f.Line, f.Message)
}

// Faults are all that is wrong with a file, by line.
type Faults []Fault

// Error has one line for each fault.
func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i := range f {
		lines[i] = f[i].String()
	}
	return strings.Join(lines, "\n")
}

// ParseFile reads a profile from a file.
func ParseFile(path string) (*domain.Profile, Faults) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, Faults{{File: path, Message: err.Error()}}
	}
	return Parse(path, data)
}

// Parse reads a profile; file is the name that its faults begin with. The
// profile is nil exactly when there are faults.
func Parse(file string, data []byte) (*domain.Profile, Faults) {
	d, faults := parse(file, data)
	if len(faults) > 0 {
		return nil, faults
	}
	return d.Profile(), nil
}

// Compile makes the form of a profile that binaries embed, which package
// profile reads without knowing YAML. Its error is a Faults.
func Compile(data []byte) ([]byte, error) {
	d, faults := parse("profile.yaml", data)
	if len(faults) > 0 {
		return nil, faults
	}
	compiled, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("compile profile: %w", err)
	}
	return append(compiled, '\n'), nil
}

func parse(file string, data []byte) (*profile.Document, Faults) {
	var d profile.Document
	r := newReader(file)
	r.read(data, &d)
	for _, f := range profile.Check(d.Profile()) {
		r.judge(f.Pointer, f.Message)
	}
	return &d, r.sorted()
}

func (r *reader) sorted() Faults {
	slices.SortStableFunc(r.faults, func(a, b Fault) int { return a.Line - b.Line })
	return r.faults
}
