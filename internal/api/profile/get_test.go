package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

func TestGetShowsAllThatAProfileHas(t *testing.T) {
	t.Parallel()
	text := func(s string) domain.Text { return domain.Text{domain.English: s} }
	p := &domain.Profile{
		Key: "wide", Languages: []domain.Language{"en"}, TimeZone: "Europe/Oslo", Country: "NO",
		ResourceTypes: []domain.ResourceType{
			{Key: "yard", Name: text("Yard"), Operator: true, JobTitles: true},
			{Key: "shed", Name: text("Shed"), Parent: "yard", Features: []domain.FeatureKey{"lock"}},
		},
		Roles: []domain.Role{
			{Key: "boss", Level: 2, All: true, Rights: []domain.RightKey{"diary"}, Scopes: []domain.ScopeType{domain.InOrganization, domain.ForClients}},
			{Key: "signer", Level: 1, NoSignIn: true, Scopes: []domain.ScopeType{"shed"}, DefaultFor: []domain.Origin{domain.ByAdministrator}},
		},
		Rights: []domain.RightInfo{
			{Key: "open", Info: text("Opens."), On: "shed", Feature: "lock", With: "diary", Module: true, Recommended: true},
			{Key: "diary", Name: text("Diary"), Sensitive: true},
		},
		Mandates: []domain.MandateType{{Key: "proxy", Name: text("Proxy"), Info: text("For others."), Rights: []domain.RightKey{"diary"}}},
		Policies: domain.Policies{SelfEdit: true, CreationRequires: []domain.CreationChoice{"yard"}},
	}
	want := response{
		Key: "wide", Languages: []domain.Language{"en"}, TimeZone: "Europe/Oslo", Country: "NO",
		ResourceTypes: []resourceType{
			{Key: "yard", Name: text("Yard"), Parent: "organization", Operator: true, JobTitles: true},
			{Key: "shed", Name: text("Shed"), Parent: "yard", Features: []domain.FeatureKey{"lock"}},
		},
		Roles: []role{
			{Key: "boss", Level: 2, All: true, Rights: []domain.RightKey{"diary"}, Scopes: []domain.ScopeType{"organization", "clients"}, SignIn: true},
			{Key: "signer", Level: 1, Scopes: []domain.ScopeType{"shed"}, DefaultFor: []domain.Origin{"administrator"}},
		},
		Rights: []right{
			{Key: "open", Info: text("Opens."), On: "shed", Feature: "lock", With: "diary", Module: true, Recommended: true},
			{Key: "diary", Name: text("Diary"), On: "organization", Sensitive: true},
		},
		Mandates:  []mandate{{Key: "proxy", Name: text("Proxy"), Info: text("For others."), Rights: []domain.RightKey{"diary"}}},
		OwnRights: domain.AdministrativeRights,
		Policies:  policies{SelfEdit: true, NationalID: "none", CreationRequires: []domain.CreationChoice{"yard"}},
		Mail:      body.MailOf(func(domain.MailTopic) bool { return true }),
	}
	got, err := get(t.Context(), &endpoint.Call{Deps: endpoint.Deps{Profile: p}}, nil)
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("profile (-want +got):\n%s%v", diff, err)
	}
	if p.Rights[1].On != "" {
		t.Error("the profile itself was changed")
	}
}
