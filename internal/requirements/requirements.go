// Package requirements tells which of the requirements have a test.
//
// requirements.tsv lists them: id, one line of text, and, for those that no test
// is to cover now, a status and a reason: "later" with the issue, or "not back
// end" with what it is instead.
//
// A requirement is covered when its id leads a name in a _test.go file:
//
//   - the name of a test: func TestA11_A13_UsersAreEdited
//   - the name given to Run, or its literal beginning: t.Run("A20 no grant", …)
//   - the name of a row in a table, a literal slice, array or map: the key of
//     the map, or the field id or name of the row, or its first value where it
//     has no field names: {"A26 only granted worksites", …}
//
// An id is one of the letters A, P, I, V, B and two digits, alone in its word;
// words end at a space, a comma or an underscore. Several ids may lead a name,
// also with ids of attacks (XC3) among them. From the first other word on
// nothing counts. So TestXA20_… and "A4 paper" cover nothing, and neither does a
// comment; TestA28_A33_… covers two requirements, not six.
package requirements

import (
	_ "embed"
	"fmt"
	"strings"
)

//go:embed requirements.tsv
var file string

// The statuses of requirements that no test is to cover now.
const (
	later      = "later"
	notBackEnd = "not back end"
)

// portals by the letter of their requirements.
var portals = map[byte]string{
	'A': "Rental", 'P': "Telecom", 'I': "Public sector", 'V': "Insurance", 'B': "Construction",
}

type requirement struct {
	id, text string
	status   string // later, notBackEnd or nothing
	reason   string // of the status
}

// parse reads lines of two or four fields with tabs between them.
func parse(data string) ([]requirement, error) {
	var list []requirement
	seen := map[string]bool{}
	for line := range strings.Lines(data) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		r := requirement{id: fields[0]}
		switch len(fields) {
		case 2:
			r.text = fields[1]
		case 4:
			r.text, r.status, r.reason = fields[1], fields[2], fields[3]
			if r.status != later && r.status != notBackEnd || r.reason == "" {
				return nil, fmt.Errorf("requirement %q: status %q, reason %q", r.id, r.status, r.reason)
			}
		}
		if !idForm.MatchString(r.id) || r.text == "" || seen[r.id] {
			return nil, fmt.Errorf("requirement %q: not a new id with a text and, if any, a status and its reason", line)
		}
		seen[r.id] = true
		list = append(list, r)
	}
	return list, nil
}
