package domain

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestIDsSortByTimeAndCarryTheirType(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	var ids []string
	for i := range 50 {
		ids = append(ids, string(NewAuditID(at.Add(time.Duration(i)*time.Microsecond))))
	}
	if !slices.IsSorted(ids) {
		t.Error("ids made later do not sort later")
	}
	if id := NewSessionID(at); !id.Valid() || !strings.HasPrefix(string(id), "ses_") || len(id) != 30 {
		t.Errorf("session id %q", id)
	}
}

// The vector is the TypeID specification's: 0188bac7-4afa-78aa-bc3b-bd1eef28d881.
func TestIDEncodingIsTypeID(t *testing.T) {
	u := [16]byte{0x01, 0x88, 0xba, 0xc7, 0x4a, 0xfa, 0x78, 0xaa, 0xbc, 0x3b, 0xbd, 0x1e, 0xef, 0x28, 0xd8, 0x81}
	if got := typeID("prefix", u, 7); got != "prefix_01h2xcejqtf2nbrexx3vqjhp41" {
		t.Errorf("got %s", got)
	}
}

func TestPersonIDsTellNoTime(t *testing.T) {
	var ids []string
	for range 200 {
		ids = append(ids, string(NewPersonID()))
	}
	if slices.IsSorted(ids) {
		t.Error("person ids sort by the time they were made at")
	}
}

func TestForeignFormsAreNoIDs(t *testing.T) {
	good := string(NewOrganizationID(time.Now()))
	for _, bad := range []string{
		"", "org_", good[4:], "usr_" + good[4:], strings.ToUpper(good), good + "0", good[:29], "org_8" + good[5:],
		good[:29] + "u", good[:29] + "l", good + "\n", "org_" + strings.Repeat("é", 13),
	} {
		if OrganizationID(bad).Valid() {
			t.Errorf("%q passes for an organization id", bad)
		}
	}
	if !OperatorID.Valid() {
		t.Error("the operator's id is not valid")
	}
}
