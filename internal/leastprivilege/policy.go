// Package leastprivilege holds the calls that functions make against what their
// deployed roles allow, as IAM would: a function that does more than its role
// allows fails a test and not after a deploy, and a right that no test makes
// use of is one too many.
//
// policies.json is what the CDK app puts into the roles: `make policies` writes it,
// and the tests of infra/ hold it true.
package leastprivilege

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
)

//go:embed policies.json
var written []byte

// Statement is one of a role's policy. All of ours allow.
type Statement struct {
	Action    []string
	Resource  []string
	Condition map[string]map[string][]string `json:",omitempty"` // by operator and key
}

// Policy is all that a role may do.
type Policy []Statement

// Policies are the roles', by the ids of their functions.
var Policies = sync.OnceValue(func() map[string]Policy {
	var all map[string]Policy
	if err := json.Unmarshal(written, &all); err != nil {
		panic(err) // the file is committed and tested
	}
	return all
})

// Call is what a function asks of AWS, as IAM sees it.
type Call struct {
	Action   string
	Resource string
	// Context are the condition keys of the call, with their values.
	Context map[string][]string
}

func (c Call) String() string {
	var context []string
	for _, key := range slices.Sorted(maps.Keys(c.Context)) {
		context = append(context, key+"="+strings.Join(c.Context[key], ","))
	}
	return fmt.Sprintf("%s on %s with %s", c.Action, c.Resource, strings.Join(context, " "))
}

// Allows tells whether some statement allows the call. A condition that this
// evaluator does not know is a panic: it must not pass for one that holds.
func (p Policy) Allows(c Call) bool {
	return slices.ContainsFunc(p, func(s Statement) bool { return s.allows(c) })
}

func (s Statement) allows(c Call) bool {
	if !slices.Contains(s.Action, c.Action) || !slices.ContainsFunc(s.Resource, func(r string) bool { return like(r, c.Resource) }) {
		return false
	}
	for operator, keys := range s.Condition {
		for key, wanted := range keys {
			if !holds(operator, wanted, c.Context[key]) {
				return false
			}
		}
	}
	return true
}

// holds evaluates one condition on the values that a call has of a key.
//
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
func holds(operator string, wanted, has []string) bool {
	among := func(value string) bool { return slices.Contains(wanted, value) }
	fits := func(value string) bool {
		return slices.ContainsFunc(wanted, func(pattern string) bool { return like(pattern, value) })
	}
	switch operator {
	case "StringEquals":
		return len(has) == 1 && among(has[0])
	case "ForAnyValue:StringEquals":
		return slices.ContainsFunc(has, among)
	case "ForAllValues:StringEquals": // also of none
		return !slices.ContainsFunc(has, func(value string) bool { return !among(value) })
	case "ForAllValues:StringLike":
		return !slices.ContainsFunc(has, func(value string) bool { return !fits(value) })
	case "ForAllValues:StringNotLike":
		return !slices.ContainsFunc(has, fits)
	case "Null":
		return slices.Equal(wanted, []string{fmt.Sprint(len(has) == 0)})
	}
	panic("the operator " + operator + " is not known here")
}

// like matches a value with a pattern, in which * is any text.
func like(pattern, value string) bool {
	first, rest, wild := strings.Cut(pattern, "*")
	if !wild {
		return pattern == value
	}
	after, ok := strings.CutPrefix(value, first)
	for ok {
		if like(rest, after) {
			return true
		}
		if after == "" {
			return false
		}
		after = after[1:]
	}
	return false
}

// Without is the policy with one action taken out.
func (p Policy) Without(action string) Policy {
	var rest Policy
	for _, s := range p {
		s.Action = slices.DeleteFunc(slices.Clone(s.Action), func(a string) bool { return a == action })
		rest = append(rest, s)
	}
	return rest
}

// Actions are all that the policy allows, of those that the function's own
// program does: what Lambda does in its name is left out.
func (p Policy) Actions() []string {
	found := map[string]bool{}
	for _, s := range p {
		for _, action := range s.Action {
			if !slices.Contains(ofLambda, action) {
				found[action] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// ofLambda is what Lambda itself does with a function's role: its logs and traces,
// reading the stream that starts it, and putting away what it fails at.
var ofLambda = []string{
	"logs:CreateLogStream", "logs:PutLogEvents", "xray:PutTraceSegments", "xray:PutTelemetryRecords",
	"dynamodb:DescribeStream", "dynamodb:GetRecords", "dynamodb:GetShardIterator", "dynamodb:ListStreams", "sqs:SendMessage",
}
