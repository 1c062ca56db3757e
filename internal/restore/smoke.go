package restore

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mail/filemail"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
)

// Smoke asks the endpoints, in this process, for what a portal asks for first, and
// returns what it asked. It signs nobody in: the sessions that it has are of its
// own making, and what is written by it never reaches the table.
type Smoke struct {
	Table   table.Table
	Profile *domain.Profile
	Hasher  domain.Hasher
	Vault   domain.Vault
	Now     time.Time
}

// asked is one request with the status that has to come.
type asked struct {
	what, method, path, token, body string
	status                          int
}

// Run tries everything; the error joins all that went wrong.
func (s Smoke) Run(ctx context.Context) (tried []string, err error) {
	over := &overlay{Table: s.Table, written: map[table.Key]*table.Item{}}
	mailbox, err := filemail.New("")
	if err != nil {
		return nil, err
	}
	app := localapp.New(localapp.Config{
		Table: over, Profile: s.Profile, Hasher: s.Hasher, Vault: s.Vault, Mailbox: mailbox, LinkKey: make([]byte, 32), PortalURL: "https://portal.invalid",
		Operator: "Restore", Log: slog.New(slog.DiscardHandler), Clock: func() time.Time { return s.Now },
	})
	requests, err := s.requests(ctx, over)
	if err != nil {
		return nil, err
	}
	var wrong []error
	for _, a := range requests {
		status, err := ask(ctx, app.Handler(), a)
		if err == nil && status != a.status {
			err = fmt.Errorf("answers %d, not %d", status, a.status)
		}
		if err != nil {
			wrong = append(wrong, fmt.Errorf("smoke test: %s: %w", a.what, err))
		}
		tried = append(tried, fmt.Sprintf("%s: %d", a.what, status))
	}
	return tried, errors.Join(wrong...)
}

// requests are what is asked, by whom there is.
func (s Smoke) requests(ctx context.Context, over table.Table) ([]asked, error) {
	st := store.New(over)
	operator, err := s.signIn(ctx, st, domain.OperatorID)
	if err != nil {
		return nil, fmt.Errorf("smoke test: nobody can run the portal: %w", err)
	}
	ghost := domain.NewChange(Actor, s.Now, Actor.ID)
	_, stranger := ghost.Open(&domain.Person{ID: domain.NewPersonID(), Home: domain.OperatorID}, "smoke") // which is stored nowhere
	nobody := `{"email":"nobody-` + strings.ToLower(string(domain.NewPersonID())) + `@example.com"`
	all := []asked{
		{"the portal's profile", "GET", "/v1/profile", "", "", http.StatusOK},
		{"a made-up session", "GET", "/v1/me", stranger.String(), "", http.StatusUnauthorized},
		{"no session", "GET", "/v1/organizations", "", "", http.StatusUnauthorized},
		{"a password reset of an unknown address", "POST", "/v1/password-resets", "", nobody + `}`, http.StatusAccepted},
		{"a sign-in with an unknown address", "POST", "/v1/sessions", "", nobody + `,"password":"not a password"}`, http.StatusUnauthorized},
		{"the operator's list of organizations", "GET", "/v1/organizations", operator.String(), "", http.StatusOK},
		{"the operator's audit", "GET", "/v1/organizations/" + string(domain.OperatorID) + "/audit", operator.String(), "", http.StatusOK},
		{"the operator themselves", "GET", "/v1/me", operator.String(), "", http.StatusOK},
	}
	org, token, err := s.somebody(ctx, st)
	if err != nil || org == "" {
		return all, err
	}
	return append(
		all,
		asked{"an administrator's list of users", "GET", "/v1/organizations/" + string(org) + "/users", token.String(), "", http.StatusOK},
		asked{"another organization's users", "GET", "/v1/organizations/" + string(domain.OperatorID) + "/users", token.String(), "", http.StatusNotFound},
	), nil
}

// signIn makes a session of one who administers an organization. Where nobody has
// accepted yet, the first who was invited has, as far as this is concerned.
func (s Smoke) signIn(ctx context.Context, st *store.Store, org domain.OrganizationID) (token domain.SessionToken, err error) {
	scene, err := st.Load(ctx, domain.Want{Organization: org, Administrators: true})
	if err != nil {
		return token, err
	}
	if scene.Organization == nil || len(scene.Administrators.Seats) == 0 {
		return token, errors.New("there is no organization, or nobody administers it")
	}
	// Those who have accepted first.
	seats := slices.SortedStableFunc(slices.Values(scene.Administrators.Seats), func(a, b domain.Seat) int {
		return cmp.Compare(rank(a), rank(b))
	})
	for _, seat := range seats {
		user, err := st.Load(ctx, domain.Want{Organization: org, User: seat.Person})
		if err != nil {
			return token, err
		}
		if user.Membership == nil || user.User == nil {
			continue
		}
		m, c := *user.Membership, domain.NewChange(Actor, s.Now, Actor.ID)
		if m.ActivatedAt.IsZero() {
			m.ActivatedAt = s.Now
			c.Put(&m)
			c.Record(org, domain.UserActivated, aboutUser(m.Person))
		}
		if !(domain.Place{Membership: &m, Organization: user.Organization}).Lets(s.Profile, s.Now) {
			continue
		}
		p := *user.User
		p.Home = org // which its token names
		_, token = c.Open(&p, "smoke")
		return token, st.Commit(ctx, c)
	}
	return token, errors.New("nobody can")
}

func rank(s domain.Seat) int {
	if s.Activated {
		return 0
	}
	return 1
}

// somebody administers a customer and does not run the portal; none: an empty organization.
func (s Smoke) somebody(ctx context.Context, st *store.Store) (domain.OrganizationID, domain.SessionToken, error) {
	page, err := st.Organizations(ctx, domain.PageRequest{Limit: 100})
	if err != nil {
		return "", domain.SessionToken{}, err
	}
	for _, o := range page.Items {
		if o.ID == domain.OperatorID || o.Suspended || o.Unclaimed {
			continue
		}
		if token, err := s.signIn(ctx, st, o.ID); err == nil {
			return o.ID, token, nil
		}
	}
	return "", domain.SessionToken{}, nil
}

// ask sends one request to the handler.
func ask(ctx context.Context, h http.Handler, a asked) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, a.method, "http://127.0.0.1"+a.path, strings.NewReader(a.body))
	if err != nil {
		return 0, err
	}
	r.RemoteAddr = "127.0.0.1:1"
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if a.token != "" {
		r.Header.Set("Authorization", "Bearer "+a.token)
	}
	w := &answer{header: http.Header{}, status: http.StatusOK}
	h.ServeHTTP(w, r)
	if w.status == http.StatusOK && !json.Valid(w.body.Bytes()) {
		return w.status, errors.New("answers something else than JSON")
	}
	return w.status, nil
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

var _ io.Writer = (*answer)(nil)

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) WriteHeader(status int)      { a.status = status }
func (a *answer) Write(p []byte) (int, error) { return a.body.Write(p) }

// overlay is a table under which nothing changes: what is written stays in it.
type overlay struct {
	table.Table

	mu      sync.Mutex
	written map[table.Key]*table.Item // nil: taken away
}

// Get implements table.Table.
func (o *overlay) Get(ctx context.Context, keys ...table.Key) (map[table.Key]table.Item, error) {
	found, err := o.Table.Get(ctx, keys...)
	if err != nil {
		return nil, err
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, key := range keys {
		switch item, is := o.written[key]; {
		case is && item == nil:
			delete(found, key)
		case is:
			found[key] = *item
		}
	}
	return found, nil
}

// Transact implements table.Table.
func (o *overlay) Transact(ctx context.Context, ops ...table.Op) error {
	if err := table.CheckTransact(ops); err != nil {
		return err
	}
	keys := make([]table.Key, len(ops))
	for i, op := range ops {
		keys[i] = op.Item.Key
	}
	found, err := o.Get(ctx, keys...)
	if err != nil {
		return err
	}
	var unmet []int
	for i, op := range ops {
		if !op.If.Holds(found[op.Item.Key].Version) {
			unmet = append(unmet, i)
		}
	}
	if len(unmet) > 0 {
		return &table.ConditionError{Ops: unmet}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, op := range ops {
		switch op.Kind {
		case table.OpPut:
			item := op.Item
			o.written[item.Key] = &item
		case table.OpDelete:
			o.written[op.Item.Key] = nil
		}
	}
	return nil
}
