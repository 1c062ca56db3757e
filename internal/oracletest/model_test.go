// Package oracletest holds the decision of the domain against two oracles that
// share no code with it.
//
// The first is a model of our own, written from the design's text: it keeps
// nothing but the log of what happened, and for a moment enumerates every pair
// of right and place that the member holds then, by set algebra. Random worlds
// live through random events, and after each of them every pair is compared.
//
// The second is Cedar, a policy language with its own evaluator. The same worlds
// are translated to its policies and entities. It is not asked about
//   - a right that counts only beside another: a policy cannot ask what another
//     decision would be;
//   - days in a time zone: its datetime knows offsets and no zones, so the
//     translation gives it the instants at which the days begin and end;
//   - which reason a denial has: all its policies are equal, and any may deny;
//   - a resource named with the wrong organization, and places that are not
//     there: to Cedar they are entities like any other;
//   - a person who is no member, and mandates that are not between the two
//     organizations: it gets the member and all the mandates there are.
//
// What rights a person may give to others is no part of this package.
package oracletest

import (
	"maps"
	"slices"
	"time"
)

// Everything here is text as an outsider would write it down. Nothing of the
// domain is used.

// pair is a right in a place: an organization or a resource, by its id.
type pair struct{ right, place string }

type set map[pair]bool

// day is a day of the calendar; which instants it has, a zone says.
type day struct {
	year  int
	month time.Month
	day   int
}

// begin is the first instant of the day, end the first after it.
func (d day) begin(zone *time.Location) time.Time {
	return time.Date(d.year, d.month, d.day, 0, 0, 0, 0, zone)
}

func (d day) end(zone *time.Location) time.Time {
	return time.Date(d.year, d.month, d.day+1, 0, 0, 0, 0, zone)
}

// span is from one day to another, both included; open has no last day.
type span struct {
	from, to day
	open     bool
}

func (s span) has(now time.Time, zone *time.Location) bool {
	return !now.Before(s.from.begin(zone)) && (s.open || now.Before(s.to.end(zone)))
}

// What can happen.
type (
	organizationJoined struct{ id, zone string }
	// organizationSuspended closes an organization, or opens it again.
	organizationSuspended struct {
		id     string
		closed bool
	}
	resourceMade struct{ id, kind, parent, organization string }
	resourceGone struct{ id string }
	featuresSet  struct {
		id       string
		features []string
	}
	rightDeclared struct {
		right, on, feature, with string
		sensitive                bool
	}
	roleDefined struct {
		role        string
		all, silent bool // silent: without sign-in
		rights      []string
	}
	roleDropped        struct{ role string }
	mandateTypeDefined struct {
		name   string
		rights []string
	}
	// wholeRolesSet are the roles for the member's whole organization.
	wholeRolesSet struct{ roles []string }
	assigned      struct {
		id            string
		roles, rights []string
		scopes        []reach
	}
	assignmentTaken struct{ id string }
	mandateGiven    struct {
		id, principal, agent, kind string
		rights                     []string
		term                       span
	}
	mandateRevoked struct{ id string }
	mandateChanged struct {
		id     string
		rights []string
	}
	activated struct{}
	// termSet is how long the member is let in; forever and locked exclude each other.
	termSet struct {
		forever, locked bool
		term            span
	}
)

// reach is where something is given: kind organization, clients, client or
// that of a resource.
type reach struct{ kind, id string }

// ownOrganization is the member's.
const ownOrganization = "org_own"

// anyPlace are the rights that Fullmakt itself has on every place.
var anyPlace = map[string]bool{"resources:see": true}

// sight is what there is to know about a moment.
type sight struct {
	let      bool            // what the member has counts
	closed   map[string]bool // places in a suspended organization
	places   map[string]bool // what exists
	given    set             // what the member was given, wherever
	mandated map[string]bool // places for which some mandate holds, and the own ones
	ceiling  set             // what the mandates have room for, and all in the own organization
	typed    set             // what is a right on a place of this kind
	featured set             // where the place has what the right asks for
	held     set             // the outcome
}

// look replays the log and enumerates.
func look(log []any, now time.Time) *sight {
	zones, rooms := map[string]*time.Location{}, map[string]resourceMade{}
	features := map[string][]string{}
	rights, roles, kinds := map[string]rightDeclared{}, map[string]roleDefined{}, map[string][]string{}
	for own := range anyPlace {
		rights[own] = rightDeclared{right: own}
	}
	rights["users:edit"] = rightDeclared{right: "users:edit"}
	gifts, mandates := map[string]assigned{}, map[string]mandateGiven{}
	in, member, suspended := false, termSet{forever: true}, map[string]bool{}
	for _, e := range log {
		switch e := e.(type) {
		case organizationJoined:
			zone, err := time.LoadLocation(e.zone)
			if err != nil {
				panic(err)
			}
			zones[e.id] = zone
		case organizationSuspended:
			suspended[e.id] = e.closed
		case resourceMade:
			rooms[e.id] = e
		case resourceGone:
			delete(rooms, e.id)
		case featuresSet:
			features[e.id] = e.features
		case rightDeclared:
			rights[e.right] = e
		case roleDefined:
			roles[e.role] = e
		case roleDropped:
			delete(roles, e.role)
		case mandateTypeDefined:
			kinds[e.name] = e.rights
		case wholeRolesSet:
			gifts["whole"] = assigned{roles: e.roles, scopes: []reach{{kind: "organization"}}}
		case assigned:
			gifts[e.id] = e
		case assignmentTaken:
			delete(gifts, e.id)
		case mandateGiven:
			mandates[e.id] = e
		case mandateRevoked:
			delete(mandates, e.id)
		case mandateChanged:
			m := mandates[e.id]
			m.rights = e.rights
			mandates[e.id] = m
		case activated:
			in = true
		case termSet:
			member = e
		default:
			panic("an event that the model does not know")
		}
	}

	// Who has nothing but roles without sign-in has nothing to activate.
	silent, signing := 0, 0
	for _, gift := range gifts {
		for _, name := range gift.roles {
			switch role, known := roles[name]; {
			case known && role.silent:
				silent++
			case known:
				signing++
			}
		}
	}
	accepted := in || silent > 0 && signing == 0
	s := &sight{
		let:    accepted && !suspended[ownOrganization] && !member.locked && (member.forever || member.term.has(now, zones[ownOrganization])),
		closed: map[string]bool{},
		places: map[string]bool{}, given: set{}, mandated: map[string]bool{}, ceiling: set{}, typed: set{}, featured: set{}, held: set{},
	}

	// below is a place and all that lies in it, found from the top down.
	below := func(top string) (all []string) {
		all = []string{top}
		for i := 0; i < len(all); i++ {
			for _, room := range rooms {
				if room.parent == all[i] || room.parent == "" && room.organization == all[i] {
					all = append(all, room.id)
				}
			}
		}
		return all
	}
	for organization := range zones {
		for _, place := range below(organization) {
			s.places[place], s.closed[place] = true, suspended[organization]
		}
	}

	// Given: each right of each gift in each place of each of its scopes.
	for _, gift := range gifts {
		gives := map[string]bool{}
		for _, right := range gift.rights {
			gives[right] = true
		}
		for _, name := range gift.roles {
			for _, right := range roles[name].rights {
				gives[right] = true
			}
			for right, r := range rights {
				if roles[name].all && !r.sensitive {
					gives[right] = true
				}
			}
		}
		var reached []string
		for _, scope := range gift.scopes {
			switch scope.kind {
			case "organization":
				reached = append(reached, below(ownOrganization)...)
			case "clients":
				for organization := range zones {
					if organization != ownOrganization {
						reached = append(reached, below(organization)...)
					}
				}
			case "client":
				if scope.id != ownOrganization {
					reached = append(reached, below(scope.id)...)
				}
			default:
				if rooms[scope.id].organization == ownOrganization {
					reached = append(reached, below(scope.id)...)
				}
			}
		}
		for right := range gives {
			for _, place := range reached {
				s.given[pair{right, place}] = true
			}
		}
	}

	// The ceiling, in each organization its own.
	for _, place := range below(ownOrganization) {
		s.mandated[place] = true
		for right := range rights {
			s.ceiling[pair{right, place}] = true
		}
	}
	for _, m := range mandates {
		if m.agent != ownOrganization || !m.term.has(now, zones[m.principal]) {
			continue
		}
		for _, place := range below(m.principal) {
			s.mandated[place] = true
			for _, right := range m.rights {
				if slices.Contains(kinds[m.kind], right) {
					s.ceiling[pair{right, place}] = true
				}
			}
		}
	}

	// What is a right where. To hold one in an organization is to hold it all
	// over, so every right can be; but no organization has features.
	for place := range s.places {
		room, isRoom := rooms[place]
		for name, r := range rights {
			if !isRoom || r.on == room.kind || anyPlace[name] {
				s.typed[pair{name, place}] = true
			}
			if r.feature == "" || isRoom && slices.Contains(features[place], r.feature) {
				s.featured[pair{name, place}] = true
			}
		}
	}

	if !s.let {
		return s
	}
	for p := range s.given {
		if s.ceiling[p] && s.typed[p] && s.featured[p] && !s.closed[p.place] {
			s.held[p] = true
		}
	}
	// Last, what has lost the right that it must stand beside.
	before := maps.Clone(s.held)
	for p := range before {
		if with := rights[p.right].with; with != "" && !before[pair{with, p.place}] {
			delete(s.held, p)
		}
	}
	return s
}
