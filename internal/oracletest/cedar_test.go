package oracletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/cedar-policy/cedar-go"
	"github.com/cedar-policy/cedar-go/types"
	"github.com/fullmakt/fullmakt/internal/domain"
	"pgregory.net/rapid"
)

// The rules that no data changes. What a member was given and which mandates a
// client has given become policies of their own.
const standing = `
	forbid (principal, action, resource in Group::"closed");
	forbid (principal, action, resource) when { principal.home in Group::"closed" };
	forbid (principal, action, resource) unless {
		(principal.activated || principal in Group::"silent" && !(principal in Group::"signing")) && !principal.locked &&
		(!(principal has from) || context.now >= principal.from && context.now < principal.until)
	};
	forbid (principal, action in Action::"on organization", resource) unless { resource is Organization };
	forbid (principal, action in Action::"on number", resource) unless { resource is Organization || resource is number };
	forbid (principal, action in Action::"on site", resource) unless { resource is Organization || resource is site };
	forbid (principal, action in Action::"on object", resource) unless { resource is Organization || resource is object };
	forbid (principal, action in Action::"on sensor", resource) unless { resource is Organization || resource is sensor };
	forbid (principal, action in Action::"with gate", resource) unless { resource.features.contains("gate") };
	forbid (principal, action in Action::"with camera", resource) unless { resource.features.contains("camera") };
`

func organizationUID(id domain.OrganizationID) cedar.EntityUID {
	return cedar.NewEntityUID("Organization", types.String(id))
}

func resourceUID(r *domain.Resource) cedar.EntityUID {
	return cedar.NewEntityUID(cedar.EntityType(r.Type), types.String(r.ID))
}

func group(name string) cedar.EntityUID { return cedar.NewEntityUID("Group", types.String(name)) }

func actionUID(name string) cedar.EntityUID { return cedar.NewEntityUID("Action", types.String(name)) }

// cedarWorld is a world in Cedar's words.
type cedarWorld struct {
	policies *cedar.PolicySet
	entities cedar.EntityMap
	context  cedar.Record
}

func (w *world) cedar(t *rapid.T) *cedarWorld {
	c := &cedarWorld{entities: cedar.EntityMap{}, context: cedar.NewRecord(cedar.RecordMap{"now": cedar.NewDatetime(w.now)})}
	w.cedarPlaces(c)
	w.cedarActions(c)
	w.cedarMember(c)
	text := standing + w.cedarGifts() + w.cedarMandates(c)
	policies, err := cedar.NewPolicySetFromBytes("world", []byte(text))
	if err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	c.policies = policies
	return c
}

func (c *cedarWorld) add(uid cedar.EntityUID, attributes cedar.RecordMap, parents ...cedar.EntityUID) {
	c.entities[uid] = cedar.Entity{UID: uid, Parents: cedar.NewEntityUIDSet(parents...), Attributes: cedar.NewRecord(attributes)}
}

func (w *world) cedarPlaces(c *cedarWorld) {
	for _, o := range w.organizations {
		var parents []cedar.EntityUID
		if o.ID != ownOrganization {
			parents = append(parents, group("others"))
		}
		if o.Suspended {
			parents = append(parents, group("closed"))
		}
		c.add(organizationUID(o.ID), cedar.RecordMap{"features": cedar.NewSet()}, parents...)
	}
	for _, r := range w.resources {
		parent := organizationUID(r.Organization)
		if len(r.Path) > 0 {
			parent = resourceUID(w.resources[string(r.Path[len(r.Path)-1])])
		}
		var has []types.Value
		for _, f := range r.Features {
			has = append(has, types.String(f))
		}
		c.add(resourceUID(r), cedar.RecordMap{"features": cedar.NewSet(has...)}, parent)
	}
}

// cedarActions makes each right an action, in the groups of the roles that
// name it and of what it is.
func (w *world) cedarActions(c *cedarWorld) {
	for _, right := range w.rights() {
		var groups []cedar.EntityUID
		if info := w.profile.Right(domain.RightKey(right)); info != nil {
			if info.On == "" {
				groups = append(groups, actionUID("on organization"))
			} else {
				groups = append(groups, actionUID("on "+string(info.On)))
			}
			if info.Feature != "" {
				groups = append(groups, actionUID("with "+string(info.Feature)))
			}
			if info.Sensitive {
				groups = append(groups, actionUID("sensitive"))
			}
		} else if !anyPlace[right] {
			groups = append(groups, actionUID("on organization"))
		}
		for _, role := range w.profile.Roles {
			if slices.Contains(role.Rights, domain.RightKey(right)) {
				groups = append(groups, actionUID("role "+string(role.Key)))
			}
		}
		c.add(actionUID(right), nil, groups...)
	}
}

func (w *world) cedarMember(c *cedarWorld) {
	v := w.member.Validity
	// Cedar is told which roles there are, and which the member was given.
	var held []cedar.EntityUID
	for _, r := range w.profile.Roles {
		kind := group("signing")
		if r.NoSignIn {
			kind = group("silent")
		}
		uid := cedar.NewEntityUID("Role", types.String(r.Key))
		c.add(uid, nil, kind)
		if slices.Contains(w.member.Roles, r.Key) || slices.ContainsFunc(w.member.Assignments, func(a domain.Assignment) bool { return slices.Contains(a.Roles, r.Key) }) {
			held = append(held, uid)
		}
	}
	me := cedar.RecordMap{
		"home":      organizationUID(ownOrganization),
		"activated": types.Boolean(!w.member.ActivatedAt.IsZero()), "locked": types.Boolean(v.Type == domain.Locked),
	}
	if v.Type == domain.FixedTerm {
		zone := w.organizations[ownOrganization].Zone()
		me["from"], me["until"] = cedar.NewDatetime(calendar(v.From).begin(zone)), cedar.NewDatetime(calendar(v.To).end(zone))
	}
	c.add(cedar.NewEntityUID("Member", "me"), me, held...)
}

func calendar(d domain.Date) (c day) {
	if _, err := fmt.Sscanf(string(d), "%d-%d-%d", &c.year, &c.month, &c.day); err != nil {
		panic(err)
	}
	return c
}

// cedarGifts permits what the member was given, scope by scope.
func (w *world) cedarGifts() string {
	var b strings.Builder
	permit := func(roles []domain.RoleKey, rights []domain.RightKey, where string) {
		for _, key := range roles {
			role := w.profile.Role(key)
			if role == nil {
				continue
			}
			fmt.Fprintf(&b, "permit (principal, action in Action::%q, resource) when { %s };\n", "role "+string(key), where)
			if role.All {
				fmt.Fprintf(&b, "permit (principal, action, resource) when { %s } unless { action in Action::\"sensitive\" };\n", where)
			}
		}
		for _, right := range rights {
			fmt.Fprintf(&b, "permit (principal, action == Action::%q, resource) when { %s };\n", right, where)
		}
	}
	own := organizationUID(ownOrganization).String()
	permit(w.member.Roles, nil, "resource in "+own)
	for _, a := range w.member.Assignments {
		for _, s := range a.Scopes {
			var where string
			switch s.Type {
			case domain.InOrganization:
				where = "resource in " + own
			case domain.ForClients:
				where = `resource in Group::"others"`
			case domain.ForClient:
				where = fmt.Sprintf(`resource in Group::"others" && resource in Organization::%q`, s.ID)
			default:
				where = fmt.Sprintf("resource in %s && resource in %s::%q", own, s.Type, s.ID)
			}
			permit(a.Roles, a.Rights, where)
		}
	}
	return b.String()
}

// cedarMandates forbids everything at each client unless one of the mandates
// has room for it.
func (w *world) cedarMandates(c *cedarWorld) string {
	ofRights := func(rights []domain.RightKey) cedar.Set {
		var of []types.Value
		for _, r := range rights {
			of = append(of, actionUID(string(r)))
		}
		return cedar.NewSet(of...)
	}
	for _, kind := range powers {
		var rights []domain.RightKey
		if k := w.profile.MandateType(domain.MandateTypeKey(kind)); k != nil {
			rights = k.Rights
		}
		c.add(cedar.NewEntityUID("MandateType", types.String(kind)), cedar.RecordMap{"rights": ofRights(rights)})
	}
	room := "false"
	for between, all := range w.mandates {
		zone := w.organizations[between.principal].Zone()
		for _, m := range all.Items {
			attributes := cedar.RecordMap{
				"principal": organizationUID(domain.OrganizationID(between.principal)), "agent": organizationUID(domain.OrganizationID(between.agent)),
				"revoked": types.Boolean(!m.RevokedAt.IsZero()), "rights": ofRights(m.Rights),
				"kind": cedar.NewEntityUID("MandateType", types.String(m.Type)), "from": cedar.NewDatetime(calendar(m.From).begin(zone)),
			}
			if m.To != "" {
				attributes["until"] = cedar.NewDatetime(calendar(m.To).end(zone))
			}
			uid := cedar.NewEntityUID("Mandate", types.String(m.ID))
			c.add(uid, attributes)
			room += strings.ReplaceAll(` ||
			resource in M.principal && M.agent == Organization::"org_own" && !M.revoked &&
			M.rights.contains(action) && M.kind.rights.contains(action) &&
			context.now >= M.from && (!(M has until) || context.now < M.until)`, "M", uid.String())
		}
	}
	return `forbid (principal, action, resource in Group::"others") unless { ` + room + " };"
}

// Cedar says the same of every right in every place, but for what it cannot express.
func TestDecideIsWhatCedarSays(t *testing.T) {
	answers := map[cedar.Decision]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		events, names := w.events(), w.eventNames()
		for range 4 {
			for range rapid.IntRange(1, 10).Draw(t, "events") {
				events[pick(t, "event", names)](t)
			}
			w.compareWithCedar(t, answers)
		}
	})
	if allowed, all := answers[cedar.Allow], answers[cedar.Allow]+answers[cedar.Deny]; all < 2000 || allowed < all/40 {
		t.Errorf("%d decisions compared, %d of them allowed", all, allowed)
	}
	t.Logf("%d allowed, %d denied", answers[cedar.Allow], answers[cedar.Deny])
}

// compareWithCedar asks both about every right in every place.
func (w *world) compareWithCedar(t *rapid.T, answers map[cedar.Decision]int) {
	c := w.cedar(t)
	w.each(func(p pair, got domain.Verdict) {
		if w.with(p.right) != "" {
			return
		}
		resource := organizationUID(domain.OrganizationID(p.place))
		if r := w.resources[p.place]; r != nil {
			resource = resourceUID(r)
		}
		want, why := cedar.Authorize(c.policies, c.entities, cedar.Request{
			Principal: cedar.NewEntityUID("Member", "me"), Action: actionUID(p.right), Resource: resource, Context: c.context,
		})
		if len(why.Errors) > 0 {
			t.Fatalf("%s in %s: %v", p.right, p.place, why.Errors)
		}
		answers[want]++
		if (got == domain.Allowed) != (want == cedar.Allow) {
			t.Fatalf("%s in %s at %v: %s; Cedar: %v, by %v of\n%s", p.right, p.place, w.now, got, want, why.Reasons, c.policies.MarshalCedar())
		}
	})
}
