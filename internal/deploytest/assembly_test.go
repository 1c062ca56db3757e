//go:build deploy

package deploytest

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// assembly is what a synthesis has written.
type assembly struct {
	dir    string
	stacks []stack
}

// stack is one of an assembly.
type stack struct {
	id, name, region string
	protected        bool
	tags             map[string]string
	text             string // of its template
	template         template
}

type template struct {
	Resources map[string]struct {
		Type           string
		DeletionPolicy string
		Metadata       struct {
			Path string `json:"aws:cdk:path"`
		}
		Properties map[string]any
	}
	Outputs map[string]any
}

func readAssembly(dir string) (*assembly, error) {
	var manifest struct {
		Artifacts map[string]struct {
			Type, Environment string
			Properties        struct {
				TemplateFile, StackName string
				TerminationProtection   bool
				Tags                    map[string]string
			}
		}
	}
	if err := readJSON(filepath.Join(dir, "manifest.json"), &manifest); err != nil {
		return nil, err
	}
	a := &assembly{dir: dir}
	for _, id := range slices.Sorted(maps.Keys(manifest.Artifacts)) {
		artifact := manifest.Artifacts[id]
		if artifact.Type != "aws:cloudformation:stack" {
			continue
		}
		p := artifact.Properties
		s := stack{id: id, name: p.StackName, region: region, protected: p.TerminationProtection, tags: p.Tags}
		if of := artifact.Environment[strings.LastIndex(artifact.Environment, "/")+1:]; of != "unknown-region" {
			s.region = of
		}
		text, err := os.ReadFile(filepath.Join(dir, p.TemplateFile))
		if err != nil {
			return nil, err
		}
		s.text = string(text)
		if err := json.Unmarshal(text, &s.template); err != nil {
			return nil, err
		}
		a.stacks = append(a.stacks, s)
	}
	return a, nil
}

func (a *assembly) stack(id string) stack {
	return a.stacks[slices.IndexFunc(a.stacks, func(s stack) bool { return s.id == id })]
}

var secretForm = regexp.MustCompile(`\{\{resolve:secretsmanager:([^:}]+):SecretString`)

// secrets are the names of those that a stack looks up.
func (s stack) secrets() []string {
	found := map[string]bool{}
	for _, match := range secretForm.FindAllStringSubmatch(s.text, -1) {
		found[match[1]] = true
	}
	return slices.Sorted(maps.Keys(found))
}

// construct is the name of a resource as the app writes it.
func (s stack) construct(logical string) string {
	path := s.template.Resources[logical].Metadata.Path
	return strings.TrimSuffix(strings.TrimPrefix(path[strings.Index(path, "/")+1:], s.id+"/"), "/Resource")
}

func readJSON(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return json.Unmarshal(text, into)
}
