package apitest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// The scenarios that the OpenID AuthZEN working group tries decision points
// with (github.com/openid/authzen), told in our model as far as it reaches.

// stageWith is a stage whose profile has resource types, roles and rights of a
// scenario beside its own.
func stageWith(w *World, types []domain.ResourceType, rights []domain.RightInfo, roles ...domain.Role) *stage {
	w.Profile.ResourceTypes = append(w.Profile.ResourceTypes, types...)
	w.Profile.Rights = append(w.Profile.Rights, rights...)
	w.Profile.Roles = append(w.Profile.Roles, roles...)
	return stageOf(w)
}

// The decisions of the Todo scenario (interop/authzen-todo-backend, MIT, © 2024
// Aserto). Whoever owns a todo has been given it, which counts beside the role
// of an editor only.
func TestAuthZENTodoScenario(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		editor := keysOf("can_read_user", "can_read_todos", "can_create_todo")
		s := stageWith(w, []domain.ResourceType{{Key: "todo"}}, []domain.RightInfo{
			{Key: "can_read_user"},
			{Key: "can_read_todos", On: "todo"},
			{Key: "can_create_todo", On: "todo"},
			{Key: "can_update_todo", On: "todo", With: "can_create_todo"},
			{Key: "can_delete_todo", On: "todo", With: "can_create_todo"},
		},
			domain.Role{Key: "viewer", Rights: editor[:2]},
			domain.Role{Key: "editor", Rights: editor},
			domain.Role{Key: "admin", Rights: append(slices.Clone(editor), "can_delete_todo")},
			domain.Role{Key: "evil_genius", Rights: append(slices.Clone(editor), "can_update_todo")},
		)
		o := s.company("Todos")
		todos, people := map[string]*domain.Resource{}, map[string]*domain.Membership{}
		for name, roles := range map[string][]domain.RoleKey{
			"rick": {"admin", "evil_genius"}, "morty": {"editor"}, "summer": {"editor"}, "beth": {"viewer"}, "jerry": {"viewer"},
		} {
			todos[name] = s.thing(o, "todo", nil, name)
			people[name] = s.member(o, name, giving(keysOf("can_update_todo", "can_delete_todo"), scopeOf(todos[name])))
			people[name].Roles = roles
			s.write(todos[name], people[name])
		}
		// Of each: to read users and todos, to create one, to update somebody's and one's own, to delete them.
		for name, want := range map[string]string{"rick": "yyyyyyy", "morty": "yyynyny", "summer": "yyynyny", "beth": "yynnnnn", "jerry": "yynnnnn"} {
			others := todos["rick"]
			if name == "rick" {
				others = todos["morty"]
			}
			asked := []Object{
				{"action": Object{"name": "can_read_user"}, "resource": atWhole(o)},
				{"action": Object{"name": "can_read_todos"}, "resource": atThing(todos["beth"])},
				{"action": Object{"name": "can_create_todo"}, "resource": atThing(todos["beth"])},
				{"action": Object{"name": "can_update_todo"}, "resource": atThing(others)},
				{"action": Object{"name": "can_update_todo"}, "resource": atThing(todos[name])},
				{"action": Object{"name": "can_delete_todo"}, "resource": atThing(others)},
				{"action": Object{"name": "can_delete_todo"}, "resource": atThing(todos[name])},
			}
			me := subjectOf(people[name].Person, "")
			for i, d := range s.decisions(Object{"subject": me, "evaluations": asked}) {
				one := maps.Clone(asked[i])
				one["subject"] = me
				if alone := s.post(evaluationPath, one).Body["decision"]; alone != d || d != (want[i] == 'y') {
					t.Errorf("%s, %s: %v, alone %v", name, one["action"], d, alone)
				}
			}
		}
		// The boxcarred ones.
		for name, want := range map[string][]bool{"rick": {true, true, true}, "morty": {false, true, false}, "jerry": {false, false, false}} {
			got := s.decisions(Object{"subject": subjectOf(people[name].Person, ""), "action": Object{"name": "can_update_todo"}, "evaluations": []Object{
				{"resource": atThing(todos["rick"])}, {"resource": atThing(todos["morty"])}, {"resource": atThing(todos["jerry"])},
			}})
			if !slices.Equal(got, want) {
				t.Errorf("%s: %v", name, got)
			}
		}
	})
}

// The searches of the Search scenario (interop/authzen-search-demo, MIT, © 2025
// Aserto): six people and twenty records with a department and an owner, and all
// 198 searches. Everybody sees the records of their department, and all of them
// as a manager; a manager edits those of the department; an owner does all.
func TestAuthZENSearchScenario(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := stageWith(w, []domain.ResourceType{{Key: "department"}, {Key: "record", Parent: "department"}},
			[]domain.RightInfo{{Key: "view", On: "record"}, {Key: "edit", On: "record"}, {Key: "delete", On: "record"}})
		o := s.company("Records")
		departments := map[string]*domain.Resource{}
		for _, name := range []string{"Sales", "Legal", "Finance", "Accounting"} {
			departments[name] = s.thing(o, "department", nil, name)
			s.write(departments[name])
		}
		type record struct {
			*domain.Resource
			department, owner string
		}
		var records []record
		for i, text := range strings.Fields(`Legal/alice Legal/bob Legal/carol Accounting/dan Legal/erin Accounting/felix Sales/alice Legal/bob
			Accounting/carol Sales/dan Accounting/erin Legal/felix Sales/alice Accounting/bob Finance/carol Legal/dan Legal/erin
			Accounting/felix Legal/alice Accounting/bob`) {
			department, owner, _ := strings.Cut(text, "/")
			r := record{s.thing(o, "record", departments[department], fmt.Sprint(101+i)), department, owner}
			s.write(r.Resource)
			records = append(records, r)
		}
		type person struct {
			*domain.Membership
			name, department string
			manages          bool
		}
		people := []person{
			{name: "alice", department: "Sales", manages: true},
			{name: "bob", department: "Legal"},
			{name: "carol", department: "Legal"},
			{name: "dan", department: "Finance", manages: true},
			{name: "erin", department: "Finance"},
			{name: "felix", department: "Accounting"},
		}
		for i := range people {
			p := &people[i]
			p.Membership = s.member(o, p.name, giving(keysOf("view"), scopeOf(departments[p.department])))
			if p.manages {
				p.Assignments = append(p.Assignments, giving(keysOf("view"), inOrganization), giving(keysOf("edit"), scopeOf(departments[p.department])))
			}
			for _, r := range records {
				if r.owner == p.name {
					p.Assignments = append(p.Assignments, giving(keysOf("view", "edit", "delete"), scopeOf(r.Resource)))
				}
			}
			s.write(p.Membership)
		}
		// may is the scenario's policy.
		may := func(p person, right domain.RightKey, r record) bool {
			switch {
			case r.owner == p.name:
				return true
			case right == "view":
				return p.manages || r.department == p.department
			}
			return right == "edit" && p.manages && r.department == p.department
		}
		compare := func(got, want []string, what ...any) {
			t.Helper()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%v: %s", what, cmp.Diff(want, got))
			}
		}
		in := " in " + string(o.ID)
		all := keysOf("view", "edit", "delete")
		for _, right := range all {
			for _, r := range records {
				var want []string
				for _, p := range people {
					if may(p, right, r) {
						want = append(want, string(p.Person)+in)
					}
				}
				compare(s.search(subjectPath, questionOf(Object{"type": "user"}, right, atThing(r.Resource)), 0), want, right, r.Name)
			}
			for _, p := range people {
				var want []string
				for _, r := range records {
					if may(p, right, r) {
						want = append(want, string(r.ID)+in)
					}
				}
				kind := Object{"type": "record", "properties": Object{"organization": o.ID}}
				compare(s.search(resourcePath, questionOf(subjectOf(p.Person, ""), right, kind), 0), want, p.name, right)
			}
		}
		for _, p := range people {
			for _, r := range records {
				var want []string
				for _, right := range all {
					if may(p, right, r) {
						want = append(want, string(right))
					}
				}
				compare(s.search(actionPath, Object{"subject": subjectOf(p.Person, ""), "resource": atThing(r.Resource)}, 0), want, p.name, r.Name)
			}
		}
	})
}

// The core of the certification scenario (certification/authorization-api-1_0-
// scenario.md, © 2026 OpenID Foundation), without the rules that believe the
// request's properties: those of a person or a resource are ours to know.
func TestAuthZENCertificationScenario(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := stageWith(w, []domain.ResourceType{{Key: "record"}}, []domain.RightInfo{{Key: "read", On: "record"}, {Key: "write", On: "record"}, {Key: "delete", On: "record"}})
		o := s.company("Certified")
		first, second := s.thing(o, "record", nil, "record-1"), s.thing(o, "record", nil, "record-2")
		alice := s.member(o, "alice", giving(keysOf("read", "write"), scopeOf(first)))
		bob := s.member(o, "bob", giving(keysOf("read"), scopeOf(first)))
		s.write(first, second, alice, bob)
		ofAlice, ofBob := subjectOf(alice.Person, ""), subjectOf(bob.Person, "")
		with := func(o Object, more Object) Object {
			o = maps.Clone(o)
			maps.Copy(o, more)
			return o
		}
		refused := func(path string, body any) {
			t.Helper()
			s.Want(http.StatusBadRequest, Request{Method: "POST", Path: path, Token: s.service, Body: body})
		}
		read := questionOf(ofAlice, "read", atThing(first))
		context := Object{"context": Object{"time": "2025-06-27T18:03-07:00", "ip": "192.168.1.1"}}

		// Basic.
		for _, c := range []struct {
			body Object
			want bool
		}{
			{read, true},
			{questionOf(ofAlice, "write", atThing(first)), true},
			{questionOf(ofBob, "read", atThing(first)), true},
			{questionOf(ofBob, "write", atThing(first)), false},
			{with(read, context), true},
			{questionOf(
				with(ofAlice, Object{"properties": Object{"department": "Sales", "role": "manager"}}), "read",
				with(atThing(first), Object{"properties": Object{"organization": o.ID, "status": "active", "owner": "bob"}})), true},
			{with(read, Object{"action": Object{"name": "read", "properties": Object{"method": "GET"}}}), true},
			{with(read, Object{"foo": "bar", "futureField": Object{"nested": true}}), true},
		} {
			for range 2 { // the same again
				if a := s.post(evaluationPath, c.body); a.Body["decision"] != c.want || a.Header.Get("Content-Type") != "application/json" {
					t.Errorf("%v: %s", c.body, a.Raw)
				}
			}
		}
		for entity, members := range map[string][]string{"subject": {"type", "id"}, "action": {"name"}, "resource": {"type", "id"}} {
			refused(evaluationPath, with(read, Object{entity: nil}))
			for _, m := range members {
				refused(evaluationPath, with(read, Object{entity: with(read[entity].(Object), Object{m: nil})}))
			}
		}
		for _, body := range []any{"{", "", with(read, Object{"subject": "alice"}), with(read, Object{"action": Object{"name": 123}})} {
			refused(evaluationPath, body)
		}

		// Batch.
		for _, c := range []struct {
			body Object
			want []bool
		}{
			{Object{"subject": ofAlice, "action": Object{"name": "read"}, "evaluations": []Object{{"resource": atThing(first)}, {"resource": atThing(second)}}}, []bool{true, false}},
			{Object{"subject": ofBob, "resource": atThing(first), "evaluations": []Object{{"action": Object{"name": "read"}}, {"action": Object{"name": "write"}}}}, []bool{true, false}},
			{Object{"evaluations": []Object{read, questionOf(ofBob, "write", atThing(first))}}, []bool{true, false}},
			{with(read, Object{"evaluations": []Object{{}, {"resource": atThing(second)}}}), []bool{true, false}},
			{with(with(read, context), Object{"evaluations": []Object{{}, {"context": Object{"source": "batch-override"}}}}), []bool{true, true}},
			{Object{"subject": ofAlice, "action": Object{"name": "read"}, "options": Object{"evaluations_semantic": "execute_all"}, "evaluations": []Object{{"resource": atThing(first)}, {}}}, []bool{true, false}},
		} {
			if got := s.decisions(c.body); !slices.Equal(got, c.want) {
				t.Errorf("%v: %v", c.body, got)
			}
		}
		for _, body := range []Object{read, with(read, Object{"evaluations": []any{}})} {
			if a := s.post(evaluationsPath, body); a.Body["decision"] != true {
				t.Errorf("%v: %s", body, a.Raw)
			}
		}

		// Search.
		in := " in " + string(o.ID)
		for _, c := range []struct {
			path string
			body Object
			want []string
		}{
			{subjectPath, questionOf(Object{"type": "user"}, "read", atThing(first)), []string{string(alice.Person) + in, string(bob.Person) + in}},
			{subjectPath, questionOf(ofAlice, "read", atThing(first)), []string{string(alice.Person) + in, string(bob.Person) + in}},
			{subjectPath, questionOf(Object{"type": "spaceship"}, "read", atThing(first)), nil},
			{resourcePath, questionOf(ofAlice, "read", Object{"type": "record", "properties": Object{"organization": o.ID}}), []string{string(first.ID) + in}},
			{resourcePath, questionOf(ofAlice, "read", atThing(second)), []string{string(first.ID) + in}},
			{resourcePath, questionOf(ofAlice, "read", Object{"type": "spaceship"}), nil},
			{actionPath, Object{"subject": ofAlice, "resource": atThing(first)}, []string{"read", "write"}},
			{actionPath, Object{"subject": Object{"type": "user", "id": "nonexistent-user"}, "resource": atThing(first)}, nil},
		} {
			for _, body := range []Object{c.body, with(c.body, context)} {
				if got := s.search(c.path, body, 1); !slices.Equal(got, c.want) {
					t.Errorf("%s %v: %q", c.path, body, got)
				}
			}
		}
		refused(subjectPath, Object{"subject": Object{"type": "user"}, "resource": atThing(first)})
		refused(subjectPath, questionOf(Object{"type": "user"}, "read", Object{"type": "record"}))
		refused(resourcePath, Object{"action": Object{"name": "read"}, "resource": Object{"type": "record"}})
		refused(resourcePath, questionOf(Object{"type": "user"}, "read", Object{"type": "record"}))
		refused(actionPath, Object{"subject": ofAlice})
		refused(actionPath, Object{"subject": Object{"type": "user"}, "resource": atThing(first)})
	})
}
