package domain_test

import (
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func TestServiceTokenIsTakenApart(t *testing.T) {
	t.Parallel()
	service, token := domain.CreateService(domain.NewChange(domain.Actor{}, noon, ""), domain.NewService{Name: "A shop"})
	text := token.String()
	if parsed, ok := domain.ParseServiceToken(text); !ok || parsed != token || parsed.ID != service.ID {
		t.Errorf("%+v, %v", parsed, ok)
	}
	_, session := domain.NewChange(domain.Actor{}, noon, "").Open(&domain.Person{ID: domain.NewPersonID(), Home: domain.OperatorID}, "")
	id := strings.TrimPrefix(string(service.ID), "svc_")
	for name, text := range map[string]string{
		"nothing": "", "the prefix": "fmc_", "a session's": session.String(), "a session's prefix": "fms_" + strings.TrimPrefix(text, "fmc_"),
		"one character short": text[:len(text)-1], "one more": text + "A", "no id": "fmc_" + strings.Repeat("u", 26) + text[30:],
		"an id too large": "fmc_8" + text[5:], "capitals": strings.ToUpper(text), "a space before": " " + text, "only the id": "fmc_" + id,
		"the id as it is shown": string(service.ID) + text[30:],
	} {
		if parsed, ok := domain.ParseServiceToken(text); ok || parsed != (domain.ServiceToken{}) {
			t.Errorf("%s: %+v", name, parsed)
		}
	}
}

// A service client shows the one token it was given, does what it was made for,
// and nothing once it is revoked. The token is kept nowhere.
func TestXA18_ServiceClients(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	operator := w.operator()
	make := func(in domain.NewService) (service *domain.ServiceClient, token domain.ServiceToken) {
		t.Helper()
		err := w.request(operator, domain.Want{}, func(c *domain.Change, _ *domain.Scene) error {
			service, token = domain.CreateService(c, in)
			return nil
		})
		w.is("made", err, nil)
		return service, token
	}
	one, token := make(domain.NewService{Name: "A shop", Scopes: []domain.ServiceScope{domain.MayEvaluate}, Rights: keys("order")})
	two, other := make(domain.NewService{Name: "Search", Scopes: domain.ServiceScopes})
	revoke := func(id domain.ServiceID) error {
		return w.request(operator, domain.Want{Service: id}, domain.RevokeService)
	}
	ask := func(token domain.ServiceToken, scope domain.ServiceScope) error {
		c := domain.NewChange(domain.Actor{Type: domain.ByPublic}, w.now, "")
		err := domain.AuthenticateService(w.load(domain.Want{Service: token.ID}), token, scope, c)
		if want := (domain.Actor{Type: domain.ByService, ID: string(token.ID)}); (c.Actor == want) != (err == nil) {
			t.Errorf("%v: the actor is %+v", err, c.Actor)
		}
		return err
	}
	swapped, ok := domain.ParseServiceToken("fmc_" + strings.TrimPrefix(string(one.ID), "svc_") + other.String()[30:])
	if !ok {
		t.Fatal("no token")
	}
	unknown := other
	unknown.ID = domain.NewServiceID(noon)
	w.is("to evaluate", ask(token, domain.MayEvaluate), nil)
	w.is("to search, which it may not", ask(token, domain.MaySearch), domain.ErrForbidden)
	w.is("the other, to search", ask(other, domain.MaySearch), nil)
	w.is("one's id with the other's secret", ask(swapped, domain.MayEvaluate), domain.ErrUnauthenticated)
	w.is("one that is not there", ask(unknown, domain.MayEvaluate), domain.ErrUnauthenticated)
	w.is("no scope at all", ask(other, ""), domain.ErrForbidden)
	for right, want := range map[domain.RightKey]bool{"order": true, "report": false} {
		if one.MayAsk(right) != want || !two.MayAsk(right) {
			t.Errorf("may ask about %s: %v, %v", right, one.MayAsk(right), two.MayAsk(right))
		}
	}
	if strings.Contains(one.Hash, token.String()[30:]) || one.Hash == two.Hash || len(one.Hash) != 64 {
		t.Errorf("hashes %s and %s", one.Hash, two.Hash)
	}

	w.is("revoked", revoke(one.ID), nil)
	w.is("once revoked", ask(token, domain.MayEvaluate), domain.ErrUnauthenticated)
	w.is("once revoked, what it never could", ask(token, domain.MaySearch), domain.ErrUnauthenticated)
	w.is("revoked again", revoke(one.ID), domain.ErrNotFound)
	w.is("none revoked", revoke(domain.NewServiceID(noon)), domain.ErrNotFound)
	w.is("the other one still", ask(other, domain.MaySearch), nil)
	if got := len(w.audit(domain.OperatorID)); got != 3 {
		t.Errorf("%d audit entries", got)
	}
}
