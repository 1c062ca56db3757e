package check_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/check/checktest"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

func world(t *testing.T) *checktest.World {
	t.Helper()
	return checktest.New(t, "insurance", sqlitetable.Memory)
}

func run(w *checktest.World) *check.Report {
	w.Helper()
	r, err := check.Run(w.Context(), w.Table, check.Options{Profile: w.Profile, Now: w.Clock, Vault: w.Vault})
	if err != nil {
		w.Fatal(err)
	}
	return r
}

// only asserts that exactly this invariant is reported, with this fault among others.
func only(w *checktest.World, of check.Invariant, fault check.Fault) {
	w.Helper()
	r := run(w)
	var invariants []check.Invariant
	var faults []check.Fault
	for _, v := range r.Violations() {
		invariants, faults = append(invariants, v.Invariant), append(faults, v.Fault)
	}
	slices.Sort(invariants)
	if diff := cmp.Diff([]check.Invariant{of}, slices.Compact(invariants)); diff != "" || !slices.Contains(faults, fault) {
		var b bytes.Buffer
		_ = r.Print(&b)
		w.Errorf("want %s of J%d only:\n%s", fault, of, &b)
	}
}

// A plant breaks one thing of a healthy store by hand.
type plants map[check.Fault]func(w *checktest.World)

func (p plants) each(t *testing.T, of check.Invariant, profile string) {
	t.Parallel()
	for fault, plant := range p {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, profile, sqlitetable.Memory)
			plant(w)
			only(w, of, fault)
		})
	}
}

func TestXJ_HealthyStoresOfAllProfiles(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"rental", "telecom", "public-sector", "insurance", "construction"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, name, sqlitetable.Memory)
			r := run(w)
			var b bytes.Buffer
			if err := r.Print(&b); err != nil || len(r.Violations()) > 0 {
				t.Fatalf("%v\n%s", err, &b)
			}
			// It says how much it looked at, and what not, and nothing of anybody.
			for i, one := range r.Results {
				if one.Looked == 0 && i != 12 && (i != 9 || w.Profile.AsksNationalID()) {
					t.Errorf("J%d has looked at nothing", i)
				}
			}
			if !strings.Contains(b.String(), "\nJ12         0 looked at, 0 violations: ") || !strings.Contains(b.String(), "not applicable: attestations") {
				t.Errorf("approvals: %s", &b)
			}
			if r.Items < 200 || len(r.Chains) < 3 || !slices.ContainsFunc(r.Chains, func(c *domain.AuditCheck) bool { return c.Chain.Number > 0 && c.Unsealed > 0 }) {
				t.Errorf("%d items, %d chains", r.Items, len(r.Chains))
			}
			m := w.SignedIn
			for _, personal := range []string{string(m.Email), m.FamilyName, "@"} {
				if strings.Contains(b.String(), personal) {
					t.Errorf("it says %q", personal)
				}
			}
		})
	}
}

func TestXJ0_WhatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]table.Item{
		"no kind":         {Key: table.Key{PK: "ATT#1", SK: "ATT"}, Version: 1, Body: []byte(`{}`)},
		"in no partition": {Key: table.Key{PK: "ORG#" + string(domain.OperatorID), SK: "CASE#1"}, Version: 1, Body: []byte(`{}`)},
		"a broken body":   {Key: table.Key{PK: "MAIL#mai_1", SK: "mai_1"}, Version: 1, Body: []byte(`{"id":7}`)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := world(t)
			w.Put(broken)
			only(w, check.Items, check.Unreadable)
			// On a shelf that an alarm watches, it is known of.
			broken.Index = map[table.Index]table.Key{table.ByTime: {PK: "MAIL#ASIDE", SK: "1"}}
			w.Put(broken)
			if v := run(w).Violations(); len(v) > 0 {
				t.Errorf("put aside: %v", v)
			}
		})
	}
}

func TestXJ1_ClaimsAreHeldTogether(t *testing.T) {
	plants{
		check.EmailUnclaimed: func(w *checktest.World) {
			w.Drop(checktest.First(w, func(e *domain.EmailClaim) bool { return e.Person == w.SignedIn.Person }))
		},
		check.EmailTorn: func(w *checktest.World) {
			w.Plant(&domain.EmailClaim{Email: "another@example.com", Person: w.SignedIn.Person})
		},
		check.EmailAstray: func(w *checktest.World) {
			w.Plant(&domain.EmailClaim{Email: "nobody@example.com", Person: domain.NewPersonID()})
		},
		check.MemberUnlisted: func(w *checktest.World) {
			p := checktest.First(w, func(p *domain.Person) bool { return len(p.Organizations) == 2 && p.PasswordHash != "" })
			p.Organizations = p.Organizations[:1]
			w.Plant(p)
		},
		check.MemberMissing: func(w *checktest.World) {
			p := checktest.First(w, func(p *domain.Person) bool { return p.ID == w.SignedIn.Person })
			p.Organizations = append(p.Organizations, domain.OperatorID)
			w.Plant(p)
		},
		check.CardAddress: func(w *checktest.World) {
			m := *w.SignedIn
			m.Email = "another@example.com"
			w.Plant(&m)
		},
		check.BusinessUnclaimed: func(w *checktest.World) {
			w.Drop(checktest.First(w, func(*domain.OrganizationClaim) bool { return true }))
		},
		check.BusinessAstray: func(w *checktest.World) {
			w.Plant(&domain.OrganizationClaim{Country: "FI", BusinessID: "0", Organization: domain.NewOrganizationID(w.Clock)})
		},
		check.RefUnclaimed: func(w *checktest.World) {
			w.Drop(checktest.First(w, func(*domain.ResourceClaim) bool { return true }))
		},
		check.RefTorn: func(w *checktest.World) {
			claim := checktest.First(w, func(*domain.ResourceClaim) bool { return true })
			w.Drop(claim)
			w.Plant(&domain.ResourceClaim{Organization: claim.Organization, ResourceRef: domain.ResourceRef{Type: claim.Type, Reference: "another"}, Resource: claim.Resource})
		},
		check.RefAstray: func(w *checktest.World) {
			r := checktest.First(w, func(*domain.Resource) bool { return true })
			w.Plant(&domain.ResourceClaim{Organization: r.Organization, ResourceRef: domain.ResourceRef{Type: r.Type, Reference: "stray"}, Resource: r.ID})
		},
	}.each(t, 1, "construction")
}

func TestXJ2_NobodyAdministers(t *testing.T) {
	plants{
		check.Unadministered: func(w *checktest.World) {
			org := w.Customers[1].ID
			s, err := w.Load(w.Context(), domain.Want{Organization: org, Administrators: true})
			if err != nil {
				w.Fatal(err)
			}
			locked := domain.Validity{Type: domain.Locked}
			var all []domain.Entity
			for i, seat := range s.Administrators.Seats {
				s.Administrators.Seats[i].Validity = locked
				for _, m := range w.Users(org) {
					if m.Person == seat.Person {
						m.Validity = locked
						all = append(all, m)
					}
				}
			}
			w.Plant(append(all, s.Administrators)...)
		},
	}.each(t, 2, "insurance")
}

// What brings that about by itself is told as an exception: here, the calendar.
func TestXJ2_AnExceptionIsNoted(t *testing.T) {
	t.Parallel()
	w := world(t)
	org := w.Customers[1].ID
	s, err := w.Load(w.Context(), domain.Want{Organization: org, Administrators: true})
	if err != nil {
		t.Fatal(err)
	}
	over := domain.Validity{Type: domain.FixedTerm, From: "2026-01-01", To: "2026-10-01"}
	var all []domain.Entity
	for i, seat := range s.Administrators.Seats {
		s.Administrators.Seats[i].Validity = over
		for _, m := range w.Users(org) {
			if m.Person == seat.Person {
				m.Validity = over
				all = append(all, m)
			}
		}
	}
	w.Plant(append(all, s.Administrators)...)
	r := run(w)
	if v := r.Violations(); len(v) > 0 {
		t.Errorf("%v", v)
	}
	if !slices.ContainsFunc(r.Results[2].Notes, func(n string) bool { return strings.HasPrefix(n, string(org)+" has no effective administrator") }) {
		t.Errorf("%q", r.Results[2].Notes)
	}
}

func TestXJ3_RightsAboveTheirCeiling(t *testing.T) {
	plants{
		// The audit tells that it was revoked; the mandate says that it was not.
		check.AboveMandate: func(w *checktest.World) {
			var all *domain.Mandates
			w.Find(func(m *domain.Membership) bool { // who can do something under one
				for _, e := range w.Entities() {
					found, ok := e.(*domain.Mandates)
					acts := slices.ContainsFunc(m.Assignments, func(a domain.Assignment) bool {
						return slices.ContainsFunc(a.Scopes, func(s domain.Scope) bool { return s.Type == domain.ForClients })
					})
					if ok && acts && found.Agent == m.Organization && found.Items[0].HoldsAt(w.Clock, time.UTC) {
						all = found
						return true
					}
				}
				return false
			})
			c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Clock, "test")
			subject := domain.Subject{Type: "mandate", ID: string(all.Items[0].ID)}
			c.Record(all.Principal, domain.MandateRevoked, subject)
			c.Record(all.Agent, domain.MandateRevoked, subject, domain.FieldChange{Field: "principal", After: string(all.Principal)})
			if err := w.Commit(w.Context(), c); err != nil {
				w.Fatal(err)
			}
		},
		check.MandateCycle: func(w *checktest.World) {
			all := checktest.First(w, func(m *domain.Mandates) bool { return m.Items[0].HoldsAt(w.Clock, time.UTC) })
			back := *all
			back.Version, back.Principal, back.Agent = 0, all.Agent, all.Principal
			w.Plant(&back)
		},
	}.each(t, 3, "insurance")
}

// Roles that the profile lets be given in one sort of place, held in another.
func TestXJ3_RolesWhereTheyDoNotBelong(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(m *domain.Membership, role domain.RoleKey, r *domain.Resource){
		"in the organization": func(m *domain.Membership, role domain.RoleKey, _ *domain.Resource) { m.Roles = append(m.Roles, role) },
		"by an assignment": func(m *domain.Membership, role domain.RoleKey, _ *domain.Resource) {
			m.Assignments = []domain.Assignment{{Roles: []domain.RoleKey{role}, Scopes: []domain.Scope{{Type: domain.InOrganization}}}}
		},
		"on a resource": func(m *domain.Membership, role domain.RoleKey, r *domain.Resource) {
			m.Assignments = []domain.Assignment{{Roles: []domain.RoleKey{role}, Scopes: []domain.Scope{{Type: r.Type, ID: string(r.ID)}}}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, "construction", sqlitetable.Memory)
			m := w.Find(func(m *domain.Membership) bool {
				_, seat := m.Seat(w.Profile)
				return !seat && m.RemovedAt.IsZero() && m.Organization == w.Customers[0].ID
			})
			i := slices.IndexFunc(w.Profile.Roles, func(r domain.Role) bool { return slices.Equal(r.Scopes, []domain.ScopeType{"project"}) })
			role := w.Profile.Roles[i].Key
			give(m, role, checktest.First(w, func(r *domain.Resource) bool { return r.Organization == m.Organization && r.Type != "project" }))
			w.Plant(m)
			only(w, 3, check.AboveProfile)
		})
	}
}

func TestXJ4_SessionsOfWhoIsNotActive(t *testing.T) {
	plants{
		check.SessionTooLong: func(w *checktest.World) {
			s := checktest.First(w, func(*domain.Session) bool { return true })
			s.ExpiresAt = s.ExpiresAt.Add(time.Hour)
			w.Plant(s)
		},
		check.LinkTooLong: func(w *checktest.World) {
			l := checktest.First(w, func(*domain.Link) bool { return true })
			l.ExpiresAt = l.ExpiresAt.Add(time.Hour)
			w.Plant(l)
		},
	}.each(t, 4, "insurance")
}

// Somebody who was half removed: the domain still lets them in by the membership
// that was left. It is two faults, since they cannot be told apart.
func TestXJ4_XJ1_ASessionByWhatWasLeftOfARemoval(t *testing.T) {
	t.Parallel()
	w := world(t)
	p := checktest.First(w, func(p *domain.Person) bool { return p.ID == w.SignedIn.Person })
	p.Organizations = []domain.OrganizationID{}
	w.Plant(p)
	found := map[check.Fault]bool{}
	for _, v := range run(w).Violations() {
		found[v.Fault] = true
	}
	if diff := cmp.Diff(map[check.Fault]bool{check.SessionAccepted: true, check.MemberUnlisted: true}, found); diff != "" {
		t.Error(diff)
	}
}

func TestXJ5_ChangesWithoutAnEntry(t *testing.T) {
	plants{
		check.Unaudited: func(w *checktest.World) {
			m := *w.SignedIn
			m.DefaultTask, m.UpdatedAt = "another", w.Clock.Add(time.Second)
			w.Plant(&m)
		},
		check.AuditBroken: func(w *checktest.World) {
			e := checktest.First(w, func(e *domain.AuditEntry) bool { return e.Action == domain.OrganizationCreated })
			at, err := store.Place(e)
			if err != nil {
				w.Fatal(err)
			}
			item := w.Item(at.Key)
			item.Body = bytes.Replace(item.Body, []byte(`"actorId":"`), []byte(`"actorId":"x`), 1)
			w.Put(item)
		},
		check.NoActor: func(w *checktest.World) {
			w.Plant(&domain.AuditEntry{ID: domain.NewAuditID(w.Clock), Organization: domain.OperatorID, At: w.Clock, Action: domain.UserUpdated})
		},
		check.EffectMissing: func(w *checktest.World) {
			w.Plant(&domain.AuditEntry{
				ID: domain.NewAuditID(w.Clock), Organization: domain.OperatorID, At: w.Clock, Action: domain.ResourceCreated,
				Actor: domain.Actor{Type: domain.ByPublic}, Subject: domain.Subject{Type: "resource", ID: "res_1"},
			})
		},
	}.each(t, 5, "insurance")
}

// A whole new chain verifies by itself, and not against what was noted elsewhere.
func TestXJ5_ChainsAgainstAnchors(t *testing.T) {
	t.Parallel()
	w := world(t)
	for name, anchor := range map[string]domain.AuditAnchor{"a newer one": {Number: 7, Hash: "x"}, "another": {Number: 1, Hash: "x"}} {
		r, err := check.Run(t.Context(), w.Table, check.Options{
			Profile: w.Profile, Now: w.Clock, Vault: w.Vault, Anchors: map[domain.OrganizationID]domain.AuditAnchor{domain.OperatorID: anchor},
		})
		if err != nil {
			t.Fatal(err)
		}
		if v := r.Violations(); len(v) != 1 || v[0].Fault != check.AuditBroken {
			t.Errorf("%s: %v", name, v)
		}
	}
}

// invited is somebody without an account and a role that administers, with their link.
func invited(w *checktest.World) (*domain.Membership, *domain.Link) {
	w.Helper()
	var link *domain.Link
	m := w.Find(func(m *domain.Membership) bool {
		links, err := w.Links(w.Context(), m.Person)
		if _, seat := m.Seat(w.Profile); err != nil || len(links) != 1 || seat || m.Organization == domain.OperatorID {
			return false
		}
		link = links[0]
		return true
	})
	return m, link
}

func mailOf(w *checktest.World, l *domain.Link) *domain.Mail {
	return checktest.First(w, func(m *domain.Mail) bool { return m.Link == l.ID })
}

func TestXJ6_TokensAndTheirEffects(t *testing.T) {
	plants{
		check.LinkSpent: func(w *checktest.World) {
			m, _ := invited(w)
			m.ActivatedAt = w.Clock
			p := checktest.First(w, func(p *domain.Person) bool { return p.ID == m.Person })
			p.PasswordHash = "a hash"
			w.Plant(m, p)
		},
		check.NoPassword: func(w *checktest.World) {
			p := checktest.First(w, func(p *domain.Person) bool { return p.PasswordHash != "" && p.ID != w.SignedIn.Person })
			p.PasswordHash = ""
			w.Plant(p)
		},
		check.Unactivated: func(w *checktest.World) {
			m, _ := invited(w)
			w.Plant(&domain.AuditEntry{
				ID: domain.NewAuditID(w.Clock), Organization: m.Organization, At: w.Clock, Action: domain.UserActivated,
				Actor: domain.Actor{Type: domain.ByPublic}, Subject: domain.Subject{Type: "user", ID: string(m.Person)},
			})
		},
		check.LinkMissing: func(w *checktest.World) {
			_, l := invited(w)
			mail := mailOf(w, l)
			mail.State = domain.MailQueued
			w.Plant(mail)
			w.Drop(l)
		},
		check.LinkUnsealed: func(w *checktest.World) {
			_, l := invited(w)
			l.Hash = ""
			w.Plant(l)
		},
		check.LinkAstray: func(w *checktest.World) {
			_, l := invited(w)
			l.Version, l.Organization = 0, w.Customers[0].ID
			w.Plant(l)
		},
	}.each(t, 6, "insurance")
}

func TestXJ7_MailsThatNobodySeesTo(t *testing.T) {
	plants{
		check.MailOverdue: func(w *checktest.World) {
			m := checktest.First(w, func(m *domain.Mail) bool { return m.Link != "" })
			m.State, m.NotBefore = domain.MailQueued, w.Clock.Add(-27*time.Hour)
			w.Plant(m)
		},
		check.MailState: func(w *checktest.World) {
			m := checktest.First(w, func(m *domain.Mail) bool { return m.Link != "" })
			m.State = "lost"
			w.Plant(m)
		},
		check.MailMissing: func(w *checktest.World) {
			_, l := invited(w)
			w.Drop(mailOf(w, l))
		},
	}.each(t, 7, "insurance")
}

func TestXJ8_XH6_WhatIsLeftOfWhoWasErased(t *testing.T) {
	plants{
		// As a backup brings them back.
		check.ErasedThere: func(w *checktest.World) {
			for _, item := range w.Erased {
				w.Put(item)
			}
		},
	}.each(t, 8, "insurance")
}

func TestXJ8_AnAddressInAMailThatWasSeenTo(t *testing.T) {
	t.Parallel()
	w := world(t)
	c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.Clock, "test")
	mail := &domain.Mail{Kind: domain.MailResetRequest, Email: "somebody@example.com"}
	c.Send(mail)
	mail.State = domain.MailDropped
	if err := w.Commit(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	only(w, 8, check.ErasedThere)
}

// coded is somebody whose national id is kept.
func coded(w *checktest.World) *domain.Membership {
	return w.Find(func(m *domain.Membership) bool { return m.NationalID.Known() })
}

func TestXJ9_NationalIDs(t *testing.T) {
	plants{
		check.IDBroken: func(w *checktest.World) {
			m := coded(w)
			other := w.Find(func(o *domain.Membership) bool { return o.NationalID.Known() && o.Person != m.Person })
			m.NationalID.Sealed = other.NationalID.Sealed
			w.Plant(m)
		},
		check.IDUnclaimed: func(w *checktest.World) {
			m := coded(w)
			w.Drop(checktest.First(w, func(c *domain.NationalIDClaim) bool { return c.Person == m.Person }))
		},
		check.IDAstray: func(w *checktest.World) {
			w.Plant(&domain.NationalIDClaim{Organization: domain.OperatorID, Hash: "00", Person: domain.NewPersonID()})
		},
	}.each(t, 9, "insurance")
}

// Its own hash, of another code: that is no own code either.
func TestXJ9_AHashOfAnotherCode(t *testing.T) {
	t.Parallel()
	w := world(t)
	m := coded(w)
	claim := checktest.First(w, func(c *domain.NationalIDClaim) bool { return c.Person == m.Person })
	w.Drop(claim)
	claim.Version, claim.Hash = 0, "00"
	m.NationalID.Hash = "00"
	w.Plant(claim, m)
	only(w, 9, check.IDBroken)
	// Without keys nothing can be said of that, and it is said.
	r, err := check.Run(t.Context(), w.Table, check.Options{Profile: w.Profile, Now: w.Clock})
	if err != nil || len(r.Violations()) > 0 || !slices.Equal(r.Results[9].Notes, []string{"not opened: no vault was given"}) {
		t.Errorf("%v, %q, %v", r.Violations(), r.Results[9].Notes, err)
	}
}

func TestXJ10_XE13_CountsAndWhatIsDerived(t *testing.T) {
	plants{
		check.SeatsWrong: func(w *checktest.World) {
			a := checktest.First(w, func(a *domain.Administrators) bool { return a.Organization == w.Customers[0].ID })
			a.Seats[0].Validity = domain.Validity{Type: domain.Locked}
			w.Plant(a)
		},
		check.ChildrenWrong: func(w *checktest.World) {
			r := checktest.First(w, func(*domain.Resource) bool { return true })
			r.Children++
			w.Plant(r)
		},
		check.SealedWrong: func(w *checktest.World) {
			c := checktest.First(w, func(*domain.AuditChain) bool { return true })
			c.Entries++
			w.Plant(c)
		},
		check.SubscriptionWrong: func(w *checktest.World) {
			s := &domain.Subscription{Organization: w.Customers[0].ID, ID: "1", Active: true, Person: w.SignedIn.Person, UpdatedAt: w.Clock}
			c := domain.NewChange(domain.Actor{Type: domain.ByJob, ID: "test"}, w.Clock, "test")
			c.Put(s)
			c.Record(s.Organization, domain.SubscriptionSet, domain.Subject{Type: "subscription", ID: "1"})
			if err := w.Commit(w.Context(), c); err != nil {
				w.Fatal(err)
			}
		},
		check.PlaceWrong: func(w *checktest.World) {
			at, err := store.Place(w.SignedIn)
			if err != nil {
				w.Fatal(err)
			}
			item := w.Item(at.Key)
			item.Index = map[table.Index]table.Key{table.ByName: {PK: at.Index[table.ByName].PK, SK: "zz"}}
			w.Put(item)
		},
	}.each(t, 10, "construction")
}

func TestXJ11_XB1_ReferencesIntoAnotherOrganization(t *testing.T) {
	foreign := map[string]func(w *checktest.World){
		"a resource": func(w *checktest.World) {
			r := checktest.First(w, func(r *domain.Resource) bool { return r.Organization != w.SignedIn.Organization })
			m := *w.SignedIn
			m.Assignments = []domain.Assignment{{ID: domain.NewAssignmentID(w.Clock), Rights: []domain.RightKey{domain.RightSeeResources}, Scopes: []domain.Scope{{Type: r.Type, ID: string(r.ID)}}}}
			w.Plant(&m)
		},
		"a client without a mandate": func(w *checktest.World) {
			m := *w.SignedIn
			m.Assignments = []domain.Assignment{{ID: domain.NewAssignmentID(w.Clock), Rights: []domain.RightKey{w.Profile.Rights[0].Key}, Scopes: []domain.Scope{{Type: domain.ForClient, ID: string(w.Customers[1].ID)}}}}
			w.Plant(&m)
		},
		"an item in a stranger's partition": func(w *checktest.World) {
			r := checktest.First(w, func(r *domain.Resource) bool { return r.Reference == "" || r.Organization == w.Customers[0].ID })
			at, err := store.Place(r)
			if err != nil {
				w.Fatal(err)
			}
			item := w.Item(at.Key)
			item.PK = "ORG#" + string(domain.OperatorID)
			w.Put(item)
		},
		"a company that is not there": func(w *checktest.World) {
			m := w.Find(func(m *domain.Membership) bool { return m.Kind == domain.Partner })
			m.Home = domain.NewOrganizationID(w.Clock)
			w.Plant(m)
		},
		"an own user of another company": func(w *checktest.World) {
			m := *w.SignedIn
			m.Home = w.Customers[1].ID
			w.Plant(&m)
		},
		"a digest of another's people": func(w *checktest.World) {
			w.Plant(&domain.Digest{
				DigestRef: domain.DigestRef{Organization: w.Customers[0].ID, Day: "2026-11-03"},
				Items:     []domain.DigestItem{{Kind: domain.DigestEnded, Organization: w.Customers[1].ID, Person: w.SignedIn.Person}},
			})
		},
	}
	t.Parallel()
	for name, plant := range foreign {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := checktest.New(t, "construction", sqlitetable.Memory)
			plant(w)
			only(w, 11, check.Foreign)
		})
	}
}

func TestXJ12_ApprovalsAreUnknown(t *testing.T) {
	plants{
		check.ApprovalUnknown: func(w *checktest.World) {
			w.Plant(&domain.AuditEntry{
				ID: domain.NewAuditID(w.Clock), Organization: domain.OperatorID, At: w.Clock, Action: "attestation.decided", Actor: domain.Actor{Type: domain.ByPublic},
			})
		},
	}.each(t, 12, "insurance")
}
