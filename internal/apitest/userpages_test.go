package apitest

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"testing"
)

// Whoever stays as they are is on exactly one of the pages, in whichever order
// they are read, while others come, go, are renamed and sign in between them.
func TestPagesWhileUsersComeAndGo(t *testing.T) {
	t.Parallel()
	f := fixtureOf(t, 600)
	random := rand.New(rand.NewPCG(1, 2))
	added := 0
	for _, way := range []string{"sort=name", "sort=-name", "sort=lastSignInAt", "sort=-lastSignInAt", "sort=email&kind=own", "q=a"} {
		stays, seen := map[string]bool{}, map[string]int{}
		ids := f.ids(way + "&limit=200")
		for _, id := range ids {
			stays[id] = true
		}
		gone, pages := map[string]bool{}, 0
		for cursor := ""; ; pages++ {
			page := f.ask("/users?limit=20&" + way + cursor)
			for _, item := range page.Items() {
				id := item.(Object)["id"].(string)
				seen[id]++
				if gone[id] {
					t.Errorf("%s: %s is removed and on page %d", way, id, pages)
				}
			}
			if page.Text("next") == "" {
				break
			}
			cursor = "&cursor=" + url.QueryEscape(page.Text("next"))

			some := func() User { // who has not changed yet, and does now
				for {
					id := ids[random.IntN(len(ids))]
					if stays[id] && id != f.AdminID {
						stays[id] = false
						return User{ID: id, Path: f.Path("/users/" + id)}
					}
				}
			}
			// The one that the cursor stands on as well.
			last := page.Items()[len(page.Items())-1].(Object)
			if id := last["id"].(string); pages%3 == 0 && stays[id] && id != f.AdminID {
				stays[id], gone[id] = false, true
				f.Want(http.StatusNoContent, Request{Method: "DELETE", Path: f.Path("/users/" + id), Token: f.Token})
			}
			renamed, removed := some(), some()
			name := []string{"Aaa", "Mmm", "Ööö"}[pages%3]
			f.Want(http.StatusOK, f.Edit("PATCH", renamed.Path, "", f.Token, Object{"familyName": name}))
			gone[removed.ID] = true
			f.Want(http.StatusNoContent, Request{Method: "DELETE", Path: removed.Path, Token: f.Token})
			added++
			f.InviteWith(f.Customer, fmt.Sprintf("added.%d@alpha.example", added), Object{"familyName": name, "roles": []string{"report-reader"}})
			if u := f.Want(http.StatusOK, Request{Method: "GET", Path: some().Path, Token: f.Token}); u.Text("status") == "active" {
				f.SignIn(u.Text("email"), Password)
			}
		}
		stayed := 0
		for id, same := range stays {
			if !same {
				continue
			}
			stayed++
			if seen[id] != 1 {
				t.Errorf("%s: %s stayed and is on %d pages", way, id, seen[id])
			}
		}
		if stayed < 100 || pages < 10 {
			t.Errorf("%s: %d stayed, %d pages", way, stayed, pages)
		}
	}
}

// ids are those of a list, all pages of it.
func (f *fixture) ids(query string) (ids []string) {
	f.T.Helper()
	for cursor := ""; ; {
		page := f.ask("/users?" + query + cursor)
		for _, item := range page.Items() {
			ids = append(ids, item.(Object)["id"].(string))
		}
		if page.Text("next") == "" {
			return ids
		}
		cursor = "&cursor=" + url.QueryEscape(page.Text("next"))
	}
}
