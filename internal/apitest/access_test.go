package apitest

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
)

// The paths of the protocol.
const (
	evaluationPath    = "/access/v1/evaluation"
	evaluationsPath   = "/access/v1/evaluations"
	subjectPath       = "/access/v1/search/subject"
	resourcePath      = "/access/v1/search/resource"
	actionPath        = "/access/v1/search/action"
	configurationPath = "/.well-known/authzen-configuration"
)

// stage is what the tests of the access endpoints play on: what they ask about
// is written past the API, and asked through it.
type stage struct {
	*World
	service string // the credential of a client that may ask everything
}

func stageOf(w *World) *stage {
	s := &stage{World: w}
	s.service = s.Service("evaluate", "search")
	return s
}

// write puts entities into the store.
func (s *stage) write(entities ...domain.Entity) {
	s.T.Helper()
	for some := range slices.Chunk(entities, 80) {
		c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, s.Now(), "")
		for _, e := range some {
			c.Put(e)
		}
		c.Record(domain.OperatorID, domain.OrganizationCreated, domain.Subject{Type: "organization", ID: string(domain.OperatorID)})
		if err := store.New(s.Base).Commit(context.Background(), c); err != nil {
			s.T.Fatal(err)
		}
	}
}

// client makes a service client, as the operator.
func (s *stage) client(in Object) (credential, id string) {
	s.T.Helper()
	in["name"] = "Client"
	a := s.Want(http.StatusCreated, Request{Method: "POST", Path: "/v1/services", Token: s.Operator(), Body: in})
	return a.Text("token"), a.Text("id")
}

// company makes an organization.
func (s *stage) company(name string) *domain.Organization {
	s.T.Helper()
	o := &domain.Organization{
		ID: domain.NewOrganizationID(s.Now()), Revision: 1, Name: name, Country: "FI", BusinessID: name, Language: domain.Finnish,
		TimeZone: "Europe/Helsinki", Alphabet: domain.Swedish, CreatedAt: s.Now(), UpdatedAt: s.Now(),
	}
	s.write(o)
	return o
}

// member is a user of an organization who has accepted, not yet written.
func (s *stage) member(o *domain.Organization, name string, assignments ...domain.Assignment) *domain.Membership {
	m := &domain.Membership{
		Revision: 1, Organization: o.ID, Person: domain.NewPersonID(), Kind: domain.Own, Home: o.ID, Alphabet: domain.Swedish,
		Card:  domain.Card{GivenName: "N", FamilyName: name, Email: domain.Email(name + "@" + string(o.ID) + ".example"), Language: domain.Finnish},
		Roles: []domain.RoleKey{"user"}, ActivatedAt: s.Now(), CreatedAt: s.Now(), UpdatedAt: s.Now(),
	}
	for _, a := range assignments {
		m.Assignments = append(m.Assignments, a.Sorted())
	}
	return m
}

// thing is a resource in another one, if in is not nil, not yet written.
func (s *stage) thing(o *domain.Organization, of domain.ScopeType, in *domain.Resource, name string, features ...domain.FeatureKey) *domain.Resource {
	r := &domain.Resource{
		ID: domain.NewResourceID(s.Now()), Revision: 1, Organization: o.ID, Type: of, Name: name, Features: features,
		Alphabet: domain.Swedish, CreatedAt: s.Now(), UpdatedAt: s.Now(),
	}
	if in != nil {
		r.Path = append(slices.Clone(in.Path), in.ID)
	}
	return r
}

// mandates are what one organization gives another, not yet written.
func (s *stage) mandates(principal, agent *domain.Organization, items ...domain.Mandate) *domain.Mandates {
	m := &domain.Mandates{Principal: principal.ID, Agent: agent.ID, Name: principal.Name, Alphabet: domain.Swedish}
	for i, item := range items {
		item.ID, item.Type, item.CreatedAt, item.UpdatedAt, item.Revision = domain.NewMandateID(s.Now().Add(time.Duration(i))), "books", s.Now(), s.Now(), 1
		m.Items = append(m.Items, item)
	}
	return m
}

// giving gives rights in scopes.
func giving(rights []domain.RightKey, scopes ...domain.Scope) domain.Assignment {
	return domain.Assignment{ID: domain.NewAssignmentID(Start), Rights: rights, Scopes: scopes}
}

func keysOf(keys ...domain.RightKey) []domain.RightKey { return keys }

// scopeOf is the scope of a resource.
func scopeOf(r *domain.Resource) domain.Scope { return domain.Scope{Type: r.Type, ID: string(r.ID)} }

var (
	inOrganization = domain.Scope{Type: domain.InOrganization}
	forClients     = domain.Scope{Type: domain.ForClients}
)

// subjectOf is one, who acts from an organization if from is not empty.
func subjectOf(id domain.PersonID, from domain.OrganizationID) Object {
	o := Object{"type": "user", "id": id}
	if from != "" {
		o["properties"] = Object{"organization": from}
	}
	return o
}

// atThing is a resource as one, and atWhole an organization.
func atThing(r *domain.Resource) Object {
	return Object{"type": r.Type, "id": r.ID, "properties": Object{"organization": r.Organization}}
}

func atWhole(o *domain.Organization) Object { return Object{"type": "organization", "id": o.ID} }

// questionOf is the body of an evaluation.
func questionOf(subject Object, right domain.RightKey, resource Object) Object {
	return Object{"subject": subject, "action": Object{"name": right}, "resource": resource}
}

// post sends a body to an endpoint of the protocol.
func (s *stage) post(path string, body any) Answer {
	s.T.Helper()
	return s.Want(http.StatusOK, Request{Method: "POST", Path: path, Token: s.service, Body: body})
}

// decisions is the answers to several questions.
func (s *stage) decisions(body Object) (decisions []bool) {
	s.T.Helper()
	a := s.post(evaluationsPath, body)
	list, ok := a.Body["evaluations"].([]any)
	if _, single := a.Body["decision"]; !ok || single {
		s.T.Fatalf("no list of evaluations: %s", a.Raw)
	}
	for _, one := range list {
		d, ok := one.(Object)["decision"].(bool)
		if !ok {
			s.T.Fatalf("a decision is missing: %s", a.Raw)
		}
		decisions = append(decisions, d)
	}
	return decisions
}

// search is all results of a search, page by page, each as a line.
func (s *stage) search(path string, body Object, limit int) (results []string) {
	s.T.Helper()
	body = maps.Clone(body)
	page := Object{}
	if limit > 0 {
		page["limit"] = limit
	}
	for range 1000 {
		body["page"] = page
		a := s.post(path, body)
		found, ok := a.Body["results"].([]any)
		if !ok || limit > 0 && len(found) > limit || a.Text("page/count") != strconv.Itoa(len(found)) {
			s.T.Fatalf("limit %d: %s", limit, a.Raw)
		}
		for _, f := range found {
			results = append(results, line(f.(Object)))
		}
		if page["token"] = a.Text("page/next_token"); page["token"] == "" {
			return results
		}
	}
	s.T.Fatalf("the search does not end")
	return nil
}

// line shows a result.
func line(found Object) string {
	a := Answer{Body: found}
	switch {
	case a.Text("name") != "":
		return a.Text("name")
	case a.Text("properties/organization") != "":
		return a.Text("id") + " in " + a.Text("properties/organization")
	}
	return a.Text("id")
}

// rented is a stage of the rental profile, with mandates and rights of each
// kind. alpha keeps its books itself or lets gamma do it; beta is another tenant.
type rented struct {
	*stage
	alpha, beta, gamma                *domain.Organization
	number, site, gate, elsewhere     *domain.Resource
	digger, boss, foreman, accountant *domain.Membership
	stranger, junior                  *domain.Membership
}

func rentOut(w *World) *rented {
	w.T.Helper()
	p := w.Profile
	p.Rights = append(p.Rights,
		domain.RightInfo{Key: "keys", On: "worksite", With: "order"}, domain.RightInfo{Key: "pay"}, domain.RightInfo{Key: "salaries", Sensitive: true})
	p.Mandates = append(p.Mandates, domain.MandateType{Key: "books", Rights: keysOf("pay", "salaries")})
	s := &rented{stage: stageOf(w)}
	s.alpha, s.beta, s.gamma = s.company("Alpha"), s.company("Beta"), s.company("Gamma")
	s.number = s.thing(s.alpha, "customer-number", nil, "1001")
	s.site, s.gate = s.thing(s.alpha, "worksite", s.number, "Site"), s.thing(s.alpha, "worksite", s.number, "Gate", "access-control")
	s.elsewhere = s.thing(s.beta, "worksite", nil, "Elsewhere")
	s.digger = s.member(s.alpha, "digger", giving(keysOf("order", "access-control"), scopeOf(s.site)))
	s.foreman = s.member(s.alpha, "foreman", giving(keysOf("order", "access-control", "keys"), scopeOf(s.number)))
	s.boss = s.member(s.alpha, "boss")
	s.boss.Roles = []domain.RoleKey{"administrator"}
	s.accountant = s.member(s.gamma, "accountant", giving(keysOf("pay", "salaries"), forClients))
	s.junior = s.member(s.gamma, "junior", giving(keysOf("pay"), inOrganization))
	s.stranger = s.member(s.beta, "stranger", giving(keysOf("order", "pay"), inOrganization))
	s.write(
		s.number, s.site, s.gate, s.elsewhere, s.digger, s.foreman, s.boss, s.accountant, s.junior, s.stranger,
		s.mandates(s.alpha, s.gamma, domain.Mandate{Rights: keysOf("pay"), From: "2026-01-01", To: "2026-12-31"}))
	return s
}

func TestAccessEvaluation(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		alpha, gamma := s.alpha.ID, s.gamma.ID
		for _, c := range []struct {
			name     string
			question Object
			reason   string // empty: allowed
		}{
			{"on the resource", questionOf(subjectOf(s.digger.Person, ""), "order", atThing(s.site)), ""},
			{"on another", questionOf(subjectOf(s.digger.Person, ""), "order", atThing(s.gate)), "not-assigned"},
			{"in a branch", questionOf(subjectOf(s.foreman.Person, ""), "order", atThing(s.gate)), ""},
			{"beside what it needs", questionOf(subjectOf(s.foreman.Person, ""), "keys", atThing(s.gate)), ""},
			{"with the feature", questionOf(subjectOf(s.foreman.Person, ""), "access-control", atThing(s.gate)), ""},
			{"without the feature", questionOf(subjectOf(s.digger.Person, ""), "access-control", atThing(s.site)), "no-feature"},
			{"on another type", questionOf(subjectOf(s.boss.Person, ""), "order", atThing(s.number)), "wrong-type"},
			{"in the organization", questionOf(subjectOf(s.boss.Person, ""), "users:edit", atWhole(s.alpha)), ""},
			{"all but what is sensitive", questionOf(subjectOf(s.boss.Person, ""), "salaries", atWhole(s.alpha)), "not-assigned"},

			{"for a client", questionOf(subjectOf(s.accountant.Person, gamma), "pay", atWhole(s.alpha)), ""},
			{"for a client, above its mandate", questionOf(subjectOf(s.accountant.Person, gamma), "salaries", atWhole(s.alpha)), "above-mandate"},
			{"for a client, not given", questionOf(subjectOf(s.junior.Person, gamma), "pay", atWhole(s.alpha)), "not-assigned"},
			{"for who is no client", questionOf(subjectOf(s.accountant.Person, gamma), "pay", atWhole(s.beta)), "no-mandate"},
			{"for clients is not at home", questionOf(subjectOf(s.accountant.Person, ""), "pay", atWhole(s.gamma)), "not-assigned"},
			{"without saying from where", questionOf(subjectOf(s.accountant.Person, ""), "pay", atWhole(s.alpha)), "no-membership"},
			{"a mandate does not work back", questionOf(subjectOf(s.boss.Person, alpha), "pay", atWhole(s.gamma)), "no-mandate"},

			{"another tenant's user", questionOf(subjectOf(s.stranger.Person, ""), "order", atThing(s.site)), "no-membership"},
			{"another tenant's user, from there", questionOf(subjectOf(s.stranger.Person, s.beta.ID), "order", atThing(s.site)), "no-mandate"},
			{"another tenant's user, from here", questionOf(subjectOf(s.stranger.Person, alpha), "order", atThing(s.site)), "no-membership"},
			{"another tenant's resource", questionOf(subjectOf(s.boss.Person, ""), "order", atThing(s.elsewhere)), "no-membership"},
			{"another tenant's resource as one's own", questionOf(subjectOf(s.boss.Person, ""), "order",
				Object{"type": "worksite", "id": s.elsewhere.ID, "properties": Object{"organization": alpha}}), "unknown-places"},
			{"a resource as of another type", questionOf(subjectOf(s.boss.Person, ""), "order",
				Object{"type": "worksite", "id": s.number.ID, "properties": Object{"organization": alpha}}), "unknown-places"},
			{"no such resource", questionOf(subjectOf(s.boss.Person, ""), "order",
				Object{"type": "worksite", "id": "res_01h2xcejqtf2nbrexx3vqjhp41", "properties": Object{"organization": alpha}}), "unknown-places"},
			{"no such organization", questionOf(subjectOf(s.boss.Person, ""), "users:see", Object{"type": "organization", "id": "org_01h2xcejqtf2nbrexx3vqjhp41"}), "unknown-places"},
			{"no such person", questionOf(subjectOf("usr_01h2xcejqtf2nbrexx3vqjhp41", ""), "order", atThing(s.site)), "no-membership"},
			{"a resource of no organization", questionOf(subjectOf(s.boss.Person, ""), "order", Object{"type": "worksite", "id": s.site.ID}), "no-organization"},
			{"a table's key as an id", questionOf(subjectOf("usr_x#USER#", ""), "order", atThing(s.site)), "no-membership"},

			{"no such right", questionOf(subjectOf(s.boss.Person, ""), "levitate", atThing(s.site)), "unknown-right"},
			{"the operator's right", questionOf(subjectOf(s.boss.Person, ""), domain.RightOperate, atWhole(s.alpha)), "unknown-right"},
		} {
			a := s.post(evaluationPath, c.question)
			if allowed, ok := a.Body["decision"].(bool); !ok || allowed != (c.reason == "") || a.Text("context/reason") != c.reason {
				t.Errorf("%s: %s, want %q", c.name, a.Raw, c.reason)
			}
		}
	})
}

// What somebody has does not count while they are not valid, and the answer says why.
func TestAccessEvaluationTellsTheStatus(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		for status, change := range map[string]func(m *domain.Membership){
			"invited": func(m *domain.Membership) { m.ActivatedAt = time.Time{} },
			"locked":  func(m *domain.Membership) { m.Validity.Type = domain.Locked },
			"expired": func(m *domain.Membership) {
				m.Validity = domain.Validity{Type: domain.FixedTerm, From: "2026-01-01", To: "2026-11-01"}
			},
			"upcoming": func(m *domain.Membership) {
				m.Validity = domain.Validity{Type: domain.FixedTerm, From: "2026-11-03", To: "2026-12-31"}
			},
			"inactive": func(m *domain.Membership) { m.RemovedAt = s.Now() },
		} {
			m := s.member(s.alpha, status, giving(keysOf("order"), scopeOf(s.site)))
			change(m)
			s.write(m)
			a := s.post(evaluationPath, questionOf(subjectOf(m.Person, ""), "order", atThing(s.site)))
			if a.Body["decision"] != false || a.Text("context/reason") != "not-valid" || a.Text("context/status") != status {
				t.Errorf("%s: %s", status, a.Raw)
			}
		}
		// It counts again, or no longer, when the day comes in the organization's zone, whatever the request says of the time.
		day := questionOf(subjectOf(s.accountant.Person, s.gamma.ID), "pay", atWhole(s.alpha))
		day["context"] = Object{"time": "2026-11-02T09:00:00Z"}
		for _, c := range []struct {
			at      string
			allowed bool
		}{{"2026-12-31T21:59:59Z", true}, {"2026-12-31T22:00:00Z", false}} {
			now, err := time.Parse(time.RFC3339, c.at)
			if err != nil {
				t.Fatal(err)
			}
			s.SetNow(now.Add(-time.Millisecond)) // which passes with the request
			if a := s.post(evaluationPath, day); a.Body["decision"] != c.allowed {
				t.Errorf("%s: %s", c.at, a.Raw)
			}
		}
		// What the operator closes counts nowhere.
		closed := *s.alpha
		closed.Version, closed.Suspended = 1, true
		s.write(&closed)
		if a := s.post(evaluationPath, questionOf(subjectOf(s.digger.Person, ""), "order", atThing(s.site))); a.Text("context/reason") != "suspended" {
			t.Errorf("closed: %s", a.Raw)
		}
	})
}

// A service client that may ask about some rights only learns of no others.
func TestServiceClientsAskAboutTheirRightsOnly(t *testing.T) {
	t.Parallel()
	s := rentOut(New(t))
	s.service, _ = s.client(Object{"scopes": domain.ServiceScopes, "rights": keysOf("order", "keys")})
	boss, foreman := subjectOf(s.boss.Person, ""), subjectOf(s.foreman.Person, "")
	for right, reason := range map[domain.RightKey]string{"order": "", "access-control": "not-yours-to-ask", "users:edit": "not-yours-to-ask", "levitate": "not-yours-to-ask"} {
		if a := s.post(evaluationPath, questionOf(foreman, right, atThing(s.gate))); a.Text("context/reason") != reason || a.Body["decision"] != (reason == "") {
			t.Errorf("%s: %s", right, a.Raw)
		}
	}
	if got := s.search(actionPath, Object{"subject": foreman, "resource": atThing(s.gate)}, 0); !slices.Equal(got, []string{"order", "keys"}) {
		t.Errorf("what the foreman may: %q", got)
	}
	for path, body := range map[string]Object{
		subjectPath:  questionOf(Object{"type": "user"}, "access-control", atThing(s.gate)),
		resourcePath: questionOf(boss, "access-control", Object{"type": "worksite", "properties": Object{"organization": s.alpha.ID}}),
	} {
		if a := s.post(path, body); a.Text("context/reason") != "not-yours-to-ask" || len(a.Body["results"].([]any)) != 0 || a.Text("page/next_token") != "" {
			t.Errorf("%s: %s", path, a.Raw)
		}
	}
}

// bodiesOf are valid requests to the endpoints of the protocol.
func (s *rented) bodiesOf() map[string]Object {
	asked := questionOf(subjectOf(s.digger.Person, s.alpha.ID), "order", atThing(s.site))
	return map[string]Object{
		evaluationPath: asked, evaluationsPath: asked, subjectPath: asked, resourcePath: asked,
		actionPath: {"subject": asked["subject"], "resource": asked["resource"]},
	}
}

// Only a service client asks, with a credential of its own that has not been
// revoked and that is for what it does; and with it, it can do nothing else.
func TestServiceCredentials(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		session := s.Operator()
		evaluator, searcher := s.Service("evaluate"), s.Service("search")
		revoked, id := s.client(Object{"scopes": domain.ServiceScopes})
		for path, body := range s.bodiesOf() {
			s.Want(http.StatusOK, Request{Method: "POST", Path: path, Body: body, Token: revoked})
		}
		s.Want(http.StatusNoContent, Request{Method: "DELETE", Path: "/v1/services/" + id, Token: session})
		for path, body := range s.bodiesOf() {
			right, wrong := evaluator, searcher
			if strings.Contains(path, "search") {
				right, wrong = searcher, evaluator
			}
			s.Want(http.StatusOK, Request{Method: "POST", Path: path, Body: body, Token: right})
			for name, token := range map[string]string{
				"none": "", "a session's": session, "revoked": revoked, "forged": right[:len(right)-4] + "AAAA", "another's secret": right[:len(right)-43] + searcher[len(searcher)-43:],
				"nobody's": "fmc_01h2xcejqtf2nbrexx3vqjhp41" + strings.Repeat("A", 43), "as a session": "fms_" + right[4:],
			} {
				if token == right {
					continue
				}
				a := s.Send(Request{Method: "POST", Path: path, Body: body, Token: token})
				if a.Status != http.StatusUnauthorized || a.Code() != "unauthenticated" || a.Header.Get("WWW-Authenticate") != "Bearer" {
					t.Errorf("%s with a credential of kind %q: %d %s", path, name, a.Status, a.Raw)
				}
			}
			// What may be asked for is told before what is wrong with the request.
			for _, b := range []any{body, "{"} {
				if a := s.Send(Request{Method: "POST", Path: path, Body: b, Token: wrong}); a.Status != http.StatusForbidden || a.Code() != "forbidden" {
					t.Errorf("%s with the other scope: %d %s", path, a.Status, a.Raw)
				}
			}
		}
		for _, e := range api.Endpoints() {
			if !e.InSession() {
				continue
			}
			a := s.Send(request(t, e, string(s.alpha.ID), string(s.boss.Person), s.service))
			if a.Status != http.StatusUnauthorized || a.Code() != "unauthenticated" {
				t.Errorf("%s with a service client's credential: %d %s", e.ID, a.Status, a.Raw)
			}
		}
	})
}

// The rules of the protocol's own that ours differ from.
func TestTheForeignProtocol(t *testing.T) {
	t.Parallel()
	s := rentOut(New(t))
	before := s.Dump()
	for path, body := range s.bodiesOf() {
		// What is not known is ignored, and null is as good as nothing.
		more := maps.Clone(body)
		more["foo"], more["context"], more["options"] = Object{"bar": []any{nil, 1.5}}, nil, nil
		subject := maps.Clone(body["subject"].(Object))
		subject["properties"] = Object{"organization": s.alpha.ID, "department": nil, "ip": "192.0.2.1"}
		more["subject"] = subject
		plain, same := s.post(path, body), s.post(path, more)
		if d := cmp.Diff(plain.Body, same.Body); d != "" {
			t.Errorf("%s, with more: %s", path, d)
		}
		// The caller's name for the request comes back, also with a problem.
		for _, name := range []string{"bfe9eb29-ab87-4ca3-be83-a1d5d8305716", "x y ~"} {
			for _, token := range []string{s.service, ""} {
				a := s.Send(Request{Method: "POST", Path: path, Body: body, Token: token, Headers: []Header{{"X-Request-ID", name}}})
				if a.Header.Get("X-Request-ID") != name {
					t.Errorf("%s: X-Request-ID %q came back as %q", path, name, a.Header.Get("X-Request-ID"))
				}
			}
		}
		if a := s.Send(Request{Method: "POST", Path: path, Body: body, Token: s.service, Headers: []Header{{"X-Request-ID", strings.Repeat("x", 4000)}}}); len(a.Header.Get("X-Request-ID")) > 128 {
			t.Errorf("%s: a name of any length comes back", path)
		}
		// What has to be there and is not is told.
		for _, entity := range []string{"subject", "action", "resource"} {
			if body[entity] == nil {
				continue
			}
			without := maps.Clone(body)
			delete(without, entity)
			empty := maps.Clone(body)
			empty[entity] = Object{"id": ""}
			number := maps.Clone(body)
			number[entity] = Object{"type": 7, "id": 7, "name": 7}
			text := maps.Clone(body)
			text[entity] = "alice"
			for name, b := range map[string]Object{"without": without, "empty": empty, "of numbers": number, "a text": text} {
				a := s.Send(Request{Method: "POST", Path: path, Body: b, Token: s.service})
				if a.Status != http.StatusBadRequest || !strings.HasPrefix(a.Text("errors/0/pointer"), "/"+entity) {
					t.Errorf("%s, %s %s: %d %s", path, entity, name, a.Status, a.Raw)
				}
			}
		}
		for name, b := range map[string]string{
			"twice":  `{"subject":{"type":"user","type":"user"}}`,
			"deep":   `{"context":` + strings.Repeat(`{"a":`, 40) + "1" + strings.Repeat("}", 41),
			"broken": `{`, "empty": ``, "a list": `[]`, "context is a text": `{"context":"x"}`,
		} {
			if a := s.Send(Request{Method: "POST", Path: path, Body: b, Token: s.service}); a.Status != http.StatusBadRequest {
				t.Errorf("%s, %s: %d %s", path, name, a.Status, a.Raw)
			}
		}
	}
	if after := s.Dump(); after != before {
		t.Errorf("asking has changed something:\n%s", Difference(before, after))
	}
}

func TestXD1_TheMetadataStandsOnTheConfiguration(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		want := Object{
			"policy_decision_point": Portal, "access_evaluation_endpoint": Portal + evaluationPath, "access_evaluations_endpoint": Portal + evaluationsPath,
			"search_subject_endpoint": Portal + subjectPath, "search_resource_endpoint": Portal + resourcePath, "search_action_endpoint": Portal + actionPath,
		}
		for _, headers := range [][]Header{
			nil,
			{{"Host", "evil.example"}},
			{{"X-Forwarded-Host", "evil.example"}, {"X-Forwarded-Proto", "http"}},
			{{"Forwarded", "host=evil.example;proto=http"}},
			{{"X-Original-Host", "evil.example"}},
			{{"Origin", "https://evil.example"}},
		} {
			a := w.Want(http.StatusOK, Request{Method: "GET", Path: configurationPath, Headers: headers})
			if d := cmp.Diff(want, a.Body); d != "" || a.Header.Get("Content-Type") != "application/json" {
				t.Errorf("%v: %s %s", headers, a.Header.Get("Content-Type"), d)
			}
		}
		w.Want(http.StatusMethodNotAllowed, Request{Method: "POST", Path: configurationPath})
		w.Want(http.StatusNotFound, Request{Method: "GET", Path: "/.well-known/openid-configuration"})
	})
}

func TestAccessEvaluations(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		digger, boss := subjectOf(s.digger.Person, ""), subjectOf(s.boss.Person, "")
		// No evaluations are one, of the defaults.
		for _, list := range []any{nil, []any{}} {
			body := questionOf(digger, "order", atThing(s.site))
			body["evaluations"] = list
			if a := s.post(evaluationsPath, body); a.Body["decision"] != true || a.Body["evaluations"] != nil {
				t.Errorf("%v: %s", list, a.Raw)
			}
		}
		refused := questionOf(digger, "order", atThing(s.gate))
		if a := s.post(evaluationsPath, refused); a.Body["decision"] != false || a.Text("context/reason") != "not-assigned" {
			t.Errorf("the refused one: %s", a.Raw)
		}
		// One that is broken is a denial among the others.
		list := []Object{{}, {"resource": atThing(s.gate)}, {"subject": boss, "resource": atThing(s.gate)}, {"resource": Object{"type": "worksite"}}, {"action": nil, "subject": boss}}
		body := questionOf(digger, "order", atThing(s.site))
		body["evaluations"] = list
		for semantic, want := range map[string][]bool{
			"": {true, false, true, false, true}, "execute_all": {true, false, true, false, true},
			"deny_on_first_deny": {true, false}, "permit_on_first_permit": {true},
		} {
			if body["options"] = (Object{"evaluations_semantic": semantic, "another_option": 1}); semantic == "" {
				delete(body, "options")
			}
			if got := s.decisions(body); !slices.Equal(got, want) {
				t.Errorf("%s: %v", semantic, got)
			}
		}
		delete(body, "options")
		a := s.post(evaluationsPath, body)
		if a.Text("evaluations/1/context/reason") != "not-assigned" || a.Text("evaluations/3/context/error/status") != "400" ||
			!strings.Contains(a.Text("evaluations/3/context/error/message"), "/evaluations/3/resource/id") {
			t.Errorf("reasons: %s", a.Raw)
		}
		// What is wrong with the whole is told as such.
		body["options"] = Object{"evaluations_semantic": "majority"}
		if a := s.Want(http.StatusBadRequest, Request{Method: "POST", Path: evaluationsPath, Token: s.service, Body: body}); a.Text("errors/0/pointer") != "/options/evaluations_semantic" {
			t.Errorf("semantic: %s", a.Raw)
		}
		many := Object{"subject": digger, "action": Object{"name": "order"}, "evaluations": slices.Repeat([]Object{{"resource": atThing(s.site)}}, 101)}
		if a := s.Want(http.StatusBadRequest, Request{Method: "POST", Path: evaluationsPath, Token: s.service, Body: many}); a.Text("errors/0/pointer") != "/evaluations" {
			t.Errorf("too many: %s", a.Raw)
		}
	})
}

// A hundred questions about one subject are at most three round trips to the
// table, whether it acts at home or for clients; and one is one.
func TestEvaluationsAreReadTogether(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	s := rentOut(w)
	var things []domain.Entity
	var atHome, forOthers []Object
	for i := range 100 {
		r := s.thing(s.alpha, "worksite", s.number, fmt.Sprint("Site ", i))
		things = append(things, r)
		atHome = append(atHome, Object{"resource": atThing(r)})
		c := s.company(fmt.Sprint("Client ", i))
		things = append(things, s.mandates(c, s.gamma, domain.Mandate{Rights: keysOf("pay"), From: "2026-01-01"}))
		forOthers = append(forOthers, Object{"resource": atWhole(c)})
	}
	s.write(things...)
	for _, c := range []struct {
		name    string
		path    string
		body    Object
		batches int
	}{
		{"one", evaluationPath, questionOf(subjectOf(s.accountant.Person, s.gamma.ID), "pay", atWhole(s.alpha)), 1},
		{"at home", evaluationsPath, Object{"subject": subjectOf(s.foreman.Person, ""), "action": Object{"name": "order"}, "evaluations": atHome}, 2},
		{"for clients", evaluationsPath, Object{"subject": subjectOf(s.accountant.Person, s.gamma.ID), "action": Object{"name": "pay"}, "evaluations": forOthers}, 3},
	} {
		counter.Reset()
		a := s.post(c.path, c.body)
		if strings.Contains(string(a.Raw), "false") {
			t.Errorf("%s: %s", c.name, a.Raw)
		}
		if n := counter.Counts(); n.Gets != c.batches || n.Queries != 0 || n.Transacts != 0 {
			t.Errorf("%s: %+v, want %d batch reads", c.name, n, c.batches)
		}
	}
}

// Whatever is found may be done, and whatever may be done is found: searches and
// evaluations are one decision. A page of any size finds the same.
func TestSearchesAndEvaluationsAgree(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		random := rand.New(rand.NewPCG(3, 14))
		pick := func(n int) int { return random.IntN(n) }
		asked := keysOf("order", "access-control", "keys", "pay", "users:edit", "resources:see")
		organizations := []*domain.Organization{s.alpha, s.beta, s.gamma}
		members := []*domain.Membership{s.digger, s.boss, s.foreman, s.accountant, s.junior, s.stranger}
		things := []*domain.Resource{s.number, s.site, s.gate, s.elsewhere}
		var entities []domain.Entity
		for i := range 9 {
			o := organizations[pick(3)]
			r := s.thing(o, "worksite", nil, fmt.Sprint("W", pick(3)), []domain.FeatureKey{"access-control"}[:pick(2)]...)
			if o == s.alpha && pick(2) == 0 {
				r.Path = []domain.ResourceID{s.number.ID}
			}
			things = append(things, r)
			entities = append(entities, r)
			o = organizations[pick(3)]
			m := s.member(o, fmt.Sprint("M", pick(3)))
			for range pick(3) {
				scope := []domain.Scope{inOrganization, forClients, {Type: domain.ForClient, ID: string(organizations[pick(3)].ID)}, scopeOf(things[pick(len(things))])}[pick(4)]
				m.Assignments = append(m.Assignments, giving(keysOf(asked[pick(6)], asked[pick(6)]), scope).Sorted())
			}
			if i%4 == 0 {
				m.Validity.Type = domain.Locked
			}
			members = append(members, m)
			entities = append(entities, m)
		}
		// Three more agents of alpha: one whose mandate is over, one without users.
		for i, to := range []domain.Date{"2026-10-31", "", ""} {
			agent := s.company(fmt.Sprint("Agent ", i))
			entities = append(entities, s.mandates(s.alpha, agent, domain.Mandate{Rights: keysOf("pay"), From: "2026-01-01", To: to}))
			if i < 2 {
				m := s.member(agent, "M", giving(keysOf("pay"), forClients))
				members = append(members, m)
				entities = append(entities, m)
			}
			organizations = append(organizations, agent)
		}
		s.write(entities...)

		// may is everything there is to ask, answered by evaluations.
		type key struct {
			m     *domain.Membership
			right domain.RightKey
			place string
		}
		may := map[key]bool{}
		var keys []key
		var list []Object
		flush := func() {
			if len(list) == 0 {
				return
			}
			for i, d := range s.decisions(Object{"evaluations": list}) {
				may[keys[i]] = d
			}
			keys, list = nil, nil
		}
		for _, m := range members {
			for _, right := range asked {
				ask := func(place string, resource Object) {
					keys, list = append(keys, key{m, right, place}), append(list, questionOf(subjectOf(m.Person, m.Organization), right, resource))
					if len(list) == 100 {
						flush()
					}
				}
				for _, r := range things {
					ask(string(r.ID), atThing(r))
				}
				for _, o := range organizations {
					ask(string(o.ID), atWhole(o))
				}
			}
		}
		flush()
		compare := func(what string, got, want []string) {
			t.Helper()
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s: %s", what, cmp.Diff(want, got))
			}
		}
		limits := func() int { return []int{0, 3, 7, 200}[pick(4)] }
		yes := 0
		for _, right := range asked {
			for _, r := range things {
				var want []string
				for _, m := range members {
					if may[key{m, right, string(r.ID)}] {
						want = append(want, string(m.Person)+" in "+string(m.Organization))
						yes++
					}
				}
				compare(fmt.Sprint("who may ", right, " on ", r.Name), s.search(subjectPath, questionOf(Object{"type": "user"}, right, atThing(r)), limits()), want)
			}
			for _, o := range organizations {
				var want []string
				for _, m := range members {
					if may[key{m, right, string(o.ID)}] {
						want = append(want, string(m.Person)+" in "+string(m.Organization))
						yes++
					}
				}
				sizes := []int{limits()}
				if right == "pay" { // what mandates have room for
					sizes = []int{0, 1, 2, 7}
				}
				for _, limit := range sizes {
					compare(fmt.Sprint("who may ", right, " in ", o.Name), s.search(subjectPath, questionOf(Object{"type": "user"}, right, atWhole(o)), limit), want)
				}
				from := organizations[pick(len(organizations))]
				ofThem := slices.DeleteFunc(slices.Clone(want), func(l string) bool { return !strings.HasSuffix(l, " in "+string(from.ID)) })
				compare(fmt.Sprint("who of ", from.Name, " may ", right, " in ", o.Name), s.search(subjectPath, questionOf(subjectOf("", from.ID), right, atWhole(o)), limits()), ofThem)
			}
			for _, m := range members {
				me := subjectOf(m.Person, m.Organization)
				for _, o := range organizations[:3] {
					for _, of := range []domain.ScopeType{"worksite", "customer-number"} {
						if o.ID != m.Organization && pick(4) > 0 || of == "customer-number" && o != s.alpha {
							continue // mostly nothing, so not all of it
						}
						var want []string
						for _, r := range things {
							if r.Organization == o.ID && r.Type == of && may[key{m, right, string(r.ID)}] {
								want = append(want, string(r.ID)+" in "+string(o.ID))
							}
						}
						compare(fmt.Sprint("where ", m.FamilyName, " may ", right), s.search(resourcePath, questionOf(me, right, Object{"type": of, "properties": Object{"organization": o.ID}}), limits()), want)
					}
				}
				var want []string
				for _, o := range organizations {
					if may[key{m, right, string(o.ID)}] {
						want = append(want, string(o.ID))
					}
				}
				if right != "pay" && pick(3) > 0 {
					continue
				}
				compare(fmt.Sprint("for whom ", m.FamilyName, " may ", right), s.search(resourcePath, questionOf(me, right, Object{"type": "organization"}), limits()), want)
			}
		}
		for _, m := range members {
			for _, r := range things {
				if r.Organization != m.Organization && pick(4) > 0 {
					continue
				}
				var got, want []string
				for _, found := range s.search(actionPath, Object{"subject": subjectOf(m.Person, m.Organization), "resource": atThing(r)}, limits()) {
					if slices.Contains(asked, domain.RightKey(found)) {
						got = append(got, found)
					}
				}
				for _, right := range asked {
					if may[key{m, right, string(r.ID)}] {
						want = append(want, string(right))
					}
				}
				compare(fmt.Sprint("what ", m.FamilyName, " may on ", r.Name), got, want)
			}
		}
		if yes < 20 {
			t.Errorf("only %d permissions: the example shows nothing", yes)
		}
	})
}

func TestXB7_SearchTokensBelongToTheirSearch(t *testing.T) {
	Each(t, func(t *testing.T, w *World) {
		s := rentOut(w)
		body := questionOf(Object{"type": "user", "id": "ignored"}, "order", atThing(s.gate))
		body["context"] = Object{"ip": "192.0.2.1"}
		body["page"] = Object{"limit": 1}
		first := s.post(subjectPath, body)
		token := first.Text("page/next_token")
		if token == "" || strings.Contains(token, "digger") {
			t.Fatalf("token %q", token)
		}
		send := func(path, credential, token string, change func(body, page Object)) Answer {
			b, p := maps.Clone(body), Object{"limit": 1, "token": token}
			change(b, p)
			b["page"] = p
			return s.Send(Request{Method: "POST", Path: path, Body: b, Token: credential})
		}
		same := func(Object, Object) {}
		for name, a := range map[string]Answer{
			"the same":      send(subjectPath, s.service, token, same),
			"no limit":      send(subjectPath, s.service, token, func(_, page Object) { delete(page, "limit") }),
			"an ignored id": send(subjectPath, s.service, token, func(b, _ Object) { b["subject"] = Object{"type": "user"} }),
		} {
			if found, ok := a.Body["results"].([]any); a.Status != http.StatusOK || !ok || len(found) > 1 {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		other := s.Service("evaluate", "search")
		for name, a := range map[string]Answer{
			"another client":   send(subjectPath, other, token, same),
			"another search":   send(resourcePath, s.service, token, func(b, _ Object) { b["subject"] = subjectOf(s.boss.Person, "") }),
			"another right":    send(subjectPath, s.service, token, func(b, _ Object) { b["action"] = Object{"name": "keys"} }),
			"another resource": send(subjectPath, s.service, token, func(b, _ Object) { b["resource"] = atThing(s.site) }),
			"another tenant":   send(subjectPath, s.service, token, func(b, _ Object) { b["resource"] = atThing(s.elsewhere) }),
			"another subject": send(subjectPath, s.service, token, func(b, _ Object) {
				b["subject"] = Object{"type": "user", "properties": Object{"organization": s.alpha.ID}}
			}),
			"another context": send(subjectPath, s.service, token, func(b, _ Object) { b["context"] = Object{"ip": "192.0.2.2"} }),
			"another limit":   send(subjectPath, s.service, token, func(_, page Object) { page["limit"] = 2 }),
			"flipped":         send(subjectPath, s.service, flip(token), same),
			"nonsense":        send(subjectPath, s.service, "1.AAAA", same),
		} {
			if a.Status != http.StatusBadRequest || a.Text("errors/0/code") != "cursor-invalid" || a.Text("errors/0/pointer") != "/page/token" {
				t.Errorf("%s: %d %s", name, a.Status, a.Raw)
			}
		}
		s.Pass(25 * time.Hour)
		if a := send(subjectPath, s.service, token, same); a.Status != http.StatusBadRequest {
			t.Errorf("a day later: %d", a.Status)
		}
	})
}

func TestSearchPagesAreBounded(t *testing.T) {
	t.Parallel()
	w, counter := counted(t)
	s := rentOut(w)
	fill := func(n int) {
		var members []domain.Entity
		for i := range n {
			members = append(members, s.member(s.alpha, fmt.Sprintf("N%05d", i)))
		}
		s.write(members...)
	}
	fill(250)
	body := questionOf(Object{"type": "user"}, "order", atThing(s.gate))
	for _, limit := range []any{-1, 1.5, "10", []any{}} {
		body["page"] = Object{"limit": limit}
		if a := s.Send(Request{Method: "POST", Path: subjectPath, Body: body, Token: s.service}); a.Status != http.StatusBadRequest || a.Text("errors/0/pointer") != "/page/limit" {
			t.Errorf("limit %v: %d %s", limit, a.Status, a.Raw)
		}
	}
	// None at all is a page too, behind which the search goes on.
	body["page"] = Object{"limit": 0}
	if a := s.post(subjectPath, body); a.Text("page/count") != "0" || a.Text("page/next_token") == "" {
		t.Errorf("limit 0: %s", a.Raw)
	}
	for asked, read := range map[int]int{1: 1, 50: 50, 200: 200, 1_000_000: 200} {
		body["page"] = Object{"limit": asked}
		counter.Reset()
		a := s.post(subjectPath, body)
		if n := counter.Counts(); n.ItemsQueried > read+1 || n.Gets != 1 || n.Queries != 1 || a.Text("page/next_token") == "" {
			t.Errorf("limit %d: %+v", asked, n)
		}
	}
	// A page costs the same in a large organization.
	cost := func(path string, body Object) any {
		counter.Reset()
		s.post(path, body)
		return counter.Counts()
	}
	everybody := questionOf(Object{"type": "user"}, "order", atThing(s.gate))
	before := cost(subjectPath, everybody)
	fill(1000)
	if after := cost(subjectPath, everybody); before != after {
		t.Errorf("250 users: %+v, 1250 users: %+v", before, after)
	}
	// However many agents and clients there are, a page looks at so many.
	both := s.member(s.gamma, "both", giving(keysOf("pay"), inOrganization, forClients))
	many := []domain.Entity{both}
	for i := range 120 {
		o := s.company(fmt.Sprint("Agent ", i))
		many = append(many, s.mandates(s.beta, o, domain.Mandate{Rights: keysOf("pay"), From: "2026-01-01"}))
		many = append(many, s.mandates(o, s.gamma, domain.Mandate{Rights: keysOf("pay"), From: "2026-01-01"}))
	}
	s.write(many...)
	counter.Reset()
	a := s.post(subjectPath, questionOf(Object{"type": "user"}, "pay", atWhole(s.beta)))
	if n := counter.Counts(); n.Queries > 16 || n.Gets > 9 || a.Text("page/next_token") == "" {
		t.Errorf("agents: %+v %s", n, a.Raw)
	}
	mine := questionOf(subjectOf(both.Person, s.gamma.ID), "pay", Object{"type": "organization"})
	mine["page"] = Object{"limit": 200}
	counter.Reset()
	a = s.post(resourcePath, mine)
	if n := counter.Counts(); n.Queries != 1 || n.Gets != 4 || a.Text("page/count") != "101" || a.Text("page/next_token") == "" {
		t.Errorf("clients: %+v, %s found", n, a.Text("page/count"))
	}
	if got := s.search(resourcePath, mine, 7); len(got) != 122 || len(slices.Compact(slices.Sorted(slices.Values(got)))) != 122 {
		t.Errorf("%d clients, and the own organization: %q", len(got), got)
	}
}

// A search for what nobody is, or for nothing that there is, finds nothing; and
// says so without looking at everybody.
func TestSearchesForNothing(t *testing.T) {
	t.Parallel()
	s := rentOut(New(t))
	boss, site := subjectOf(s.boss.Person, ""), atThing(s.site)
	locked := s.member(s.alpha, "locked")
	locked.Validity.Type = domain.Locked
	s.write(locked)
	inAlpha := Object{"type": "worksite", "properties": Object{"organization": s.alpha.ID}}
	nowhere := Object{"type": "worksite", "properties": Object{"organization": "org_01h2xcejqtf2nbrexx3vqjhp41"}}
	for _, c := range []struct {
		name, path string
		body       Object
		reason     string
	}{
		{"a kind of subject", subjectPath, questionOf(Object{"type": "spaceship"}, "order", site), "no-membership"},
		{"a right", subjectPath, questionOf(Object{"type": "user"}, "levitate", site), "unknown-right"},
		{"a resource", subjectPath, questionOf(Object{"type": "user"}, "order", Object{"type": "worksite", "id": s.site.ID, "properties": Object{"organization": s.beta.ID}}), "unknown-places"},
		{"a kind of resource", subjectPath, questionOf(Object{"type": "user"}, "order", Object{"type": "planet", "id": "x", "properties": Object{"organization": s.alpha.ID}}), "unknown-places"},
		{"nobody", resourcePath, questionOf(subjectOf("alice", ""), "order", inAlpha), "no-membership"},
		{"another tenant's user", resourcePath, questionOf(subjectOf(s.stranger.Person, ""), "order", inAlpha), "no-membership"},
		{"somebody locked", resourcePath, questionOf(subjectOf(locked.Person, ""), "order", inAlpha), "not-valid"},
		{"somebody locked, for whom", resourcePath, questionOf(subjectOf(locked.Person, s.alpha.ID), "order", Object{"type": "organization"}), "not-valid"},
		{"nowhere", resourcePath, questionOf(boss, "order", nowhere), "unknown-places"},
		{"no organization", resourcePath, questionOf(boss, "order", Object{"type": "worksite"}), "no-organization"},
		{"nobody's organization", resourcePath, questionOf(boss, "order", Object{"type": "organization"}), "no-organization"},
		{"a kind", resourcePath, questionOf(boss, "order", Object{"type": "planet"}), "no-organization"},
		{"on another type", resourcePath, questionOf(boss, "order", Object{"type": "customer-number", "properties": Object{"organization": s.alpha.ID}}), "wrong-type"},
		{"nobody's rights", actionPath, Object{"subject": subjectOf("alice", ""), "resource": site}, "no-membership"},
		{"rights on nothing", actionPath, Object{"subject": boss, "resource": Object{"type": "worksite", "id": s.elsewhere.ID, "properties": Object{"organization": s.alpha.ID}}}, "unknown-places"},
	} {
		a := s.post(c.path, c.body)
		if len(a.Body["results"].([]any)) != 0 || a.Text("page/next_token") != "" || a.Text("context/reason") != c.reason {
			t.Errorf("%s: %s", c.name, a.Raw)
		}
	}
	if a := s.post(actionPath, Object{"subject": subjectOf(locked.Person, ""), "resource": site}); len(a.Body["results"].([]any)) != 0 {
		t.Errorf("what somebody locked may: %s", a.Raw)
	}
}
