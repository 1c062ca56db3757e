package main

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/leastprivilege"
)

var update = flag.Bool("update", false, "write the policies that the end-to-end tests hold calls against")

// TestXI1_PoliciesAreThoseOfTheTemplates: what the end-to-end tests hold every call
// against is what is deployed.
func TestXI1_PoliciesAreThoseOfTheTemplates(t *testing.T) {
	t.Parallel()
	a := synth(t)
	got := map[string]leastprivilege.Policy{}
	for stack := range a.Stacks {
		for id, f := range a.functions(stack) {
			for _, p := range a.referred(t, stack, f.at("Role")).at("Policies").([]any) {
				for _, s := range p.(m)["PolicyDocument"].(m)["Statement"].([]any) {
					statement := leastprivilege.Statement{Action: texts(s.(m)["Action"]), Resource: texts(s.(m)["Resource"])}
					conditions, _ := s.(m)["Condition"].(m)
					for operator, keys := range conditions {
						if statement.Condition == nil {
							statement.Condition = map[string]map[string][]string{}
						}
						statement.Condition[operator] = map[string][]string{}
						for key, values := range keys.(m) {
							statement.Condition[operator][key] = texts(values)
						}
					}
					got[id] = append(got[id], statement)
				}
			}
		}
	}
	if *update {
		if err := os.WriteFile("../internal/leastprivilege/policies.json", lines(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if d := cmp.Diff(leastprivilege.Policies(), got); d != "" {
		t.Errorf("policies (-written +deployed); write them with make policies:\n%s", d)
	}
}

// lines writes the policies with a statement a line, so that a change of one is seen
// as such.
func lines(policies map[string]leastprivilege.Policy) []byte {
	var out strings.Builder
	between := "{\n"
	for _, id := range slices.Sorted(maps.Keys(policies)) {
		var statements []string
		for _, s := range policies[id] {
			statements = append(statements, "  "+asJSON(s))
		}
		fmt.Fprintf(&out, "%s %q: [\n%s\n ]", between, id, strings.Join(statements, ",\n"))
		between = ",\n"
	}
	out.WriteString("\n}\n")
	return []byte(out.String())
}

// texts are the values of a member of a policy, which is one or many.
func texts(v any) (all []string) {
	for _, text := range list(v) {
		all = append(all, text.(string))
	}
	return all
}
