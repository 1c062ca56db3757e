package profile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/profiles"
)

// What is not there yet, by profile; its README says the same. The others can be deployed.
func TestMissing(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"public-sector": {"self-registration"},
	}
	for _, name := range profiles.Names() {
		p, err := Load(name)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want[name], Missing(p)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
