package profile

import (
	"testing"

	"github.com/fullmakt/fullmakt/profiles"
)

// Rental is served; the others ask for more than there is yet. The day that one
// of them does not, this test says so, and its README should too.
func TestWhichProfilesCanBeServed(t *testing.T) {
	served := map[string]bool{"rental": true}
	for _, name := range profiles.Names() {
		p, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := Missing(p); (len(got) == 0) != served[name] {
			t.Errorf("%s asks for %v", name, got)
		}
	}
}
