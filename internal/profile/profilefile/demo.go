package profilefile

import (
	"fmt"
	"slices"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mailaddr"
)

// demo is how the demo data is written.
type demo struct {
	Organizations []demoOrganization `json:"organizations"`
}

type demoOrganization struct {
	Name          string          `json:"name"`
	Country       domain.Country  `json:"country"`
	BusinessID    string          `json:"businessId"`
	Language      domain.Language `json:"language"`
	Administrator demoPerson      `json:"administrator"`
}

type demoPerson struct {
	GivenName  string          `json:"givenName"`
	FamilyName string          `json:"familyName"`
	Email      string          `json:"email"`
	Language   domain.Language `json:"language"`
}

// ParseDemo reads the demo data of a profile: customers to fill an empty local
// store with, business ids and addresses in their canonical form. file is the
// name that the faults begin with; with faults there are no customers.
func ParseDemo(file string, data []byte, p *domain.Profile) ([]domain.Customer, Faults) {
	var d demo
	r := newReader(file)
	r.read(data, &d)
	var customers []domain.Customer
	for i, o := range d.Organizations {
		customers = append(customers, r.customer(fmt.Sprintf("/organizations/%d", i), o, p))
	}
	r.unique(customers)
	if faults := r.sorted(); len(faults) > 0 {
		return nil, faults
	}
	return customers, nil
}

func (r *reader) customer(pointer string, o demoOrganization, p *domain.Profile) domain.Customer {
	id, ok := domain.CheckBusinessID(o.Country, o.BusinessID)
	switch {
	case !o.Country.Known():
		r.judge(pointer+"/country", fmt.Sprintf("unknown country %q", o.Country))
	case !ok:
		r.judge(pointer+"/businessId", fmt.Sprintf("%q is no business id of %s", o.BusinessID, o.Country))
	}
	r.text(pointer+"/name", o.Name)
	r.language(pointer+"/language", o.Language, p)

	a := o.Administrator
	pointer += "/administrator"
	r.text(pointer+"/givenName", a.GivenName)
	r.text(pointer+"/familyName", a.FamilyName)
	r.language(pointer+"/language", a.Language, p)
	email, err := mailaddr.Parse(a.Email)
	if err != nil {
		r.judge(pointer+"/email", fmt.Sprintf("%q: %v", a.Email, err))
	}
	return domain.Customer{
		Name: o.Name, Country: o.Country, BusinessID: id, Language: o.Language,
		Administrator: domain.Card{GivenName: a.GivenName, FamilyName: a.FamilyName, Email: email, Language: a.Language},
	}
}

func (r *reader) text(pointer, s string) {
	if s == "" {
		r.judge(pointer, "this is empty")
	}
}

func (r *reader) language(pointer string, l domain.Language, p *domain.Profile) {
	if !p.Speaks(l) {
		r.judge(pointer, fmt.Sprintf("the profile does not have the language %q", l))
	}
}

// unique demands what the store will demand.
func (r *reader) unique(customers []domain.Customer) {
	for i, c := range customers {
		pointer := fmt.Sprintf("/organizations/%d", i)
		if c.BusinessID != "" && slices.ContainsFunc(customers[:i], func(b domain.Customer) bool {
			return b.Country == c.Country && b.BusinessID == c.BusinessID
		}) {
			r.judge(pointer+"/businessId", fmt.Sprintf("there already is an organization with %q", c.BusinessID))
		}
		email := c.Administrator.Email
		if email != "" && slices.ContainsFunc(customers[:i], func(b domain.Customer) bool { return b.Administrator.Email == email }) {
			r.judge(pointer+"/administrator/email", fmt.Sprintf("there already is a person with %q", email))
		}
	}
}
