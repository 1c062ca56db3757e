package bootstrap

import (
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/table/tabletest"
)

var now = time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)

func deps(t *testing.T, plan func(tabletest.Call) tabletest.Fault) (job.Deps, *tabletest.Counter) {
	t.Helper()
	tb, err := sqlitetable.Open(sqlitetable.Memory)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { tb.Close() })
	p, err := profile.Load("rental")
	if err != nil {
		t.Fatal(err)
	}
	var in table.Table = tb
	if plan != nil {
		in = tabletest.Inject(in, plan)
	}
	counter := tabletest.Count(in)
	return job.Deps{Store: store.New(counter), Profile: p, Clock: func() time.Time { return now }, Log: slog.New(slog.DiscardHandler)}, counter
}

const good = `{"operatorName":"Example Portal","operatorEmail":"Operator@Example.com","operatorLanguage":"sv"}`

func TestEventFaults(t *testing.T) {
	t.Parallel()
	d, counter := deps(t, nil)
	for event, says := range map[string]string{
		``:                                  "",
		`[]`:                                "",
		`{}`:                                "operatorEmail",
		`null`:                              "operatorEmail",
		`{"operatorName":"Example Portal"}`: "operatorEmail",
		`{"operatorName":"Example Portal","operatorEmail":"operator"}`:                                          "operatorEmail",
		`{"operatorName":"Example Portal","operatorEmail":"a@example.com,b@example.com"}`:                       "operatorEmail",
		`{"operatorName":7,"operatorEmail":"operator@example.com"}`:                                             "operatorName",
		`{"operatorEmail":"operator@example.com"}`:                                                              "operatorName",
		`{"operatorName":"Example Portal","operatorEmail":"operator@example.com","operatorLanguage":"de"}`:      "operatorLanguage",
		`{"operatorName":"Example Portal","operatorEmail":"operator@example.com","operatorLanguage":"Finnish"}`: "operatorLanguage",
	} {
		if _, err := Job().Run(t.Context(), d, json.RawMessage(event)); !errors.Is(err, job.ErrEvent) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", event, err)
		}
	}
	if counter.Counts() != (tabletest.Counts{}) {
		t.Errorf("%+v", counter.Counts())
	}
}

func TestBootstrap(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name, event string
		language    domain.Language
	}{
		{"in a language", good, "sv"},
		{"in the profile's", strings.Replace(good, `,"operatorLanguage":"sv"`, "", 1), "fi"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			d, counter := deps(t, nil)
			if got, err := Job().Run(t.Context(), d, json.RawMessage(test.event)); err != nil || got != (Result{Made: true}) {
				t.Fatalf("%v, %v", got, err)
			}
			scene, err := d.Store.Load(t.Context(), domain.Want{Organization: domain.OperatorID, Email: "operator@example.com", Signing: true, Administrators: true})
			if err != nil || scene.Organization == nil || scene.Organization.Name != "Example Portal" || scene.EmailClaim == nil || scene.Signing == nil ||
				len(scene.Administrators.Seats) != 1 || scene.Administrators.Seats[0].Person != scene.EmailClaim.Person {
				t.Fatalf("%+v, %v", scene, err)
			}
			admin, err := d.Store.Person(t.Context(), scene.EmailClaim.Person)
			if err != nil || admin.Language != test.language || admin.PasswordHash != "" {
				t.Errorf("%+v, %v", admin, err)
			}
			mails, err := d.Store.MailsTo(t.Context(), admin.ID, domain.PageRequest{Limit: 10})
			if err != nil || len(mails.Items) != 1 || mails.Items[0].Kind != domain.MailActivation || !mails.Items[0].Due(now) {
				t.Errorf("%+v, %v", mails.Items, err)
			}

			// Once more, for whoever else: nothing is done.
			counter.Reset()
			other := strings.ReplaceAll(good, "Operator@", "other@")
			if got, err := Job().Run(t.Context(), d, json.RawMessage(other)); err != nil || got != (Result{}) || counter.Counts().Transacts > 0 {
				t.Errorf("%v, %v, %+v", got, err, counter.Counts())
			}
		})
	}
}

// Two at the same time: one of them fills the store.
func TestBootstrapLoses(t *testing.T) {
	t.Parallel()
	d, _ := deps(t, tabletest.On(tabletest.Transact, 1, tabletest.Fault{Before: table.ErrContended}))
	if _, err := Job().Run(t.Context(), d, json.RawMessage(good)); !errors.Is(err, domain.ErrContended) {
		t.Errorf("got %v", err)
	}
	down, _ := deps(t, func(tabletest.Call) tabletest.Fault { return tabletest.Down })
	if _, err := Job().Run(t.Context(), down, json.RawMessage(good)); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
