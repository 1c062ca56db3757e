package apitest

import (
	"errors"
	"net/http"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/seed"
	"github.com/fullmakt/fullmakt/internal/store"
)

// What is made past the use cases is as they would have left it: it is listed and
// counted, its administrators sign in and administer, every user can be shown
// and changed, in every profile.
func TestSeededStores(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"rental", "telecom", "public-sector", "insurance", "construction"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			w := With(t, profile)
			hash, err := w.Hasher.Hash(Password)
			if err != nil {
				t.Fatal(err)
			}
			s := store.New(w.Base)
			o := seed.Options{Users: 300, Organizations: 3, Hash: hash, Now: w.Now()}
			made, err := seed.Fill(t.Context(), s, w.Profile, o)
			if err != nil || len(made) != 3 {
				t.Fatalf("%+v, %v", made, err)
			}
			partners, states := 0, map[any]int{}
			for _, m := range made {
				c := Customer{ID: string(m.ID), Token: w.SignIn(string(m.Administrator), Password)}
				users := 0
				for cursor := ""; ; {
					a := w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users?limit=200" + cursor), Token: c.Token})
					for _, item := range a.Items() {
						u := item.(Object)
						users++
						states[u["status"]]++
						if u["kind"] == "partner" {
							partners++
						}
						if users%10 == 0 {
							w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + u["id"].(string)), Token: c.Token})
							w.Want(http.StatusOK, Request{Method: "GET", Path: c.Path("/users/" + u["id"].(string) + "/access"), Token: c.Token})
						}
					}
					if a.Text("next") == "" {
						break
					}
					cursor = "&cursor=" + a.Text("next")
				}
				removed, err := s.Removed(t.Context(), m.ID, domain.PageRequest{Limit: 200})
				if err != nil {
					t.Fatal(err)
				}
				if all, err := s.AllUsers(t.Context(), m.ID); err != nil || len(all) != m.Users || users+len(removed.Items) != m.Users {
					t.Errorf("%d users, %d removed, %d in all, of %d: %v", users, len(removed.Items), len(all), m.Users, err)
				}
			}
			if (partners > 0) != w.Profile.Policies.Partners {
				t.Errorf("%d partners", partners)
			}
			for _, state := range []string{"active", "invited", "locked"} {
				if states[state] == 0 {
					t.Errorf("nobody is %s: %v", state, states)
				}
			}
			// The rules hold as they do of what the API has made.
			c := Customer{ID: string(made[0].ID), Token: w.SignIn(string(made[0].Administrator), Password), AdminEmail: string(made[0].Administrator)}
			me := w.Want(http.StatusOK, Request{Method: "GET", Path: "/v1/me", Token: c.Token}).Text("id")
			w.Want(http.StatusNoContent, w.erase(User{ID: me})) // there are others
			w.seal()
			for _, m := range made {
				if check := w.verify(string(m.ID), domain.AuditAnchor{}); len(check.Findings) != 0 || check.Unsealed != 0 || check.Chain.Entries < 100 {
					t.Errorf("%+v", check)
				}
			}
			if _, err := seed.Fill(t.Context(), s, w.Profile, o); !errors.Is(err, seed.ErrThere) {
				t.Errorf("once more: %v", err)
			}
		})
	}
}
