package domain

import (
	"reflect"
	"testing"
	"time"
)

func TestAuditIDsTellTheirTime(t *testing.T) {
	t.Parallel()
	for _, at := range []time.Time{
		time.UnixMilli(0), time.UnixMilli(1), time.Date(2026, 11, 2, 9, 0, 0, 123_456_789, time.UTC), time.Date(2199, 12, 31, 23, 59, 59, 999e6, time.UTC),
	} {
		ms := at.Truncate(time.Millisecond).UTC()
		for range 20 {
			id := NewAuditID(at)
			if !id.at().Equal(ms) {
				t.Errorf("%s of %v is of %v", id, at, id.at())
			}
			if id < leastAuditID(at) || id >= leastAuditID(ms.Add(time.Millisecond)) {
				t.Errorf("%s of %v is out of its millisecond", id, at)
			}
		}
	}
	if at := AuditID("aud_x").at(); !at.IsZero() {
		t.Errorf("what is no id is of %v", at)
	}
}

// XH12: nothing of an entry or a seal can change and leave the hash alone.
func TestXH12_DigestsCoverEverything(t *testing.T) {
	t.Parallel()
	entry := func() *AuditEntry {
		return &AuditEntry{
			ID: "aud_1", Organization: "org_1", At: time.Unix(7, 0), Actor: Actor{Type: ByPerson, ID: "usr_1"}, Action: UserUpdated,
			Subject: Subject{Type: "user", ID: "usr_2"}, RequestID: "r", Changes: []FieldChange{{"roles", "a", "b"}},
		}
	}
	seal := func() *AuditSeal {
		return &AuditSeal{
			Organization: "org_1", Number: 3, Previous: "p", At: time.Unix(7, 0), Hash: "not of itself", Entries: []SealedEntry{{"aud_1", "h", false}},
		}
	}
	digests := map[string]string{entry().digest(): "the entry", seal().digest(): "the seal"}
	var alter func(path string, v reflect.Value, digest func() string)
	alter = func(path string, v reflect.Value, digest func() string) {
		before := reflect.New(v.Type()).Elem()
		before.Set(v)
		switch {
		case path == ".Hash": // of the seal: it is the digest
			return
		case v.Type() == reflect.TypeFor[time.Time]():
			v.Set(reflect.ValueOf(time.Unix(7, 1)))
		case v.Kind() == reflect.Struct:
			for i := range v.NumField() {
				alter(path+"."+v.Type().Field(i).Name, v.Field(i), digest)
			}
			return
		case v.Kind() == reflect.Slice:
			alter(path+"[0]", v.Index(0), digest)
			v.Set(reflect.Append(v, v.Index(0)))
		case v.Kind() == reflect.String:
			v.SetString(v.String() + "x")
		case v.Kind() == reflect.Bool:
			v.SetBool(!v.Bool())
		case v.Kind() == reflect.Int64:
			v.SetInt(v.Int() + 1)
		default:
			t.Fatalf("%s is of a kind that this test does not know", path)
		}
		if other := digests[digest()]; other != "" {
			t.Errorf("%s altered hashes like %s", path, other)
		}
		digests[digest()] = path
		v.Set(before)
	}
	e, s := entry(), seal()
	alter("", reflect.ValueOf(e).Elem(), e.digest)
	alter("", reflect.ValueOf(s).Elem(), s.digest)

	// Nor can text be moved from one field to the next.
	one, other := entry(), entry()
	one.Changes, other.Changes = []FieldChange{{"ab", "c", ""}}, []FieldChange{{"a", "bc", ""}}
	if one.digest() == other.digest() {
		t.Error("fields run into each other")
	}
	one.Changes, other.Changes = []FieldChange{{"a", "", ""}}, nil
	other.RequestID += "a"
	if one.digest() == other.digest() {
		t.Error("a change is as good as another field")
	}
}
