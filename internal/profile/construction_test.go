package profile

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// builder has two projects, the first with two objects.
type builder struct {
	*office
	harbour, school, quay, depot, gym *domain.Resource
}

func openBuilder(t *testing.T) builder {
	t.Helper()
	b := builder{office: open(t, "construction")}
	b.harbour, b.school = b.thing("project", "res_harbour", nil), b.thing("project", "res_school", nil)
	b.quay, b.depot = b.thing("object", "res_quay", b.harbour), b.thing("object", "res_depot", b.harbour)
	b.gym = b.thing("object", "res_gym", b.school)
	return b
}

func TestB16_B17_ConstructionGivesAtThreeLevelsAndTakesAway(t *testing.T) {
	t.Parallel()
	b := openBuilder(t)
	m := b.user("report-reader")
	with(m, roles("project-member"), nil, on(b.harbour))
	with(m, roles("object-member"), nil, on(b.gym))
	b.here(m, nil, domain.Allowed, "reports")
	b.here(m, b.harbour, domain.Allowed, "project:documents")
	b.here(m, b.gym, domain.Allowed, "object:documents")
	b.here(m, b.gym, domain.NotAssigned, "object:publish")
	b.here(m, b.school, domain.NotAssigned, "project:documents", domain.RightSeeResources)

	m.Roles, m.Assignments = nil, nil
	b.here(m, nil, domain.NotAssigned, "reports")
	b.here(m, b.harbour, domain.NotAssigned, "project:documents")
	b.here(m, b.gym, domain.NotAssigned, "object:documents")
}

func TestB01_B18_ConstructionOrganizationRoles(t *testing.T) {
	t.Parallel()
	b := openBuilder(t)
	main, coordinator, reader := b.user("main-user"), b.user("coordinator"), b.user("report-reader")
	later := b.thing("object", "res_later", b.thing("project", "res_new", nil))
	b.here(main, nil, domain.Allowed, append(userManagement, "reports")...)
	b.here(main, b.harbour, domain.Allowed, b.declared("project")...)
	b.here(main, later, domain.Allowed, b.declared("object")...)

	b.here(coordinator, b.harbour, domain.Allowed, domain.RightSeeResources, domain.RightEditResources)
	b.here(coordinator, b.harbour, domain.NotAssigned, append(b.declared("project"), domain.RightShareResource)...)
	b.here(coordinator, nil, domain.NotAssigned, userManagement...)

	b.here(reader, nil, domain.Allowed, "reports")
	b.here(reader, b.harbour, domain.NotAssigned, domain.RightSeeResources)

	// An organization role is one of the organization.
	wrong := domain.Assignment{Roles: roles("report-reader"), Scopes: []domain.Scope{on(b.harbour)}}
	gift := domain.Gift{Assignments: []domain.Assignment{wrong}, Resources: map[domain.ResourceID]*domain.Resource{b.harbour.ID: b.harbour}}
	if err := b.give(main, gift); !errors.Is(err, domain.ErrScope) {
		t.Errorf("an organization role on a project: %v", err)
	}
}

func TestB19_ConstructionProjectRolesOnSeveralProjects(t *testing.T) {
	t.Parallel()
	b := openBuilder(t)
	m := with(b.user(), roles("project-member", "project-manager"), nil, on(b.harbour), on(b.school))
	for _, project := range []*domain.Resource{b.harbour, b.school} {
		b.here(m, project, domain.Allowed, append(b.declared("project"), manageSites...)...)
	}
	for _, object := range []*domain.Resource{b.quay, b.depot, b.gym, b.thing("object", "res_later", b.school)} {
		b.here(m, object, domain.Allowed, append(b.declared("object"), manageSites...)...)
	}
	b.here(m, nil, domain.NotAssigned, append(userManagement, "reports", domain.RightEditResources)...)

	member := with(b.user(), roles("project-member"), nil, on(b.harbour))
	b.here(member, b.harbour, domain.Allowed, "project:documents")
	b.here(member, b.harbour, domain.NotAssigned, "project:publish", "schedule", domain.RightShareResource)
	b.here(member, b.quay, domain.Allowed, "object:documents", "object:publish")
	b.here(member, b.quay, domain.NotAssigned, "object:approve")
	b.here(member, b.gym, domain.NotAssigned, b.declared("object")...)
}

func TestB20_ConstructionObjectRolesHoldOnTheirObjectsOnly(t *testing.T) {
	t.Parallel()
	b := openBuilder(t)
	m := with(b.user(), roles("object-manager", "object-member"), nil, on(b.quay), on(b.gym))
	for _, object := range []*domain.Resource{b.quay, b.gym} {
		b.here(m, object, domain.Allowed, append(b.declared("object"), manageSites...)...)
	}
	b.here(m, b.depot, domain.NotAssigned, append(b.declared("object"), manageSites...)...)
	b.here(m, b.harbour, domain.NotAssigned, append(b.declared("project"), manageSites...)...)
	b.here(m, b.quay, domain.WrongType, "project:documents")
}

func TestB23_B26_B34_ConstructionPolicies(t *testing.T) {
	t.Parallel()
	p := open(t, "construction").profile
	want := domain.Policies{RemovalOwn: domain.Deactivate, SelfEdit: true, Partners: true, NationalID: domain.NotAsked}
	if diff := cmp.Diff(want, p.Policies); diff != "" {
		t.Errorf("policies (-want +got):\n%s", diff)
	}
	if !p.ResourceType("project").JobTitles || p.ResourceType("object").JobTitles { // B42
		t.Error("job titles are of projects")
	}
	if p.DefaultLanguage() != domain.Finnish || p.TimeZone != "Europe/Helsinki" || p.Country != "FI" {
		t.Errorf("it speaks %s in %s, %s", p.DefaultLanguage(), p.TimeZone, p.Country)
	}
}
