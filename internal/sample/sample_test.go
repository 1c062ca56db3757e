package sample

import (
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/portal"
)

// That the samples succeed is tested with the functions; here, that there is
// one for each and none beside, and that only those carry a session that ask
// for one.
func TestSamplesAreThoseOfTheRegistries(t *testing.T) {
	t.Parallel()
	left := map[string]bool{}
	for id := range requests {
		left[id] = true
	}
	for id := range jobEvents {
		left[id] = true
	}
	for _, e := range api.Endpoints() {
		if _, err := Event(e.Spec); err != nil {
			t.Error(err)
		}
		r := requests[e.ID]
		if signed := r.session.Person != ""; signed != e.InSession() {
			t.Errorf("%s: the sample carries a session: %t", e.ID, signed)
		}
		if serves := r.service.ID != ""; serves != (e.Access.Service != "") {
			t.Errorf("%s: the sample carries a service client's credential: %t", e.ID, serves)
		}
		if (r.body != nil) != e.HasBody() {
			t.Errorf("%s: the sample carries a body: %t", e.ID, r.body != nil)
		}
		delete(left, e.ID)
	}
	for _, j := range jobs.All() {
		if _, err := JobEvent(j); err != nil {
			t.Error(err)
		}
		delete(left, j.ID)
	}
	delete(left, portal.ID)
	for id := range left {
		t.Errorf("there is a sample for %s, which there is not", id)
	}
}
