package profile

import "github.com/fullmakt/fullmakt/internal/domain"

// Missing tells what a profile asks for that this version does not have. Such
// a profile can be read and checked, and is not to be served: it would promise
// what nobody keeps, such as that some of its people cannot sign in.
func Missing(p *domain.Profile) (missing []string) {
	ask := func(asks bool, what string) {
		if asks {
			missing = append(missing, what)
		}
	}
	signIn := true
	for _, r := range p.Roles {
		signIn = signIn && !r.NoSignIn
	}
	ask(!signIn, "roles without sign-in")
	ask(len(p.Mandates) > 0, "mandates")
	ask(p.Policies.RemovalOwn == domain.Deactivate, "the removal of users that can be undone")
	ask(p.Policies.Partners, "partners")
	ask(p.Policies.Subscription, "subscriptions")
	ask(p.Policies.SelfRegistration, "self-registration")
	ask(p.Policies.NationalID != domain.NotAsked && p.Policies.NationalID != "", "national ids")
	ask(len(p.Policies.CreationRequires) > 0, "choices that are required for a new user")
	return missing
}
