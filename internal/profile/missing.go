package profile

import "github.com/fullmakt/fullmakt/internal/domain"

// Missing tells what a profile asks for that this version does not have. On a
// laptop such a profile is served, and what is missing is said; deployed it is
// refused, because it would promise what nobody keeps.
func Missing(p *domain.Profile) (missing []string) {
	ask := func(asks bool, what string) {
		if asks {
			missing = append(missing, what)
		}
	}
	ask(p.Policies.SelfRegistration, "self-registration")
	return missing
}
