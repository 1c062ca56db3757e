package access

import (
	"encoding/json"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// page asks for a part of what there is to find.
type page struct {
	Token string `json:"token,omitzero" description:"The next_token of the page before. The rest of the request must be as it was; limit may be left out."`
	Limit *int   `json:"limit,omitempty" minimum:"0" default:"50" description:"How many results at most, and never more than 200. A page can have fewer, or none, and not be the last."`
}

func (p *page) check(faults *domain.Faults) {
	if p != nil && p.Limit != nil && *p.Limit < 0 {
		faults.Add("/page/limit", "value-invalid", "Ask for no fewer than 0 results.")
	}
}

// nextPage says how a search goes on.
type nextPage struct {
	Token string `json:"next_token" description:"The page.token of the next page; empty: there is none."`
	Count int    `json:"count" description:"How many results this page has."`
}

// position is how far a search has come, which a token seals. A search looks
// first into the organization that is asked about, and then into others, one
// after the other.
type position struct {
	Limit  int    // of the results of a page, and of the candidates that are read for it
	Beyond bool   // among the others
	Others string // where their list has come to
	After  string // where the list in the organization has come to
	Done   bool
}

// resume is where a search for what is asked begins, or goes on.
func (p *page) resume(call *endpoint.Call, asked ...any) (position, error) {
	text, err := json.Marshal(asked)
	if err != nil {
		return position{}, err
	}
	call.Question = string(text)
	at := position{Limit: endpoint.DefaultLimit}
	if p == nil {
		return at, nil
	}
	if p.Limit != nil {
		at.Limit = min(*p.Limit, endpoint.MaxLimit)
	}
	if p.Token == "" {
		return at, nil
	}
	var was position
	after, err := call.After(p.Token)
	if err == nil {
		err = json.Unmarshal([]byte(after), &was)
	}
	if err != nil || p.Limit != nil && was.Limit != at.Limit {
		return position{}, domain.Fault("/page/token", "cursor-invalid", "The token is not one of this search's.")
	}
	return was, nil
}

// next seals the position for the page behind one of so many results.
func (at position) next(call *endpoint.Call, results int) (nextPage, error) {
	out := nextPage{Count: results}
	if at.Done {
		return out, nil
	}
	text, err := json.Marshal(at)
	if err != nil {
		return out, err
	}
	out.Token, err = call.Next(string(text))
	return out, err
}
