package apitest

import (
	"bytes"
	"net/http"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/check"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// whole holds the store against what must always hold of one.
func (w *World) whole(when string) {
	w.T.Helper()
	r, err := check.Run(w.T.Context(), w.Base.(*sqlitetable.Table), check.Options{Profile: w.Profile, Now: w.Now(), Vault: w.Vault})
	if err != nil {
		w.T.Fatal(err)
	}
	if len(r.Violations()) > 0 {
		var b bytes.Buffer
		_ = r.Print(&b)
		w.T.Errorf("%s:\n%s", when, &b)
	}
}

// Whatever is done through the API, and whatever the clock brings, the store stays
// whole: section J holds after each step.
func TestXJ_EveryStepLeavesTheStoreWhole(t *testing.T) {
	t.Parallel()
	w := New(t)
	w.whole("a new store")
	alpha, beta := w.Customer("alpha"), w.Customer("beta")
	w.whole("customers")
	site := w.Resource(alpha, "worksite", w.Resource(alpha, "customer-number", "", "1"), "2")
	w.whole("resources")
	u, token := w.Join(alpha, "joined@alpha.example", "user")
	w.Assign(alpha, u, Assignment(nil, []string{"order"}, Scope("worksite", site)))
	w.whole("a user")
	w.Invite(beta, u.Email, "user")
	w.Dispatch()
	w.whole("the same in another organization")
	w.Want(http.StatusOK, w.Edit("PATCH", "/v1/me", "", token, Object{"phone": "+358401234567"}))
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
	w.Dispatch()
	w.whole("a password reset is asked for")
	termed := w.JoinWith(alpha, "termed@alpha.example", Object{"type": "fixedTerm", "from": "2026-11-01", "to": "2026-11-10"})
	w.Lock(alpha, u.Email)
	w.whole("a lock")
	w.Pass(20 * 24 * time.Hour)
	w.attend()
	w.Dispatch()
	w.seal()
	w.whole("a term has ended")
	alpha.Token = w.SignIn(alpha.AdminEmail, Password)
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: termed.Path, Token: alpha.Token})
	w.whole("a removal")
	w.Want(http.StatusNoContent, w.erase(u))
	w.whole("an erasure")
}

// Who is removed from their last organization is erased; the link of a password
// reset, which names their address, is no exception.
func TestXJ8_XH6_NoLinkIsLeftOfWhoIsRemoved(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	u, _ := w.Join(alpha, "gone@alpha.example", "user")
	w.Want(http.StatusAccepted, Request{Method: "POST", Path: "/v1/password-resets", Body: Object{"email": u.Email}})
	w.Dispatch()
	w.Want(http.StatusNoContent, Request{Method: "DELETE", Path: u.Path, Token: alpha.Token})
	w.whole("a removal")
}
