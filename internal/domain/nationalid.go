package domain

import (
	"context"
	"errors"
	"slices"
	"strings"
)

// NationalID is a personal identity code as an organization keeps it of its own
// user. Of a partner it keeps none: that is for the company that they come from.
type NationalID struct {
	Country Country // that has issued it
	Sealed  SealedField
	Hash    string // keyed, under which it is claimed
}

// Known tells whether there is one.
func (n NationalID) Known() bool { return n.Country != "" }

// NationalIDClaim keeps a code unique in an organization: it exists exactly
// while a user there has it. It is never changed.
type NationalIDClaim struct {
	Version      int64
	Organization OrganizationID
	Hash         string
	Person       PersonID
}

// IdentityCode is a code that is known to be possible, in its canonical form.
type IdentityCode struct {
	Country Country
	Text    string
}

// String keeps the code out of whatever prints it.
func (IdentityCode) String() string { return "•••" }

// GivenNationalID is a code that is to be kept, and what is to seal it. Without a
// code there is to be none.
type GivenNationalID struct {
	Code  IdentityCode
	Vault Vault
}

func fieldOfNationalID(org OrganizationID, person PersonID) Field {
	return Field{Organization: org, Person: person, Name: "nationalId"}
}

// hashesOf are the hashes of a code in an organization. In another one it has
// others, so that nobody learns from the table who is in both.
func hashesOf(ctx context.Context, vault Vault, org OrganizationID, code IdentityCode) ([]string, error) {
	return vault.Index(ctx, strings.Join([]string{"nationalId", string(org), string(code.Country), code.Text}, "\x00"))
}

// AsksNationalID tells whether the portal keeps national ids.
func (p *Profile) AsksNationalID() bool {
	return p.Policies.NationalID == MayBeGiven || p.Policies.NationalID == MustBeGiven
}

// needsNationalID tells whether own users of the organization must have one. The
// operator's own people need none.
func (p *Profile) needsNationalID(org OrganizationID) bool {
	return p.Policies.NationalID == MustBeGiven && org != OperatorID
}

// checkNationalID holds what a new user is given of it against the profile.
func (in *Invitation) checkNationalID(p *Profile, org OrganizationID) error {
	given := in.NationalID.Code.Text != ""
	switch partner := in.home != "" && in.home != org; {
	case given && !p.AsksNationalID():
		return Fault(in.pointer+"/nationalId", "value-unexpected", "The portal asks for no national ids.")
	case given && partner:
		return ErrPartnerCard
	case !given && !partner && p.needsNationalID(org):
		return Fault(in.pointer+"/nationalId", "required", "This is needed.")
	}
	return nil
}

// seal makes what is kept of a given code, and claims it for the user in the
// place of what they had before. hashes are the code's, and claims those that
// were read of them.
func (c *Change) seal(ctx context.Context, store Store, given GivenNationalID, org OrganizationID, person PersonID, before NationalID, hashes []string, claims map[string]*NationalIDClaim) (NationalID, error) {
	for _, claim := range claims {
		if claim.Person != person {
			// Who may edit users is not to try codes out on them.
			return NationalID{}, c.miss(ctx, store, &Scene{}, limitTakenNationalIDs(org), ErrNationalIDExists)
		}
	}
	sealed, err := given.Vault.Seal(ctx, fieldOfNationalID(org, person), given.Code.Text)
	if err != nil {
		return NationalID{}, err
	}
	next := NationalID{Country: given.Code.Country, Sealed: sealed, Hash: hashes[0]}
	c.reclaim(org, person, before, next)
	for _, older := range hashes[1:] {
		if older != before.Hash {
			c.Hold(&NationalIDClaim{Organization: org, Hash: older}) // is not there
		}
	}
	return next, nil
}

// reclaim moves a user's claim.
func (c *Change) reclaim(org OrganizationID, person PersonID, before, next NationalID) {
	if before.Hash == next.Hash {
		return
	}
	if before.Known() {
		c.Remove(&NationalIDClaim{Version: 1, Organization: org, Hash: before.Hash})
	}
	if next.Known() {
		c.Put(&NationalIDClaim{Organization: org, Hash: next.Hash, Person: person})
	}
}

// setNationalID gives a user another code, or none. That it is the same again
// does not show.
func (c *Change) setNationalID(ctx context.Context, store Store, p *Profile, m *Membership, given GivenNationalID, changed *diff) error {
	org, before := m.Organization, m.NationalID
	switch {
	case m.Kind != Own:
		return ErrPartnerCard
	case given.Code.Text == "" && p.needsNationalID(org):
		return Fault("/nationalId/code", "required", "This is needed.")
	case given.Code.Text == "" && !before.Known():
		return nil
	case given.Code.Text == "":
		m.NationalID = NationalID{}
		c.reclaim(org, m.Person, before, m.NationalID)
		*changed = append(*changed, FieldChange{Field: "nationalId", After: fieldRemoved})
		return nil
	case !p.AsksNationalID():
		return Fault("/nationalId", "value-unexpected", "The portal asks for no national ids.")
	}
	hashes, err := hashesOf(ctx, given.Vault, org, given.Code)
	if err != nil {
		return err
	}
	s, err := store.Load(ctx, Want{Organization: org, NationalIDs: hashes})
	if err != nil {
		return err
	}
	if m.NationalID, err = c.seal(ctx, store, given, org, m.Person, before, hashes, s.NationalIDs); err != nil {
		return err
	}
	*changed = append(*changed, FieldChange{Field: "nationalId", After: fieldChanged})
	return nil
}

// Reveal asks for a user's whole code, of somebody who types their password again.
type Reveal struct {
	Password string
	Reason   string // for the audit
	Source   string // address of the caller, as the gateway saw it
}

// ForReveal names what a look at a code stands on, beside the user.
func (w *Want) ForReveal() {
	w.Attempts = append(w.Attempts, keys(limitReveals(w.Session.Person, w.Organization)...)...)
}

// RevealNationalID tells a user's whole code. It is counted, and told to the
// organization's audit with the reason.
func RevealNationalID(ctx context.Context, store Store, h Hasher, vault Vault, c *Change, s *Scene, in Reveal) (IdentityCode, error) {
	m, none := s.Membership, IdentityCode{}
	switch {
	case m == nil:
		return none, ErrNotFound
	case !m.NationalID.Known():
		return none, ErrNoNationalID
	}
	if err := c.count(s, limitReveals(s.Caller.Person.ID, m.Organization)...); err != nil {
		return none, err
	}
	caller := *s.Caller.Person
	if err := prove(ctx, store, h, c, &caller, in.Password, in.Source); err != nil {
		return none, err
	}
	plain, err := vault.Open(ctx, fieldOfNationalID(m.Organization, m.Person), m.NationalID.Sealed)
	if err != nil {
		return none, err
	}
	if alike(in.Reason, plain) {
		return none, Fault("/reason", "value-invalid", "The national id itself is not to be in the audit.")
	}
	c.Record(m.Organization, NationalIDSeen, aboutUser(m.Person), FieldChange{Field: "reason", After: in.Reason})
	return IdentityCode{Country: m.NationalID.Country, Text: plain}, nil
}

// alike tells whether a text holds a code, however that is written.
func alike(text, code string) bool {
	bare := func(s string) string {
		return strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, s)
	}
	digits := bare(code)
	return strings.Contains(bare(text), digits[max(0, len(digits)-9):])
}

// ForNationalIDSearch names what a search stands on, beside the organization.
func (w *Want) ForNationalIDSearch() {
	w.Attempts = append(w.Attempts, keys(limitNationalIDSearches(w.Session.Person, w.Organization)...)...)
}

// FindByNationalID finds the user of the organization who has the code; nil if
// nobody has. Searches are counted and told to the organization's audit, whatever
// they find, without the code.
func FindByNationalID(ctx context.Context, store Store, vault Vault, c *Change, s *Scene, p *Profile, code IdentityCode) (*Membership, error) {
	if !p.AsksNationalID() {
		return nil, Fault("/nationalId", "value-unexpected", "The portal asks for no national ids.")
	}
	org := s.Organization.ID
	if err := c.count(s, limitNationalIDSearches(s.Caller.Person.ID, org)...); err != nil {
		return nil, err
	}
	hashes, err := hashesOf(ctx, vault, org, code)
	if err != nil {
		return nil, err
	}
	found, err := whoseNationalID(ctx, store, org, hashes)
	if err != nil {
		return nil, err
	}
	if found == nil {
		c.Record(org, NationalIDSearched, aboutOrganization(org), FieldChange{Field: "outcome", After: "nobody"})
		return nil, nil
	}
	c.Record(org, NationalIDSearched, aboutUser(found.Person), FieldChange{Field: "outcome", After: "found"})
	return found, nil
}

// whoseNationalID reads the user of a claim; nil if there is none.
func whoseNationalID(ctx context.Context, store Store, org OrganizationID, hashes []string) (*Membership, error) {
	// A claim may move from one hash to another between the reads of a batch, which
	// is no snapshot. It moves to the newest, where the second batch finds it.
	for range min(len(hashes), 2) {
		s, err := store.Load(ctx, Want{Organization: org, NationalIDs: hashes})
		if err != nil {
			return nil, err
		}
		for _, hash := range hashes {
			claim := s.NationalIDs[hash]
			if claim == nil {
				continue
			}
			if s, err = store.Load(ctx, Want{Organization: org, Users: []PersonID{claim.Person}}); err != nil {
				return nil, err
			}
			if m := s.Memberships[claim.Person]; m != nil && slices.Contains(hashes, m.NationalID.Hash) {
				return m, nil
			}
		}
	}
	return nil, nil
}

// Entrust gives a membership that is not stored yet a code, and returns the
// claim to store with it. It asks nothing: for data that is made up.
func Entrust(ctx context.Context, vault Vault, m *Membership, code IdentityCode) (*NationalIDClaim, error) {
	hashes, err := hashesOf(ctx, vault, m.Organization, code)
	if err != nil {
		return nil, err
	}
	sealed, err := vault.Seal(ctx, fieldOfNationalID(m.Organization, m.Person), code.Text)
	if err != nil {
		return nil, err
	}
	m.NationalID = NationalID{Country: code.Country, Sealed: sealed, Hash: hashes[0]}
	return &NationalIDClaim{Organization: m.Organization, Hash: hashes[0], Person: m.Person}, nil
}

// Resealed is a membership of which nothing changes but how its fields are sealed.
type Resealed struct{ *Membership }

// Reseal seals a user's code with the newest key and claims it by the newest
// hash, and tells whether it was not yet. Nobody else sees a difference.
func Reseal(ctx context.Context, vault Vault, c *Change, m *Membership) (bool, error) {
	field, next := fieldOfNationalID(m.Organization, m.Person), *m
	plain, err := vault.Open(ctx, field, m.NationalID.Sealed)
	if err != nil {
		return false, err
	}
	hashes, err := hashesOf(ctx, vault, m.Organization, IdentityCode{Country: m.NationalID.Country, Text: plain})
	if err != nil {
		return false, err
	}
	sealed, err := vault.Seal(ctx, field, plain)
	if err != nil || sealed.Key == m.NationalID.Sealed.Key && hashes[0] == m.NationalID.Hash {
		return false, err
	}
	next.NationalID.Sealed, next.NationalID.Hash = sealed, hashes[0]
	c.reclaim(m.Organization, m.Person, m.NationalID, next.NationalID)
	c.Put(Resealed{&next})
	return true, nil
}

// ErrNationalIDBroken: what is kept of a code is not what its user's organization
// would have kept of it. It tells nothing of the code.
var ErrNationalIDBroken = errors.New("domain: a national id is not hashed as its own")

// ProveNationalID opens a user's code as what it is, and holds it against the hash
// that it is claimed under.
func ProveNationalID(ctx context.Context, vault Vault, m *Membership) error {
	plain, err := vault.Open(ctx, fieldOfNationalID(m.Organization, m.Person), m.NationalID.Sealed)
	if err != nil {
		return err
	}
	hashes, err := hashesOf(ctx, vault, m.Organization, IdentityCode{Country: m.NationalID.Country, Text: plain})
	if err == nil && !slices.Contains(hashes, m.NationalID.Hash) {
		err = ErrNationalIDBroken
	}
	return err
}
