package user

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/sheet"
)

// Export makes a spreadsheet of the list.
func Export() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-export", Method: http.MethodGet, Path: "/v1/organizations/{org}/users/export", Status: http.StatusOK,
		Summary: "Makes a spreadsheet of the users that the same filters list, in the same order, and a link by which it is fetched. It is in the audit log.",
		Access:  endpoint.Right(domain.RightExportUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.QueryNames, endpoint.WriteItems, endpoint.CheckItems, endpoint.WriteFiles},
		Secret:  true, // the link
		Whole:   true,
		Errors:  []*domain.Error{domain.ErrThrottled, domain.ErrTooMuch},
	}, func(in *exportRequest, want *domain.Want) {
		in.want(want)
		want.ForExport()
	}, export)
}

type exportRequest struct {
	Org domain.OrganizationID `path:"org" json:"-"`
	filters
	Format   sheet.Format    `query:"format" json:"-" enum:"xlsx,csv" description:"xlsx by default. CSV is UTF-8 with a byte order mark and semicolons."`
	Language domain.Language `query:"language" json:"-" enum:"fi,sv,nb,en" description:"Of headings and values; the caller's by default."`
}

func (in *exportRequest) Read(p *domain.Profile, faults *domain.Faults) {
	in.read(p, faults)
	in.Language = body.Language(in.Language, "", p, "?language", faults)
	in.Format = cmp.Or(in.Format, sheet.XLSX)
	if in.Format != sheet.XLSX && in.Format != sheet.CSV {
		faults.Add("?format", "value-unknown", "Use xlsx or csv.")
	}
}

type exportResponse struct {
	URL       string       `json:"url" format:"uri" description:"Opens the file, to whoever has it, until it expires."`
	ExpiresAt time.Time    `json:"expiresAt"`
	Count     int          `json:"count" description:"Of users in the file."`
	Format    sheet.Format `json:"format" enum:"xlsx,csv"`
}

func export(ctx context.Context, call *endpoint.Call, in *exportRequest) (out exportResponse, err error) {
	if err := call.Change.BeginExport(call.Scene); err != nil {
		return out, err
	}
	f, err := in.finder(ctx, call)
	if err != nil {
		return out, err
	}
	list, err := in.sorted(ctx, call, f)
	if err != nil {
		return out, err
	}
	if len(list) > domain.MaxExport {
		return out, domain.ErrTooMuch
	}
	homes, err := homeNames(ctx, call, list)
	if err != nil {
		return out, err
	}
	file, err := os.CreateTemp("", "export-")
	if err != nil {
		return out, fmt.Errorf("export: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close(), os.Remove(file.Name())) }()
	if err := in.write(file, call, list, homes); err != nil {
		return out, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return out, fmt.Errorf("export: %w", err)
	}
	call.Change.RecordExport(call.Scene, string(in.Format), in.used(), len(list))
	name := "users-" + string(domain.Today(call.Now(), call.Scene.Organization.Zone())) + "." + string(in.Format)
	out = exportResponse{Count: len(list), Format: in.Format}
	out.URL, out.ExpiresAt, err = call.Files.Put(ctx, name, in.Format.ContentType(), file)
	return out, err
}

// homeNames are the names of the organizations that keep the users' details.
func homeNames(ctx context.Context, call *endpoint.Call, list []placed) (map[domain.OrganizationID]string, error) {
	here := call.Scene.Organization
	names := map[domain.OrganizationID]string{here.ID: here.Name}
	var want domain.Want
	read := func() error {
		s, err := call.Store.Load(ctx, want)
		if err != nil {
			return err
		}
		for id, org := range s.Organizations {
			names[id] = org.Name
		}
		want.Organizations = nil
		return nil
	}
	for _, m := range list {
		if _, known := names[m.Home]; known {
			continue
		}
		names[m.Home] = string(m.Home) // if it is gone
		if want.Organizations = append(want.Organizations, m.Home); len(want.Organizations) == domain.MaxPlaces {
			if err := read(); err != nil {
				return nil, err
			}
		}
	}
	if len(want.Organizations) == 0 {
		return names, nil
	}
	return names, read()
}

// write writes the list as a table, row by row.
func (in *exportRequest) write(to io.Writer, call *endpoint.Call, list []placed, homes map[domain.OrganizationID]string) error {
	catalog, err := sheetCatalog()
	if err != nil {
		return err
	}
	w := words{language: in.Language, catalog: catalog, profile: call.Profile}
	if w.language == "" {
		if w.language = call.Caller().Person.Language; !call.Profile.Speaks(w.language) {
			w.language = call.Profile.DefaultLanguage()
		}
	}
	zone := call.Scene.Organization.Zone()
	t := sheet.Table{
		Name: w.text("sheet"), At: call.Now(), Rows: len(list),
		Origin: strings.Join([]string{call.Now().In(zone).Format("2006-01-02 15:04 -07:00"), string(in.Org), string(call.Caller().Person.ID), call.Change.RequestID}, " · "),
	}
	for _, c := range exported {
		t.Columns = append(t.Columns, sheet.Column{Heading: w.heading(c.key), Kind: c.kind, Width: c.width})
	}
	open := call.Workbook
	if in.Format == sheet.CSV {
		open = sheet.WriteCSV
	}
	out, err := open(to, t)
	if err != nil {
		return err
	}
	cells := make([]sheet.Cell, len(exported))
	for _, m := range list {
		for i, c := range exported {
			cells[i] = w.cell(c.key, m.Membership, m.Status(call.Profile, call.Now(), zone), homes[m.Home], zone)
		}
		if err := out.Row(cells); err != nil {
			return errors.Join(err, out.Close())
		}
	}
	return out.Close()
}

// cell is what a column tells of a user.
func (w words) cell(c columnKey, m *domain.Membership, status domain.Status, home string, zone *time.Location) sheet.Cell {
	text := func(s string) sheet.Cell { return sheet.Cell{Text: s} }
	moment := func(t time.Time) sheet.Cell {
		if t.IsZero() {
			return sheet.Cell{}
		}
		return sheet.Cell{Time: t.In(zone)}
	}
	day := func(d domain.Date) sheet.Cell {
		t, _ := time.Parse(time.DateOnly, string(d)) // zero for none
		return sheet.Cell{Time: t}
	}
	switch c {
	case colFamilyName:
		return text(m.FamilyName)
	case colGivenName:
		return text(m.GivenName)
	case colEmail:
		return text(string(m.Email))
	case colPhone:
		return text(m.Phone)
	case colKind:
		return text(w.text("kind." + string(m.Kind)))
	case colHome:
		return text(home)
	case colRoles:
		return text(w.roles(m.Roles))
	case colAssigned:
		return text(w.roles(m.AssignedRoles()))
	case colStatus:
		return text(w.text("status." + string(status)))
	case colValidFrom:
		return day(m.Validity.From)
	case colValidTo:
		return day(m.Validity.To)
	case colDefaultTask:
		return text(m.DefaultTask)
	case colActivated:
		return moment(m.ActivatedAt)
	case colLastSignIn:
		return moment(m.LastSignInAt)
	case colCreated:
		return moment(m.CreatedAt)
	}
	panic("no cell for the column " + c)
}

// used tells which filters there are, for the audit log: what was looked for in
// a name, an address or a number could tell of somebody and is left out.
func (in *filters) used() string {
	var all []string
	note := func(name, value string, told bool) {
		switch {
		case value == "":
		case told:
			all = append(all, name+"="+value)
		default:
			all = append(all, name)
		}
	}
	note("q", in.Text, false)
	note("name", in.Name, false)
	note("email", in.Email, false)
	note("phone", in.Phone, false)
	note("role", string(in.Role), true)
	note("emailUndeliverable", in.Undeliverable, true)
	for _, right := range in.Rights {
		note("right", string(right), true)
	}
	note("resource", string(in.Resource), true)
	note("homeOrganization", string(in.Home), true)
	note("kind", string(in.Kind), true)
	note("status", string(in.Status), true)
	note("signedInSince", in.SignedInSince, true)
	note("notSignedInSince", in.NotSignedInSince, true)
	note("sort", in.Sort, true)
	return strings.Join(all, " ")
}
