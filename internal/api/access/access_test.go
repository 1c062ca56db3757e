package access

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// The profile of these tests: worksites, and what can be done there.
var profile = &domain.Profile{
	ResourceTypes: []domain.ResourceType{{Key: "worksite"}},
	Roles:         []domain.Role{{Key: "owner", All: true}},
	Rights:        []domain.RightInfo{{Key: "dig", On: "worksite"}, {Key: "fill", On: "worksite"}},
}

// Ids that are nobody's.
const (
	usr   = "usr_01h2xcejqtf2nbrexx3vqjhp41"
	org   = "org_01h2xcejqtf2nbrexx3vqjhp41"
	other = "org_01h2xcejqtf2nbrexx3vqjhp42"
	res   = "res_01h2xcejqtf2nbrexx3vqjhp41"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func within(id string) *properties { return &properties{Organization: id} }

func TestAsk(t *testing.T) {
	t.Parallel()
	me, dig := subject{Type: "user", ID: usr}, action{Name: "dig"}
	site := resource{Type: "worksite", ID: res, Properties: within(org)}
	about := domain.Question{Person: usr, From: org, Where: org, Resource: res}
	for name, c := range map[string]struct {
		subject  subject
		resource resource
		about    domain.Question
		denied   string
	}{
		"a resource":                 {me, site, about, ""},
		"a resource, from elsewhere": {subject{"user", usr, within(other)}, site, domain.Question{Person: usr, From: other, Where: org, Resource: res}, ""},
		"an organization":            {me, resource{Type: "organization", ID: org}, domain.Question{Person: usr, From: org, Where: org}, ""},
		"an organization, twice":     {me, resource{"organization", org, within(org)}, domain.Question{Person: usr, From: org, Where: org}, ""},
		"two organizations":          {me, resource{"organization", org, within(other)}, domain.Question{}, "unknown-places"},
		"no organization":            {me, resource{Type: "worksite", ID: res}, domain.Question{}, "no-organization"},
		"a type that there is not":   {me, resource{"planet", res, within(org)}, domain.Question{}, "unknown-places"},
		"the types of assignments":   {me, resource{"clients", res, within(org)}, domain.Question{}, "unknown-places"},
		"no resource's id":           {me, resource{"worksite", "../" + org, within(org)}, domain.Question{}, "unknown-places"},
		"another kind of id":         {me, resource{"worksite", org, within(org)}, domain.Question{}, "unknown-places"},
		"no organization's id":       {me, resource{Type: "organization", ID: "org_x"}, domain.Question{}, "unknown-places"},
		"an operator's organization": {me, resource{Type: "organization", ID: string(domain.OperatorID)}, domain.Question{Person: usr, From: domain.OperatorID, Where: domain.OperatorID}, ""},
		"no person's id":             {subject{Type: "user", ID: "alice@example.com"}, site, domain.Question{}, "no-membership"},
		"a machine":                  {subject{Type: "service", ID: usr}, site, domain.Question{}, "no-membership"},
		"from nowhere":               {subject{"user", usr, within("org_x")}, site, domain.Question{}, "no-membership"},
	} {
		q := ask(profile, c.subject, dig, c.resource)
		if q.denied != c.denied || q.right != "dig" || string(q.on) != c.resource.Type {
			t.Errorf("%s: %+v", name, q)
		}
		var want domain.Want
		q.want(&want)
		switch {
		case c.denied == "" && !slices.Equal(want.Questions, []domain.Question{c.about}):
			t.Errorf("%s: reads %+v", name, want.Questions)
		case c.denied != "" && len(want.Questions) != 0:
			t.Errorf("%s: reads %+v", name, want.Questions)
		}
	}
}

// call is a request of a service client about these grounds.
func call(grounds ...*domain.Grounds) *endpoint.Call {
	change := domain.NewChange(domain.Actor{Type: domain.ByService}, now, "")
	return &endpoint.Call{
		Deps: endpoint.Deps{Profile: profile, Log: slog.New(slog.DiscardHandler)}, Change: change,
		Scene: &domain.Scene{Service: &domain.ServiceClient{}, Grounds: grounds},
	}
}

var home = &domain.Organization{ID: org, TimeZone: "Europe/Helsinki"}

// member is the grounds of somebody about a worksite, or the organization.
func member(site bool, rights ...domain.RightKey) *domain.Grounds {
	g := &domain.Grounds{
		Member: domain.Place{Organization: home, Membership: &domain.Membership{
			Organization: org, Person: usr, ActivatedAt: now,
			Assignments: []domain.Assignment{{Rights: rights, Scopes: []domain.Scope{{Type: domain.InOrganization}}}},
		}},
		Where: home,
	}
	if site {
		g.Resource = &domain.Resource{ID: res, Organization: org, Type: "worksite"}
	}
	return g
}

func onSite(right domain.RightKey) question { return question{right: right, on: "worksite"} }

func TestAnswer(t *testing.T) {
	t.Parallel()
	status := func(change func(m *domain.Membership)) *domain.Grounds {
		g := member(true, "dig")
		change(g.Member.Membership)
		return g
	}
	elsewhere := member(true, "dig")
	elsewhere.Where = &domain.Organization{ID: other, TimeZone: "Europe/Helsinki"}
	elsewhere.Resource.Organization = other
	yard := member(true, "dig")
	yard.Resource.Type = "yard"
	gone := member(false, "dig")
	gone.Where = nil
	nobody := member(true, "dig")
	nobody.Member.Membership = nil
	closed := member(true, "dig")
	closed.Where = &domain.Organization{ID: org, TimeZone: "Europe/Helsinki", Suspended: true}
	closed.Member.Organization = closed.Where
	closedAgent := member(true, "dig")
	closedAgent.Member.Organization = &domain.Organization{ID: other, TimeZone: "Europe/Helsinki", Suspended: true}
	all := member(false)
	all.Member.Membership.Roles = []domain.RoleKey{"owner"}
	for name, c := range map[string]struct {
		q       question
		grounds *domain.Grounds
		service domain.ServiceClient
		want    decision
	}{
		"allowed":                       {q: onSite("dig"), grounds: member(true, "dig"), want: decision{Decision: true}},
		"not assigned":                  {q: onSite("fill"), grounds: member(true, "dig"), want: denied("not-assigned")},
		"in the organization":           {q: question{right: "dig", on: domain.InOrganization}, grounds: member(false, "dig"), want: decision{Decision: true}},
		"another type than was said":    {q: onSite("dig"), grounds: yard, want: denied("unknown-places")},
		"no resource, and not the rest": {q: onSite("dig"), grounds: member(false, "dig"), want: denied("unknown-places")},
		"no organization":               {q: question{right: "dig", on: domain.InOrganization}, grounds: gone, want: denied("unknown-places")},
		"no member":                     {q: onSite("dig"), grounds: nobody, want: denied("no-membership")},
		"no mandate":                    {q: onSite("dig"), grounds: elsewhere, want: denied("no-mandate")},
		"closed":                        {q: onSite("dig"), grounds: closed, want: denied("suspended")},
		"closed where they come from":   {q: onSite("dig"), grounds: closedAgent, want: denied("not-valid")},
		"locked":                        {q: onSite("dig"), grounds: status(func(m *domain.Membership) { m.Validity.Type = domain.Locked }), want: invalid("locked")},
		"invited":                       {q: onSite("dig"), grounds: status(func(m *domain.Membership) { m.ActivatedAt = time.Time{} }), want: invalid("invited")},
		"removed":                       {q: onSite("dig"), grounds: status(func(m *domain.Membership) { m.RemovedAt = now }), want: invalid("inactive")},
		"over":                          {q: onSite("dig"), grounds: status(func(m *domain.Membership) { m.Validity = term("2026-01-01", "2026-11-01") }), want: invalid("expired")},
		"not yet":                       {q: onSite("dig"), grounds: status(func(m *domain.Membership) { m.Validity = term("2026-11-03", "2026-12-01") }), want: invalid("upcoming")},
		"denied without looking":        {q: question{right: "dig", denied: "no-organization"}, want: denied("no-organization")},

		// Whoever has all rights has none that there is not.
		"no right of that name": {q: question{right: "levitate", on: domain.InOrganization}, grounds: all, want: denied("unknown-right")},
		"the operator's own":    {q: question{right: domain.RightOperate, on: domain.InOrganization}, grounds: all, want: denied("unknown-right")},
		"one of Fullmakt's":     {q: question{right: domain.RightSeeUsers, on: domain.InOrganization}, grounds: all, want: decision{Decision: true}},
		"not the client's to ask": {
			q: onSite("dig"), grounds: member(true, "dig"), service: domain.ServiceClient{Rights: []domain.RightKey{"fill"}}, want: denied("not-yours-to-ask"),
		},
		"the client's to ask": {
			q: onSite("dig"), grounds: member(true, "dig"), service: domain.ServiceClient{Rights: []domain.RightKey{"dig"}}, want: decision{Decision: true},
		},
		"not to learn that there is no such right": {
			q: onSite("levitate"), grounds: member(true, "dig"), service: domain.ServiceClient{Rights: []domain.RightKey{"dig"}}, want: denied("not-yours-to-ask"),
		},
	} {
		here := call()
		here.Scene.Service = &c.service
		var grounds []*domain.Grounds
		if c.grounds != nil {
			grounds = append(grounds, c.grounds)
		}
		if d := cmp.Diff(c.want, answer(here, c.q, &grounds)); d != "" || len(grounds) > 0 {
			t.Errorf("%s: %d grounds left, %s", name, len(grounds), d)
		}
	}
}

func denied(reason string) decision { return decision{Context: &because{Reason: reason}} }

func invalid(status domain.Status) decision {
	return decision{Context: &because{Reason: "not-valid", Status: status}}
}

func term(from, to domain.Date) domain.Validity {
	return domain.Validity{Type: domain.FixedTerm, From: from, To: to}
}

// The three semantics are the decisions of all, cut off behind the first denial
// or the first permission; and what is wrong with one leaves the others alone.
func TestSemantics(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		semantic := rapid.SampledFrom([]string{"", executeAll, denyOnFirstDeny, permitOnFirstPermit}).Draw(t, "semantic")
		kinds := rapid.SliceOfN(rapid.SampledFrom([]string{"may", "may not", "nowhere", "broken"}), 1, 8).Draw(t, "kinds")
		in := evaluationsRequest{Subject: &subject{Type: "user", ID: usr}, Options: &options{Semantic: semantic}}
		var grounds []*domain.Grounds
		var want []bool
		for _, kind := range kinds {
			e := evaluation{Action: &action{Name: "dig"}, Resource: &resource{Type: "worksite", ID: res, Properties: within(org)}}
			switch kind {
			case "may":
				grounds = append(grounds, member(true, "dig"))
			case "may not":
				grounds = append(grounds, member(true, "fill"))
			case "nowhere":
				e.Resource.Properties = nil
			case "broken":
				e.Action = nil
			}
			in.Evaluations, want = append(in.Evaluations, e), append(want, kind == "may")
		}
		if i := slices.Index(want, semantic == permitOnFirstPermit); i >= 0 && (semantic == permitOnFirstPermit || semantic == denyOnFirstDeny) {
			want = want[:i+1]
		}
		var faults domain.Faults
		if in.Read(profile, &faults); len(faults) > 0 {
			t.Fatal(faults)
		}
		var wanted domain.Want
		if in.want(&wanted); len(wanted.Questions) != len(grounds) {
			t.Fatalf("%d questions for %d grounds", len(wanted.Questions), len(grounds))
		}
		out, err := evaluateAll(t.Context(), call(grounds...), &in)
		var got []bool
		for i, d := range out.Evaluations {
			got = append(got, d.Decision)
			if broken := d.Context != nil && d.Context.Error != nil; broken != (kinds[i] == "broken") {
				t.Fatalf("%s: %+v", kinds[i], d)
			}
		}
		if err != nil || out.Decision != nil || !slices.Equal(got, want) {
			t.Fatalf("%v: %v, %v", kinds, got, err)
		}
	})
}

func TestDefaultsAreReplacedWhole(t *testing.T) {
	t.Parallel()
	in := evaluationsRequest{
		Subject: &subject{Type: "user", ID: usr, Properties: within(other)}, Action: &action{Name: "dig"},
		Resource: &resource{Type: "worksite", ID: res, Properties: within(org)},
		Evaluations: []evaluation{
			{},
			{Subject: &subject{Type: "user", ID: usr}}, // acts from the resource's organization, and not from the default's
			{Resource: &resource{Type: "worksite", ID: res}},
			{Action: &action{}},
		},
	}
	var faults domain.Faults
	in.Read(profile, &faults)
	if len(faults) > 0 || len(in.questions) != 4 {
		t.Fatal(faults, in.questions)
	}
	if q := in.questions[0].about; q.From != other || q.Where != org {
		t.Errorf("all defaults: %+v", q)
	}
	if q := in.questions[1].about; q.From != org {
		t.Errorf("another subject: %+v", q)
	}
	if q := in.questions[2]; q.denied != noOrganization {
		t.Errorf("another resource: %+v", q)
	}
	if f := in.questions[3].failure; f == nil || f.Status != 400 || f.Message != "/evaluations/3/action/name: This is needed." {
		t.Errorf("another action: %+v", f)
	}
}

func TestEvaluationsThatAreRefusedWhole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		in      evaluationsRequest
		pointer string
	}{
		"too many":      {evaluationsRequest{Evaluations: make([]evaluation, 101)}, "/evaluations"},
		"another way":   {evaluationsRequest{Evaluations: make([]evaluation, 1), Options: &options{Semantic: "majority"}}, "/options/evaluations_semantic"},
		"nothing asked": {evaluationsRequest{Action: &action{Name: "dig"}}, "/subject /resource"},
	} {
		var faults domain.Faults
		c.in.Read(profile, &faults)
		var pointers []string
		for _, f := range faults {
			pointers = append(pointers, f.Pointer)
		}
		if got := strings.Join(pointers, " "); got != c.pointer {
			t.Errorf("%s: %q", name, got)
		}
	}
}
