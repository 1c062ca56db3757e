package profile

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// Fault is one thing that is wrong with a profile.
type Fault struct {
	Pointer string // JSON pointer into the document
	Message string
}

// Check reports everything in a profile that makes no sense, in the order of
// the document.
func Check(p *domain.Profile) []Fault {
	c := checker{p: p}
	c.general()
	c.resourceTypes()
	c.roles()
	c.rights()
	c.mandates()
	c.mail()
	c.policies()
	return c.faults
}

type checker struct {
	p      *domain.Profile
	faults []Fault
}

func (c *checker) add(pointer, format string, args ...any) {
	c.faults = append(c.faults, Fault{Pointer: pointer, Message: fmt.Sprintf(format, args...)})
}

func (c *checker) general() {
	c.key("/key", c.p.Key)
	if len(c.p.Languages) == 0 {
		c.add("/languages", "name at least one language; the first is the default")
	}
	for i, l := range c.p.Languages {
		pointer := fmt.Sprintf("/languages/%d", i)
		switch {
		case !slices.Contains(domain.Languages, l):
			c.add(pointer, "unknown language %q", l)
		case slices.Contains(c.p.Languages[:i], l):
			c.add(pointer, "language %q is named twice", l)
		}
	}
	// LoadLocation knows two names that are no zone of anybody's.
	if _, err := time.LoadLocation(c.p.TimeZone); err != nil || c.p.TimeZone == "" || c.p.TimeZone == "Local" {
		c.add("/timeZone", "unknown time zone %q", c.p.TimeZone)
	}
	if !c.p.Country.Known() {
		c.add("/country", "unknown country %q", c.p.Country)
	}
}

// reserved are the words that stand beside the keys of resource types.
var reserved = []domain.ScopeType{
	domain.InOrganization, domain.ForClients, domain.ForClient, domain.ScopeType(domain.ChooseModules),
}

func (c *checker) resourceTypes() {
	var seen, circular []domain.ScopeType
	for i, t := range c.p.ResourceTypes {
		pointer := fmt.Sprintf("/resourceTypes/%d", i)
		c.key(pointer+"/key", string(t.Key))
		switch {
		case slices.Contains(reserved, t.Key):
			c.add(pointer+"/key", "%q is a word of Fullmakt's own and no key of a resource type", t.Key)
		case slices.Contains(seen, t.Key):
			c.add(pointer+"/key", "there already is a resource type %q", t.Key)
		}
		seen = append(seen, t.Key)
		c.text(pointer+"/name", t.Name)
		line := c.line(t.Key)
		switch {
		case t.Parent != "" && c.p.ResourceType(t.Parent) == nil:
			c.add(pointer+"/parent", "unknown resource type %q", t.Parent)
		case t.Key != "" && c.p.ResourceType(line[len(line)-1]).Parent == t.Key && !slices.Contains(circular, t.Key):
			c.add(pointer+"/parent", "resource type %q lies in itself", t.Key)
			circular = append(circular, line...)
		}
		for j, f := range t.Features {
			pointer := fmt.Sprintf("%s/features/%d", pointer, j)
			c.key(pointer, string(f))
			if slices.Contains(t.Features[:j], f) {
				c.add(pointer, "feature %q is named twice", f)
			}
		}
	}
}

// line is a resource type and all that it lies in, each once, outwards.
func (c *checker) line(key domain.ScopeType) (line []domain.ScopeType) {
	for t := c.p.ResourceType(key); t != nil && !slices.Contains(line, t.Key); t = c.p.ResourceType(t.Parent) {
		line = append(line, t.Key)
	}
	return line
}

func (c *checker) roles() {
	var seen []domain.RoleKey
	highest, first := 0, (*domain.Role)(nil)
	for i := range c.p.Roles {
		r := &c.p.Roles[i]
		pointer := fmt.Sprintf("/roles/%d", i)
		c.key(pointer+"/key", string(r.Key))
		if slices.Contains(seen, r.Key) {
			c.add(pointer+"/key", "there already is a role %q", r.Key)
		}
		seen = append(seen, r.Key)
		c.text(pointer+"/name", r.Name)
		c.text(pointer+"/info", r.Info)
		if r.Level < 1 {
			c.add(pointer+"/level", "a level is 1 or higher")
		}
		c.roleRights(pointer, r)
		c.roleScopes(pointer, r)
		c.signIn(pointer, r)
		c.defaultFor(pointer, r)
		highest = max(highest, r.Level)
		if administers(r) && (first == nil || r.Level > first.Level) {
			first = r
		}
	}
	switch {
	case first == nil:
		c.add("/roles", "no role can administer: one must hold %q", domain.RightEditUsers)
	case first.Level < highest:
		// Nobody gives a role above their own.
		c.add("/roles", "nobody could give the roles above level %d, the highest that holds %q", first.Level, domain.RightEditUsers)
	default:
		c.within(first)
	}
}

func administers(r *domain.Role) bool {
	return r.All || slices.Contains(r.Rights, domain.RightEditUsers)
}

// roleRight is where a right of a role is written: after the word all, if that is there.
func roleRight(pointer string, r *domain.Role, i int) string {
	if r.All {
		i++
	}
	return fmt.Sprintf("%s/rights/%d", pointer, i)
}

// seeing is what one must see to edit it.
var seeing = map[domain.RightKey]domain.RightKey{
	domain.RightEditOrganization: domain.RightSeeOrganization,
	domain.RightEditUsers:        domain.RightSeeUsers,
	domain.RightEditResources:    domain.RightSeeResources,
	domain.RightShareResource:    domain.RightSeeResources,
	domain.RightEditMandates:     domain.RightSeeMandates,
	domain.RightSeeNationalIDs:   domain.RightSeeUsers,
}

func (c *checker) roleRights(pointer string, r *domain.Role) {
	for j, right := range r.Rights {
		pointer := roleRight(pointer, r, j)
		switch {
		case !c.p.Knows(right):
			c.add(pointer, "unknown right %q", right)
		case r.All && !c.p.Sensitive(right):
			c.add(pointer, "right %q is in %q already", right, All)
		}
		if right == domain.RightSeeNationalIDs && c.p.Policies.NationalID == domain.NotAsked {
			c.add(pointer, "right %q is of no use: there are no national ids", right)
		}
		if slices.Contains(r.Rights[:j], right) {
			c.add(pointer, "right %q is named twice", right)
		}
		if see := seeing[right]; see != "" && !r.All && !slices.Contains(r.Rights, see) {
			c.add(pointer, "right %q is of no use without %q", right, see)
		}
	}
}

func (c *checker) roleScopes(pointer string, r *domain.Role) {
	if len(r.Scopes) == 0 {
		c.add(pointer+"/scopes", "name at least one place where the role is given")
	}
	odd := false // what holds in a scope that is none is not known
	for j, s := range r.Scopes {
		pointer := fmt.Sprintf("%s/scopes/%d", pointer, j)
		switch {
		case s == domain.InOrganization || c.p.ResourceType(s) != nil:
		case s != domain.ForClient && s != domain.ForClients:
			c.add(pointer, "unknown scope %q", s)
			odd = true
		case len(c.p.Mandates) == 0:
			c.add(pointer, "there are no clients, because the profile has no mandates")
			odd = true
		}
		if slices.Contains(r.Scopes[:j], s) {
			c.add(pointer, "scope %q is named twice", s)
		}
	}
	for j, right := range r.Rights {
		holds := func(s domain.ScopeType) bool { return c.holds(right, s) }
		if !odd && len(r.Scopes) > 0 && c.p.Knows(right) && !slices.ContainsFunc(r.Scopes, holds) {
			c.add(roleRight(pointer, r, j), "right %q can hold nowhere that the role is given", right)
		}
	}
}

// everywhere are Fullmakt's own rights that hold on every resource too.
var everywhere = []domain.RightKey{domain.RightSeeResources, domain.RightEditResources, domain.RightShareResource}

// holds tells whether a right can hold in a scope, or on anything in it.
func (c *checker) holds(right domain.RightKey, s domain.ScopeType) bool {
	switch s {
	case domain.InOrganization:
		return true
	case domain.ForClient, domain.ForClients:
		return slices.ContainsFunc(c.p.Mandates, func(m domain.MandateType) bool { return slices.Contains(m.Rights, right) })
	}
	if info := c.p.Right(right); info != nil {
		odd := info.On != "" && c.p.ResourceType(info.On) == nil // that is told of where it is written
		return odd || slices.Contains(c.line(info.On), s)
	}
	return slices.Contains(everywhere, right)
}

func (c *checker) signIn(pointer string, r *domain.Role) {
	if !r.NoSignIn {
		return
	}
	if r.All {
		c.add(pointer+"/rights", "a role without sign-in cannot administer")
	}
	for j, right := range r.Rights {
		if slices.Contains(domain.AdministrativeRights, right) {
			c.add(roleRight(pointer, r, j), "right %q is of no use without sign-in", right)
		}
	}
}

func (c *checker) defaultFor(pointer string, r *domain.Role) {
	for j, origin := range r.DefaultFor {
		pointer := fmt.Sprintf("%s/defaultFor/%d", pointer, j)
		switch {
		case origin != domain.ByAdministrator && origin != domain.ByThemselves:
			c.add(pointer, "unknown origin %q: %q or %q", origin, domain.ByAdministrator, domain.ByThemselves)
		case origin == domain.ByThemselves && !c.p.Policies.SelfRegistration:
			c.add(pointer, "nobody registers themselves: the policy selfRegistration is off")
		case origin == domain.ByThemselves && r.NoSignIn:
			c.add(pointer, "who registers themselves signs in, and the role has no sign-in")
		}
		if slices.Contains(r.DefaultFor[:j], origin) {
			c.add(pointer, "origin %q is named twice", origin)
		}
	}
	if len(r.DefaultFor) == 0 {
		return
	}
	if administers(r) {
		c.add(pointer+"/defaultFor", "a role that administers is never given of itself")
	}
	if !slices.Contains(r.Scopes, domain.InOrganization) {
		c.add(pointer+"/defaultFor", "a role that is given of itself must be one for the %s", domain.InOrganization)
	}
}

// within demands that the first administrator of a customer holds whatever
// there is to give: nobody gives what they do not hold, so what the first does
// not hold nobody ever would.
func (c *checker) within(first *domain.Role) {
	holds := func(right domain.RightKey) bool {
		return slices.Contains(first.Rights, right) || first.All && !c.p.Sensitive(right)
	}
	const format = "nobody could give %s: %q, the highest role that administers, does not hold it"
	for i := range c.p.Roles {
		r := &c.p.Roles[i]
		if r.All && !first.All {
			c.add(fmt.Sprintf("/roles/%d/rights", i), format, "all rights", first.Key)
		}
		for j, right := range r.Rights {
			// What the profile declares is told of where it does.
			if slices.Contains(domain.AdministrativeRights, right) && !holds(right) {
				c.add(roleRight(fmt.Sprintf("/roles/%d", i), r, j), format, "the right "+string(right), first.Key)
			}
		}
	}
	for i, r := range c.p.Rights {
		if !holds(r.Key) {
			c.add(fmt.Sprintf("/rights/%d/key", i), format, "the right "+string(r.Key), first.Key)
		}
	}
}

func (c *checker) rights() {
	var seen []domain.RightKey
	for i, r := range c.p.Rights {
		pointer := fmt.Sprintf("/rights/%d", i)
		area, right, two := strings.Cut(string(r.Key), ":")
		switch {
		case !isKey(area) || two && !isKey(right) || r.Key == All:
			c.add(pointer+"/key", "%q is not a key of a right: lower-case words with hyphens between them, at most one colon, and not %q", r.Key, All)
		case r.Key == domain.RightOperate || slices.Contains(domain.AdministrativeRights, r.Key):
			c.add(pointer+"/key", "%q is a right of Fullmakt's own and is not declared", r.Key)
		case slices.Contains(seen, r.Key):
			c.add(pointer+"/key", "there already is a right %q", r.Key)
		}
		seen = append(seen, r.Key)
		c.text(pointer+"/name", r.Name)
		c.text(pointer+"/info", r.Info)

		on := c.p.ResourceType(r.On)
		switch {
		case r.On != "" && on == nil:
			c.add(pointer+"/on", "unknown resource type %q", r.On)
		case r.Feature != "" && on == nil:
			c.add(pointer+"/feature", "the organization has no features: say with %q which resource type has it", "on")
		case r.Feature != "" && !slices.Contains(on.Features, r.Feature):
			c.add(pointer+"/feature", "resource type %q has no feature %q", r.On, r.Feature)
		}
		c.with(pointer+"/with", &r)
		switch {
		case r.Notice == "":
		case r.Notice != domain.AgreementChanged:
			c.add(pointer+"/notice", "unknown notice: there is %q", domain.AgreementChanged)
		case r.On != "":
			c.add(pointer+"/notice", "a notice goes to those who hold a right in the whole organization")
		}
	}
}

// place tells whether there is a place of that type for a right to be on.
func (c *checker) place(on domain.ScopeType) bool { return on == "" || c.p.ResourceType(on) != nil }

// with demands that the other right can be held where this one is, and that
// holding it there is all that it takes: a decision looks one right further, and
// asks only whether that one was given.
func (c *checker) with(pointer string, r *domain.RightInfo) {
	if r.With == "" {
		return
	}
	other := c.p.Right(r.With)
	switch {
	case r.With == r.Key:
		c.add(pointer, "right %q is always held with itself", r.Key)
		return
	case other == nil && !c.p.Knows(r.With):
		c.add(pointer, "unknown right %q", r.With)
		return
	case other == nil:
		if r.On != "" && !slices.Contains(everywhere, r.With) {
			c.add(pointer, "right %q is never held on a resource, as %q is", r.With, r.Key)
		}
	case other.On != r.On && c.place(r.On) && c.place(other.On):
		c.add(pointer, "right %q is one on another type of resource than %q", r.With, r.Key)
	case other.With != "":
		c.add(pointer, "right %q itself counts only beside another: nothing follows a chain", r.With)
	case other.Feature != "" && other.Feature != r.Feature:
		c.add(pointer, "right %q asks for the feature %q, and %q does not", r.With, other.Feature, r.Key)
	}
	mandated := func(right domain.RightKey) bool { return c.holds(right, domain.ForClients) }
	if mandated(r.Key) && !mandated(r.With) {
		c.add(pointer, "right %q is in a mandate, and %q in none", r.Key, r.With)
	}
}

func (c *checker) mandates() {
	var seen []domain.MandateTypeKey
	for i, m := range c.p.Mandates {
		pointer := fmt.Sprintf("/mandates/%d", i)
		c.key(pointer+"/key", string(m.Key))
		if slices.Contains(seen, m.Key) {
			c.add(pointer+"/key", "there already is a mandate %q", m.Key)
		}
		seen = append(seen, m.Key)
		c.text(pointer+"/name", m.Name)
		c.text(pointer+"/info", m.Info)
		if len(m.Rights) == 0 {
			c.add(pointer+"/rights", "a mandate without rights gives nothing")
		}
		for j, right := range m.Rights {
			pointer := fmt.Sprintf("%s/rights/%d", pointer, j)
			info := c.p.Right(right)
			switch {
			case info == nil && c.p.Knows(right):
				c.add(pointer, "right %q is one of Fullmakt's own: nobody administers a client", right)
			case info == nil:
				c.add(pointer, "unknown right %q", right)
			case info.Sensitive:
				c.add(pointer, "right %q is sensitive and in no mandate", right)
			}
			if slices.Contains(m.Rights[:j], right) {
				c.add(pointer, "right %q is named twice", right)
			}
		}
	}
}

func (c *checker) mail() {
	for _, topic := range slices.Sorted(maps.Keys(c.p.Mail)) {
		if !slices.Contains(domain.MailTopics, topic) {
			c.add("/mail/"+string(topic), "unknown topic %q", topic)
		}
	}
}

func (c *checker) policies() {
	p := c.p.Policies
	if !p.FixedTerm && len(p.Reminders) > 0 {
		c.add("/policies/reminders", "there are no fixed terms whose end to remind of")
	}
	for i, days := range p.Reminders {
		at := fmt.Sprintf("/policies/reminders/%d", i)
		if days < 1 || days > 365 {
			c.add(at, "want 1 to 365 days")
		}
		if i > 0 && days >= p.Reminders[i-1] {
			c.add(at, "want fewer days than before it")
		}
	}
	switch p.RemovalOwn {
	case domain.Erase, domain.Deactivate:
	default:
		c.add("/policies/removal/own", "unknown policy %q: %q or %q", p.RemovalOwn, domain.Erase, domain.Deactivate)
	}
	switch p.NationalID {
	case domain.NotAsked, domain.MayBeGiven, domain.MustBeGiven:
	default:
		c.add("/policies/nationalId", "unknown policy %q: %q, %q or %q", p.NationalID, domain.NotAsked, domain.MayBeGiven, domain.MustBeGiven)
	}
	if c.p.AsksNationalID() && !slices.ContainsFunc(c.p.Roles, func(r domain.Role) bool { return slices.Contains(r.Rights, domain.RightSeeNationalIDs) }) {
		c.add("/policies/nationalId", "what nobody could ever use is not asked for: no role holds %q", domain.RightSeeNationalIDs)
	}
	if p.SelfRegistration && !slices.ContainsFunc(c.p.Roles, func(r domain.Role) bool { return slices.Contains(r.DefaultFor, domain.ByThemselves) }) {
		c.add("/policies/selfRegistration", "who registers themselves gets no role: one must be default for %q", domain.ByThemselves)
	}
	for i, choice := range p.CreationRequires {
		pointer := fmt.Sprintf("/policies/creation/requires/%d", i)
		switch {
		case choice == domain.ChooseModules:
			if !slices.ContainsFunc(c.p.Rights, func(r domain.RightInfo) bool { return r.Module }) {
				c.add(pointer, "there are no modules to choose: no right is one")
			}
		case c.p.ResourceType(domain.ScopeType(choice)) == nil:
			c.add(pointer, "unknown choice %q: %q or a resource type", choice, domain.ChooseModules)
		}
		if slices.Contains(p.CreationRequires[:i], choice) {
			c.add(pointer, "choice %q is named twice", choice)
		}
	}
}

func (c *checker) key(pointer, key string) {
	if !isKey(key) {
		c.add(pointer, "%q is not a key: lower-case words with hyphens between them", key)
	}
}

// text demands the text in every language of the profile, and in no other.
func (c *checker) text(pointer string, t domain.Text) {
	for _, l := range domain.Languages {
		text, ok := t[l]
		switch {
		case !ok && c.p.Speaks(l):
			c.add(pointer+"/"+string(l), "no text in %q", l)
		case ok && !c.p.Speaks(l) && len(c.p.Languages) > 0:
			c.add(pointer+"/"+string(l), "text in %q, which the profile does not have", l)
		case ok && !isLine(text):
			c.add(pointer+"/"+string(l), "%q is not one line of text without spaces around it", text)
		}
	}
	for _, l := range unknown(t) {
		c.add(pointer+"/"+string(l), "unknown language %q", l)
	}
}

// unknown are the languages of a text that are none of Fullmakt's, sorted.
func unknown(t domain.Text) (languages []domain.Language) {
	for l := range t {
		if !slices.Contains(domain.Languages, l) {
			languages = append(languages, l)
		}
	}
	slices.Sort(languages)
	return languages
}

func isLine(s string) bool {
	return s != "" && s == strings.TrimSpace(s) && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) })
}

// isKey tells whether s is lower-case words with hyphens between them.
func isKey(s string) bool {
	if s == "" || s[0] < 'a' || s[0] > 'z' {
		return false
	}
	for word := range strings.SplitSeq(s, "-") {
		if word == "" || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return false
		}
	}
	return true
}
