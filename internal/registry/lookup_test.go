package registry_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/registrytest"
)

// said is a driver that says what it is told to, and counts how often it is asked.
type said struct {
	company domain.RegisteredCompany
	err     error
	asked   int
	id      string
}

func (s *said) Company(_ context.Context, id string) (*domain.RegisteredCompany, error) {
	s.asked++
	s.id = id
	if s.err != nil {
		return nil, s.err
	}
	c := s.company
	return &c, nil
}

type world struct {
	*registry.Lookup
	driver *said
	cache  *registrytest.Cache
	now    time.Time
	log    strings.Builder
}

func newWorld() *world {
	w := &world{
		driver: &said{company: domain.RegisteredCompany{BusinessID: "99000018", Name: "Keksitty Esimerkki Oy", Status: domain.CompanyActive, Source: "Rekisteri"}},
		cache:  registrytest.NewCache(), now: time.Date(2026, 11, 22, 8, 30, 0, 0, time.UTC),
	}
	w.Lookup = &registry.Lookup{
		Drivers: map[domain.Country]registry.Driver{"FI": w.driver, "AX": w.driver}, Cache: w.cache,
		Clock: func() time.Time { return w.now }, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
	}
	return w
}

func TestB50_NoRegister(t *testing.T) {
	t.Parallel()
	for _, country := range []domain.Country{"SE", "DE", "", "XX", "fi"} {
		w := newWorld()
		if c, err := w.Company(t.Context(), country, "9900001-8"); !errors.Is(err, domain.ErrNoRegistry) || errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%s: %+v, %v", country, c, err)
		}
	}
}

// An id that cannot be right goes nowhere, whatever it would have done there.
func TestXD19_IDsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, id := range []string{
		"", "9900001-7", "../../9900001-8", "9900001-8/../x", "9900001-8?x=1", "9900001-8&name=x", "http://127.0.0.1/", "9900001-8\r\nHost: x",
		"９９００００１-8", strings.Repeat("9", 10_000),
	} {
		if c, err := w.Company(t.Context(), "FI", id); !errors.Is(err, domain.ErrNotFound) {
			t.Errorf("%.40q: %+v, %v", id, c, err)
		}
	}
	if w.driver.asked > 0 || w.cache.Len() > 0 {
		t.Errorf("asked %d times, last for %q", w.driver.asked, w.driver.id)
	}
}

func TestCanonicalID(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for _, country := range []domain.Country{"FI", "AX"} {
		for _, id := range []string{" 99000018", "9900001-8"} {
			c, err := w.Company(t.Context(), country, id)
			want := &domain.RegisteredCompany{
				Country: country, BusinessID: "9900001-8", Name: "Keksitty Esimerkki Oy", Status: domain.CompanyActive, Source: "Rekisteri", FetchedAt: w.now,
			}
			if diff := cmp.Diff(want, c); err != nil || diff != "" || w.driver.id != "9900001-8" {
				t.Errorf("%v (-want +got):\n%s", err, diff)
			}
		}
	}
	if w.driver.asked != 2 {
		t.Errorf("asked %d times, want once per country", w.driver.asked)
	}
}

func TestXD19_AnswersAreKept(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err  error
		hold time.Duration
	}{
		"found":       {nil, registry.KeepFound},
		"unknown":     {domain.ErrNotFound, registry.KeepUnknown},
		"unavailable": {io.ErrUnexpectedEOF, 0},
	} {
		w := newWorld()
		w.driver.err = c.err
		ask := func(asked int) {
			t.Helper()
			company, err := w.Company(t.Context(), "FI", "9900001-8")
			if (err == nil) != (c.err == nil) || w.driver.asked != asked {
				t.Errorf("%s: %+v, %v; the register was asked %d times, want %d", name, company, err, w.driver.asked, asked)
			}
		}
		ask(1)
		if c.hold > 0 {
			began := w.now
			w.now = began.Add(c.hold - time.Second)
			ask(1)
			w.now = began.Add(c.hold)
		}
		ask(2)
	}
}

// When the register did not answer, the company may still be there; who asks
// learns no more of what went wrong.
func TestXF17_Unavailable(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.driver.err = errors.New("the inside of it")
	_, err := w.Company(t.Context(), "FI", "9900001-8")
	if known, ok := errors.AsType[*domain.Error](err); !ok || known.Kind != domain.Unavailable || strings.Contains(known.Detail, "inside") {
		t.Errorf("%#v", err)
	}
	if !strings.Contains(w.log.String(), "the inside of it") || !strings.Contains(w.log.String(), "9900001-8") {
		t.Errorf("the log says %s", w.log.String())
	}
	w.driver.err = nil
	if _, err := w.Company(t.Context(), "FI", "9900001-8"); err != nil {
		t.Error(err)
	}
}

func TestBrokenCacheIsInNobodysWay(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.cache.Fail(errors.New("cache is down"))
	for n := range 2 {
		if c, err := w.Company(t.Context(), "FI", "9900001-8"); err != nil || c.Name != "Keksitty Esimerkki Oy" || w.driver.asked != n+1 {
			t.Errorf("%+v, %v", c, err)
		}
	}
	if n := strings.Count(w.log.String(), "cache is down"); n != 4 {
		t.Errorf("%d lines in the log, want one per failed call:\n%s", n, w.log.String())
	}
}

// What lies in the cache is believed no more than the register itself.
func TestXD19_SpoiledCache(t *testing.T) {
	t.Parallel()
	const key = "FI#9900001-8"
	for _, value := range []string{
		"", "{", "[]", `"x"`, "\xff", `{"company":{"BusinessID":"9900002-6","Name":"Another Oy"}}`,
		`{"company":{"BusinessID":"9900001-8"}}`, `{"company":{"BusinessID":"9900001-8","Name":"<b>Another Oy</b>"}}`,
	} {
		w := newWorld()
		if err := w.cache.Put(t.Context(), key, []byte(value), w.now.Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		if c, err := w.Company(t.Context(), "FI", "9900001-8"); err != nil || c.Name != "Keksitty Esimerkki Oy" || w.driver.asked != 1 {
			t.Errorf("%q: %+v, %v", value, c, err)
		}
		if _, err := w.Company(t.Context(), "FI", "9900001-8"); err != nil || w.driver.asked != 1 {
			t.Errorf("%q was not replaced: %v", value, err)
		}
	}
	w := newWorld()
	if err := w.cache.Put(t.Context(), key, []byte(`{}`), w.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Company(t.Context(), "FI", "9900001-8"); !errors.Is(err, domain.ErrNotFound) {
		t.Errorf("an unknown company that was kept: %v", err)
	}
}

// Who has been answered may change the answer without changing the next one.
func TestAnswersAreTheirOwn(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.driver.company.AddressLines = []string{"Esimerkkikatu 1"}
	for range 3 {
		c, err := w.Company(t.Context(), "FI", "9900001-8")
		if err != nil || c.Name != "Keksitty Esimerkki Oy" || c.AddressLines[0] != "Esimerkkikatu 1" {
			t.Fatalf("%+v, %v", c, err)
		}
		c.Name, c.AddressLines[0] = "Another Oy", "Elsewhere 2"
		w.driver.company.AddressLines = []string{"Esimerkkikatu 1"}
	}
}

// Texts that are not needed are left out when they are not in order.
func TestXD19_OtherTexts(t *testing.T) {
	t.Parallel()
	w := newWorld()
	long := strings.Repeat("x", 100_000)
	w.driver.company = domain.RegisteredCompany{
		BusinessID: "9900001-8", Name: "  Keksitty\tEsimerkki\u00a0Oy ",
		Form:         domain.LegalForm{Code: long, Text: "Osake\u00adyhtiö\n"},
		AddressLines: []string{"", " ", "c/o  X", "<script>", long, "a", "b", "c", "d", "e", "f", "g"},
		PostalCode:   "00100\x00", City: "<b>HELSINKI</b>", Status: "rich", Source: "Rekisteri",
	}
	want := &domain.RegisteredCompany{
		Country: "FI", BusinessID: "9900001-8", Name: "Keksitty Esimerkki Oy", Form: domain.LegalForm{Text: "Osakeyhtiö"},
		AddressLines: []string{"c/o X", "a", "b", "c", "d", "e"}, PostalCode: "00100", Status: domain.CompanyUnknown, Source: "Rekisteri", FetchedAt: w.now,
	}
	for range 2 { // asked, and kept
		c, err := w.Company(t.Context(), "FI", "9900001-8")
		if diff := cmp.Diff(want, c); err != nil || diff != "" {
			t.Errorf("%v (-want +got):\n%s", err, diff)
		}
	}
}

// A register may take its time, but not the caller's.
func TestXD19_Deadline(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.Time = 20 * time.Millisecond
	w.Drivers["FI"] = waiting{}
	if _, err := w.Company(t.Context(), "FI", "9900001-8"); !errors.Is(err, domain.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
	w.Time = 0
	w.Drivers["FI"] = deadline{t: t}
	if _, err := w.Company(t.Context(), "FI", "9900001-8"); !errors.Is(err, domain.ErrNotFound) {
		t.Error(err)
	}
}

type waiting struct{}

func (waiting) Company(ctx context.Context, _ string) (*domain.RegisteredCompany, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// deadline is a driver that looks how much time it has.
type deadline struct{ t *testing.T }

func (d deadline) Company(ctx context.Context, _ string) (*domain.RegisteredCompany, error) {
	if end, ok := ctx.Deadline(); !ok || time.Until(end) > registry.MaxTime || time.Until(end) < registry.MaxTime/2 {
		d.t.Errorf("the deadline is %v, %v", end, ok)
	}
	return nil, domain.ErrNotFound
}
