package apitest

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job/vaultrotate"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
)

// TestMain holds, once all tests have run, that there is no right on the table
// that they could have done without (XI1). Single tests cannot tell.
func TestMain(m *testing.M) {
	code := m.Run()
	all := true
	for _, name := range []string{"test.run", "test.skip", "test.bench", "test.list"} {
		all = all && flag.Lookup(name).Value.String() == ""
	}
	if code == 0 && all {
		for _, right := range Roles.Idle("dynamodb:") {
			fmt.Fprintf(os.Stderr, "no test would miss a right that is deployed: %s\n", right)
			code = 1
		}
	}
	os.Exit(code)
}

// Every function whose request keeps the session alive may write that, and needs
// to write nothing else for it.
func TestXI1_EverySessionIsKeptAlive(t *testing.T) {
	t.Parallel()
	rental, insurance := everyRight(t), With(t, "insurance")
	alpha, firm := rental.Customer("alpha"), insurance.Customer("alpha")
	insurance.Customer("beta")
	site, mandate := rental.Site(alpha), insurance.Mandate(firm, "beta", "web-service", []string{"invoices:see"}, "")
	for _, e := range api.Endpoints() {
		if !e.InSession() || e.Needing(endpoint.WriteItems) {
			continue
		}
		w, c := rental, alpha
		if strings.HasPrefix(e.ID, "mandate-") || strings.HasPrefix(e.ID, "client-") {
			w, c = insurance, firm
		}
		token := c.Token
		if e.Access.Right == domain.RightOperate {
			token = w.Operator()
		}
		w.Pass(2 * domain.SessionTouch)
		r := request(t, e, c.ID, c.AdminID, token).at(site)
		r.Path = strings.Replace(r.Path, "man_01h2xcejqtf2nbrexx3vqjhp41", mandate, 1)
		before := sessions(w)
		if a := w.Send(r); a.Status != http.StatusOK || sessions(w) == before {
			t.Errorf("%s: %d, the session was written to: %t: %s", e.ID, a.Status, sessions(w) != before, a.Raw)
		}
	}
}

// sessions is what is kept of them, in a world on SQLite.
func sessions(w *World) (all string) {
	w.T.Helper()
	for item, err := range w.Base.(*sqlitetable.Table).Dump(w.T.Context()) {
		if err != nil {
			w.T.Fatal(err)
		}
		if strings.HasPrefix(item.PK, "SESSION#") {
			all += item.SK + string(item.Body)
		}
	}
	return all
}

// Whoever shows the password clears what strangers have counted against the
// account from elsewhere, whatever it was asked for.
func TestXI1_AProvenPasswordForgives(t *testing.T) {
	t.Parallel()
	w := everyRight(t)
	alpha := w.Customer("alpha")
	u := w.InviteWith(alpha, "coded@alpha.example", Object{"roles": []string{"user"}, "nationalId": Object{"code": canary}})
	guess := func(r Request) Request {
		r.Body = maps.Clone(r.Body.(Object))
		r.Body.(Object)["password"] = "guess and guess"
		return r
	}
	for i, r := range []Request{reveal(u, alpha.Token, Password, "Check"), readdress(alpha.Token, "another@alpha.example")} {
		w.From(fmt.Sprintf("198.51.100.%d", i)) // where nobody has shown it yet
		w.Fails(http.StatusUnprocessableEntity, "password-wrong", guess(r))
		if a := w.Send(r); a.Status >= 300 {
			t.Errorf("%s: %d %s", r.Path, a.Status, a.Raw)
		}
	}
}

// A session that is ended twice with one key is ended once, and says so.
func TestXI1_EndingASessionLeavesAReceipt(t *testing.T) {
	t.Parallel()
	w := New(t)
	alpha := w.Customer("alpha")
	other := w.SignIn(alpha.AdminEmail, Password)
	id := ""
	for _, s := range w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me/sessions", Token: alpha.Token}).Items() {
		if s := s.(map[string]any); s["current"] != true {
			id, _ = s["id"].(string)
		}
	}
	end := Request{Method: "DELETE", Path: "/v1/me/sessions/" + id, Token: alpha.Token, Headers: []Header{{"Idempotency-Key", "once"}}}
	w.Want(http.StatusNoContent, end)
	w.Want(http.StatusNoContent, end)
	w.Want(http.StatusUnauthorized, Request{Method: "GET", Path: "/v1/me", Token: other})
}

// A rotation that loses a race reads the user anew.
func TestXI1_ARotationReadsAnew(t *testing.T) {
	t.Parallel()
	races := &racing{}
	w := On(t, SQLite(t), Options{Profile: "insurance", Wrap: func(tb table.Table) table.Table {
		races.Table = tb
		return races
	}})
	w.Customer("alpha")
	w.Vault.Rotate()
	races.lost.Store(true)
	result, err := w.App.Run(t.Context(), vaultrotate.ID, nil)
	if err != nil || result.(vaultrotate.Result).Resealed == 0 || races.lost.Load() {
		t.Errorf("rotated %+v, %v", result, err)
	}
}

// racing is a table at which the next write loses a race.
type racing struct {
	table.Table
	lost atomic.Bool
}

func (r *racing) Transact(ctx context.Context, ops ...table.Op) error {
	if r.lost.Swap(false) {
		return table.ErrContended
	}
	return r.Table.Transact(ctx, ops...)
}
