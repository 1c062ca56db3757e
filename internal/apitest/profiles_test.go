package apitest

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/profiles"
)

// Portals of different profiles run in one process, each on its own table. What
// each of them answers, mails and keeps holds no word of another's profile, and
// is what it does when it is alone, which is tried with two.
func TestTwoProfilesSideBySide(t *testing.T) { // not beside other tests: it begins with portals that are alone
	alone := map[string]told{"rental": {}, "insurance": {}}
	for name := range alone {
		alone[name] = tell(With(t, name))
	}
	for _, name := range profiles.Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := With(t, name)
			beside := tell(w)
			if want, ok := alone[name]; ok {
				if diff := cmp.Diff(want, beside); diff != "" {
					t.Errorf("beside others the portal is another (-alone +beside others):\n%s", diff)
				}
			}
			own := vocabulary(w.Profile)
			for _, other := range profiles.Names() {
				p, err := profile.Load(other)
				if err != nil {
					t.Fatal(err)
				}
				for word := range vocabulary(p) {
					if own[word] {
						continue
					}
					for where, text := range map[string]string{
						"answers": strings.Join(beside.Answers, "\n"), "mails": strings.Join(beside.Mails, "\n"), "table": w.DumpAll(), "log": w.Log.String(),
					} {
						if strings.Contains(text, `"`+word+`"`) || strings.Contains(word, " ") && strings.Contains(text, word) {
							t.Errorf("%q of %s is in the %s", word, other, where)
						}
					}
				}
			}
		})
	}
}

// vocabulary is every word and every text of a profile that says what something
// is, but for the few that are Fullmakt's own words too.
func vocabulary(p *domain.Profile) map[string]bool {
	words := map[string]bool{}
	add := func(key string, texts ...domain.Text) {
		words[key] = true
		for _, text := range texts {
			for _, s := range text {
				words[s] = true
			}
		}
	}
	for _, t := range p.ResourceTypes {
		add(string(t.Key), t.Name)
		for _, f := range t.Features {
			add(string(f))
		}
	}
	for _, r := range p.Roles {
		add(string(r.Key), r.Name, r.Info)
	}
	for _, r := range p.Rights {
		add(string(r.Key), r.Name, r.Info)
	}
	for _, m := range p.Mandates {
		add(string(m.Key), m.Name, m.Info)
	}
	for _, word := range []string{"user", "administrator", "Administrator", "Orders"} { // the last two are names of whom a world has
		delete(words, word)
	}
	return words
}

// told is all that a portal let anybody see, without what is drawn by lot.
type told struct {
	Answers []string
	Mails   []string
}

// teller plays the same story in every portal, in the words of its profile.
type teller struct {
	*World
	out   told
	names map[string]string // of ids, in the order in which they were seen
}

func tell(w *World) told {
	w.T.Helper()
	s := &teller{World: w, names: map[string]string{}}
	p := w.Profile
	s.say(Request{Method: "GET", Path: "/v1/profile"})
	s.say(Request{Method: "GET", Path: "/v1/me"})
	alpha := w.Customer("alpha")

	// A thing of each type, and a user for each role.
	things := map[string]string{}
	for _, t := range p.ResourceTypes {
		body := Object{"type": t.Key, "name": "Number One", "reference": "1"}
		if t.Parent != "" {
			body["parent"] = things[string(t.Parent)]
		}
		made := s.say(Request{Method: "POST", Path: alpha.Path("/resources"), Token: w.Operator(), Body: body})
		things[string(t.Key)] = made.Text("id")
	}
	for i, r := range p.Roles {
		s.say(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: s.person(alpha, i, r, things)})
	}
	s.say(Request{Method: "GET", Path: alpha.Path("/users"), Token: alpha.Token})

	// What no portal has, and what only another one has, is refused in the same words.
	words := []string{"nobody-has-this"}
	for some := range slices.Chunk(others(p), 8) {
		words = append(words, some[0])
	}
	for _, word := range words {
		refused := []Answer{
			s.say(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
				"givenName": "Outi", "familyName": "Other", "email": "outi@alpha.example", "roles": []string{word},
			}}),
			s.say(Request{Method: "POST", Path: alpha.Path("/users"), Token: alpha.Token, Body: Object{
				"givenName": "Outi", "familyName": "Other", "email": "outi@alpha.example", "roles": []string{string(p.Roles[0].Key)},
				"assignments": []Object{Assignment(nil, []string{word}, Scope("organization", ""))},
			}}),
			s.say(Request{Method: "POST", Path: alpha.Path("/resources"), Token: w.Operator(), Body: Object{"type": word, "name": "Other"}}),
			s.say(Request{Method: "POST", Path: alpha.Path("/mandates"), Token: alpha.Token, Body: Object{
				"agent": Object{"country": "FI", "businessId": BusinessIDs["beta"]}, "type": word,
			}}),
		}
		for _, a := range refused {
			if a.Status != http.StatusBadRequest || a.Code() != "invalid" {
				w.T.Errorf("%s: the word %q of another: %d %s", p.Key, word, a.Status, a.Raw)
			}
		}
	}

	service := w.Service("evaluate", "search")
	for _, right := range append(p.EveryRight(), "nobody-has-this") {
		s.say(Request{Method: "POST", Path: "/access/v1/evaluation", Token: service, Body: Object{
			"subject": Object{"type": "user", "id": alpha.AdminID, "properties": Object{"organization": alpha.ID}},
			"action":  Object{"name": right}, "resource": Object{"type": "organization", "id": alpha.ID},
		}})
	}
	s.say(Request{Method: "GET", Path: alpha.Path("/audit?limit=200"), Token: alpha.Token})
	s.sent()
	return s.out
}

// person is a user to be: for a role, where it can be given, with what the
// profile wants of everybody.
func (s *teller) person(c Customer, i int, r domain.Role, things map[string]string) Object {
	s.T.Helper()
	body := Object{"givenName": "Ulla", "familyName": strings.Repeat("U", i+2) + "ser", "email": fmt.Sprintf("%s@alpha.example", r.Key)}
	if scope := string(r.Scopes[0]); scope == "organization" {
		body["roles"] = []string{string(r.Key)}
	} else {
		body["assignments"] = []Object{Assignment([]string{string(r.Key)}, nil, Scope(scope, things[scope]))}
	}
	if s.Profile.Policies.Subscription {
		id := fmt.Sprintf("K-%d", i)
		s.say(Request{Method: "PUT", Path: c.Path("/subscriptions/" + id), Token: s.Operator(), Body: Object{"status": "active"}})
		body["subscription"] = id
	}
	for _, choice := range s.Profile.Policies.CreationRequires {
		if id := things[string(choice)]; id != "" {
			body["assignments"] = []Object{Assignment(nil, []string{string(s.Profile.Rights[0].Key)}, Scope(string(choice), id))}
		}
	}
	return s.Coded(body)
}

// others are words of which each says something in another profile and nothing in this one.
func others(p *domain.Profile) (words []string) {
	own := vocabulary(p)
	for _, name := range profiles.Names() {
		other, err := profile.Load(name)
		if err != nil {
			panic(err) // the test has loaded them all
		}
		for word := range vocabulary(other) {
			if !own[word] && isKey.MatchString(word) {
				words = append(words, word)
			}
		}
	}
	slices.Sort(words)
	return slices.Compact(words)
}

var (
	isKey = regexp.MustCompile(`^[a-z]+(-[a-z]+)*(:[a-z-]+)?$`)
	drawn = regexp.MustCompile(`\b[a-z]{3}_[0-9a-z]{26}\b|"requestId":"[^"]*"|token=[\w-]+`)
)

// say sends a request and notes the answer.
func (s *teller) say(r Request) Answer {
	s.T.Helper()
	a := s.Send(r)
	s.out.Answers = append(s.out.Answers, s.plain(fmt.Sprintf("%s %s: %d %s", r.Method, r.Path, a.Status, a.Raw)))
	return a
}

// plain gives what is drawn by lot a name by the order in which it turns up.
func (s *teller) plain(text string) string {
	return drawn.ReplaceAllStringFunc(text, func(id string) string {
		if s.names[id] == "" {
			s.names[id] = fmt.Sprintf("#%d", len(s.names)+1)
		}
		return s.names[id]
	})
}

// sent notes the mails.
func (s *teller) sent() {
	s.T.Helper()
	s.Dispatch()
	sent := s.Mailbox.Messages()
	slices.SortFunc(sent, func(a, b filemail.Stored) int {
		return strings.Compare(string(a.To+" ")+string(a.Kind), string(b.To+" ")+string(b.Kind))
	})
	for _, m := range sent {
		if m.Language != s.Profile.DefaultLanguage() && m.To != OperatorEmail {
			s.T.Errorf("%s: the mail to %s, of whom no language is known, is in %s", s.Profile.Key, m.To, m.Language)
		}
		s.out.Mails = append(s.out.Mails, s.plain(fmt.Sprintf("%s %s %s\n%s\n%s\n%s", m.To, m.Kind, m.Language, m.Subject, m.Text, m.HTML)))
	}
}

// The five default languages differ enough to tell that they do.
func TestProfilesDiffer(t *testing.T) {
	t.Parallel()
	languages := map[domain.Language]bool{}
	for _, name := range profiles.Names() {
		p, err := profile.Load(name)
		if err != nil {
			t.Fatal(err)
		}
		languages[p.DefaultLanguage()] = true
		if len(others(p)) < 10 {
			t.Errorf("%s: the others have only %v of their own", name, others(p))
		}
	}
	if len(languages) < 3 {
		t.Errorf("default languages: %v", slices.Collect(maps.Keys(languages)))
	}
}
