package leastprivilege

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/table"
)

// The conditions are IAM's: one for all values also holds where there are none.
func TestHolds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		operator    string
		wanted, has []string
		want        bool
	}{
		{"StringEquals", []string{"a", "b"}, []string{"b"}, true},
		{"StringEquals", []string{"a"}, []string{"A"}, false},
		{"StringEquals", []string{"a"}, nil, false},
		{"ForAnyValue:StringEquals", []string{"a"}, []string{"b", "a"}, true},
		{"ForAnyValue:StringEquals", []string{"a"}, nil, false},
		{"ForAllValues:StringEquals", []string{"a", "b"}, []string{"b", "a"}, true},
		{"ForAllValues:StringEquals", []string{"a", "b"}, []string{"a", "c"}, false},
		{"ForAllValues:StringEquals", []string{"a"}, nil, true},
		{"ForAllValues:StringLike", []string{"SESSION#*"}, []string{"SESSION#1"}, true},
		{"ForAllValues:StringLike", []string{"SESSION#*"}, []string{"SESSION#1", "SESSIONS"}, false},
		{"ForAllValues:StringNotLike", []string{"AUDIT#*", "ERASED"}, []string{"ORG#1"}, true},
		{"ForAllValues:StringNotLike", []string{"AUDIT#*", "ERASED"}, []string{"ORG#1", "AUDIT#1"}, false},
		{"ForAllValues:StringNotLike", []string{"AUDIT#*", "ERASED"}, []string{"ERASED"}, false},
		{"Null", []string{"false"}, []string{"a"}, true},
		{"Null", []string{"false"}, nil, false},
		{"Null", []string{"true"}, nil, true},
	} {
		if got := holds(c.operator, c.wanted, c.has); got != c.want {
			t.Errorf("%s of %q, having %q: %t", c.operator, c.wanted, c.has, got)
		}
	}
	defer func() {
		if recover() == nil {
			t.Error("a condition that is not known passes for one that holds")
		}
	}()
	holds("IpAddress", nil, nil)
}

func TestLike(t *testing.T) {
	t.Parallel()
	for pattern, values := range map[string]map[string]bool{
		"a":    {"a": true, "": false, "ab": false},
		"a*":   {"a": true, "abc": true, "ba": false},
		"*a":   {"a": true, "ba": true, "ab": false},
		"a*c*": {"abc": true, "abbcd": true, "ac": true, "ab": false},
		"*":    {"": true, "a": true},
	} {
		for value, want := range values {
			if got := like(pattern, value); got != want {
				t.Errorf("%q like %q: %t", value, pattern, got)
			}
		}
	}
}

// XI1: what nobody may do, no role lets anybody do.
func TestXI1_NobodysRights(t *testing.T) {
	t.Parallel()
	for function, policy := range Policies() {
		for _, c := range []Call{
			Write(table.OpDelete, "AUDIT#org_1"), Write(table.OpDelete, "SEAL#org_1"), Write(table.OpDelete, "ERASED"),
			{Action: "dynamodb:Scan", Resource: tableARN},
			{Action: "dynamodb:PutItem", Resource: tableARN},
			{Action: "dynamodb:DeleteItem", Resource: tableARN, Context: map[string][]string{"dynamodb:LeadingKeys": {"ORG#1"}}}, // in no transaction
			{Action: "dynamodb:DeleteTable", Resource: tableARN},
			{Action: "s3:GetObject", Resource: "arn:${AWS::Partition}:s3:::fullmakt-test-files/other"},
			{Action: "kms:Decrypt", Resource: "${field-key.Arn}", Context: map[string][]string{"kms:EncryptionContextKeys": {"organization"}}},
			{Action: "kms:Decrypt", Resource: "${link-key.Arn}"},
		} {
			if policy.Allows(c) {
				t.Errorf("%s may %s", function, c)
			}
		}
	}
}

// A right that is taken away is missed by the call that it was for, and by no
// other; one that no call was for is told.
func TestWatch(t *testing.T) {
	t.Parallel()
	var w Watch
	if err := w.See("me-get", Read()); err != nil {
		t.Fatal(err)
	}
	for _, c := range []Call{Query(""), Query(table.ByName), Write(table.OpDelete, "ORG#1"), Write(table.OpPut, "ORG#1")} {
		if err := w.See("me-get", c); err == nil || !strings.Contains(err.Error(), c.Action) {
			t.Errorf("%s: %v", c, err)
		}
	}
	if err := w.See("nobody", Read()); err == nil {
		t.Error("a function without a role may read")
	}
	mine := func() (idle []string) {
		for _, right := range w.Idle("dynamodb:") {
			if action, ok := strings.CutPrefix(right, "me-get "); ok {
				idle = append(idle, action)
			}
		}
		return idle
	}
	if d := cmp.Diff([]string{"dynamodb:PutItem"}, mine()); d != "" {
		t.Errorf("before its session is touched (-want +got):\n%s", d)
	}
	if err := w.See("me-get", Write(table.OpPut, "SESSION#usr_1")); err != nil {
		t.Fatal(err)
	}
	if idle := mine(); idle != nil {
		t.Errorf("nobody misses %v", idle)
	}
}
