package user

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/api/body"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/i18n"
	"github.com/fullmakt/fullmakt/internal/sheet"
)

// Import invites many people at once.
func Import() endpoint.Endpoint {
	return endpoint.New(endpoint.Spec{
		ID: "user-import", Method: http.MethodPost, Path: "/v1/organizations/{org}/users/import", Status: http.StatusOK,
		Summary: "Invites the people of a spreadsheet, row by row, or with dryRun tells what would become of each row. An import that breaks off is sent again as it was.",
		Access:  endpoint.Right(domain.RightEditUsers),
		Needs:   []endpoint.Need{endpoint.ReadItems, endpoint.QueryTable, endpoint.WriteItems, endpoint.CheckItems, endpoint.SealFields, endpoint.IndexFields},
		Whole:   true,
	}, func(in *importRequest, want *domain.Want) { in.wants = *want }, importUsers)
}

type importRequest struct {
	Org    domain.OrganizationID `path:"org" json:"-"`
	Format sheet.Format          `json:"format" required:"true" enum:"xlsx,csv" example:"csv"`
	File   string                `json:"file" required:"true" minLength:"1" contentEncoding:"base64" description:"In base64. The first row has headings: the keys familyName, givenName, email, phone, language, roles, resource, validFrom, validTo, defaultTask, subscription, nationalId, or their names in one of the languages, in any order. roles are keys or names, with commas between them; they hold on the resource, a type and the operator's number for it such as worksite:W-1017, or else in the whole organization. nationalId is of the organization's country unless another one stands before it, as in SE:. A cell with a formula is refused. CSV is UTF-8. At most 500 rows."`
	DryRun bool                  `json:"dryRun,omitzero" description:"Nothing is written."`

	wants domain.Want
	data  []byte
}

// importRow is a row as it was read.
type importRow struct {
	number   int
	email    string // as it is in the file
	faults   []importFault
	row      domain.ImportRow
	repeated bool // another row has the same address
	national *body.NationalID
}

type importResponse struct {
	Items    []importResult `json:"items" description:"In the order of the rows; empty ones have none."`
	Complete bool           `json:"complete" description:"False: some rows are pending, so send the same again."`
}

// importResult for one row in JSON.
type importResult struct {
	Row     int                  `json:"row" description:"As a spreadsheet counts them: the first below the headings is 2. Of CSV the line." example:"2"`
	Outcome domain.ImportOutcome `json:"outcome" enum:"ok,invited,unchanged,refused,pending" description:"ok: of a dry run, would be invited; unchanged: the address is a user's already; pending: not got to, or has to wait."`
	Email   string               `json:"email,omitzero" maxLength:"254" description:"As it is in the row, to know the row by." example:"aino.virtanen@example.com"`
	User    domain.PersonID      `json:"user,omitzero" description:"Who was invited, or is there already."`
	Faults  []importFault        `json:"faults,omitempty" description:"Why it was refused or is pending; one for each column."`
	// Warnings are of rows that are or would be users.
	Warnings []body.Warning `json:"warnings,omitempty" description:"What is allowed and worth a second look."`
}

type importFault struct {
	Column columnKey   `json:"column,omitzero" description:"Key of the column; absent where it is about the whole row." example:"email"`
	Code   domain.Code `json:"code" example:"email-invalid"`
	Detail string      `json:"detail"`
}

// importLimits are those of a file that a request has room for.
var importLimits = sheet.Limits{Rows: domain.MaxImport + 1, Columns: 50, Unpacked: 8 << 20}

func (in *importRequest) Read(_ *domain.Profile, faults *domain.Faults) {
	if in.Format != sheet.XLSX && in.Format != sheet.CSV {
		faults.Add("/format", "value-unknown", "Use xlsx or csv.")
	}
	var err error
	if in.data, err = base64.StdEncoding.DecodeString(in.File); err != nil || len(in.data) == 0 {
		faults.Add("/file", "value-invalid", "Give the file in base64.")
	}
}

// readRows reads the file. It is not part of Read: what a file unpacks to is
// work that is done for nobody who may not import.
func (in *importRequest) readRows(p *domain.Profile) (read []importRow, err error) {
	var faults domain.Faults
	rows, err := sheet.Read(in.Format, in.data, importLimits)
	switch {
	case errors.Is(err, sheet.ErrNotUTF8):
		faults.Add("/file", "file-not-utf8", "Save the file as CSV UTF-8, or as xlsx.")
	case errors.Is(err, sheet.ErrTooLarge):
		faults.Add("/file", "too-long", "The file has more than 500 rows or 50 columns, or is too large.")
	case err != nil:
		faults.Add("/file", "file-unreadable", "This is not a file of that format.")
	case len(rows) < 2:
		faults.Add("/file", "required", "There is no row below the headings.")
	}
	if len(faults) > 0 {
		return nil, faults.Err()
	}
	catalog, err := sheetCatalog()
	if err != nil {
		return nil, err
	}
	r := rowReader{profile: p, columns: columnsOf(rows[0].Cells, catalog, &faults), seen: map[domain.Email]int{}}
	if len(faults) > 0 {
		return nil, faults.Err()
	}
	for _, row := range rows[1:] {
		read = append(read, r.read(row))
	}
	return read, nil
}

// columnsOf reads the headings: which column each is, empty for one to ignore.
func columnsOf(cells []sheet.Value, catalog *i18n.Catalog, faults *domain.Faults) []columnKey {
	known := headings(catalog)
	columns := make([]columnKey, len(cells))
	for i, v := range cells {
		at := fmt.Sprintf("/file/columns/%d", i)
		key, ok := known[folded(v.Text)]
		switch {
		case v.Text == "" && !v.Formula, slices.Contains(ignored, key):
			continue
		case !ok || v.Formula:
			faults.Add(at, "value-unknown", fmt.Sprintf("There is no column %q.", shortened(v.Text, 100)))
		case slices.Contains(columns, key):
			faults.Add(at, "value-repeated", "Give each column once.")
		}
		columns[i] = key
	}
	for _, key := range []columnKey{colGivenName, colFamilyName, colEmail} {
		if !slices.Contains(columns, key) {
			faults.Add("/file/columns", "required", "The column "+string(key)+" is needed.")
		}
	}
	return columns
}

// rowReader reads the rows below the headings.
type rowReader struct {
	profile *domain.Profile
	columns []columnKey
	seen    map[domain.Email]int // rows, by the address in them
}

func (r *rowReader) read(row sheet.Row) importRow {
	out := importRow{number: row.Number}
	fault := func(c columnKey, code domain.Code, detail string) { // one for each column
		if !slices.ContainsFunc(out.faults, func(f importFault) bool { return f.Column == c }) {
			out.faults = append(out.faults, importFault{c, code, detail})
		}
	}
	cells := map[columnKey]sheet.Value{}
	for i, v := range row.Cells {
		switch {
		case i >= len(r.columns) || r.columns[i] == "":
		case v.Formula:
			out.faults = append(out.faults, importFault{Column: r.columns[i], Code: "formula-refused", Detail: "A formula is not read. Put its value in the cell."})
		default:
			cells[r.columns[i]] = v
		}
	}
	out.email = shortened(cells[colEmail].Text, 254)
	if len(out.faults) > 0 {
		return out
	}
	// A row says what a request to make one user does, and is read as that.
	one := createRequest{
		GivenName: cells[colGivenName].Text, FamilyName: cells[colFamilyName].Text, Email: cells[colEmail].Text, Phone: cells[colPhone].Text,
		Language: domain.Language(strings.ToLower(cells[colLanguage].Text)), DefaultTask: cells[colDefaultTask].Text,
		Subscription: domain.SubscriptionID(cells[colSubscription].Text),
	}
	var faults domain.Faults
	one.Roles = r.roles(cells[colRoles].Text, &faults)
	one.Validity = term(cells[colValidFrom], cells[colValidTo])
	place := r.place(cells[colResource].Text, &faults)
	one.Read(r.profile, &faults)
	for _, f := range faults {
		fault(columnAt(f.Pointer), f.Code, f.Detail)
	}
	email := one.invitation.Email
	if first := r.seen[email]; first != 0 && email != "" {
		out.repeated = true
		fault(colEmail, "value-repeated", fmt.Sprintf("The address is in row %d already.", first))
	} else {
		r.seen[email] = row.Number
	}
	if text := cells[colNationalID].Text; text != "" {
		country, code, named := strings.Cut(text, ":")
		if !named {
			country, code = "", text
		}
		out.national = &body.NationalID{Country: domain.Country(strings.ToUpper(strings.TrimSpace(country))), Code: strings.TrimSpace(code)}
	}
	out.row = domain.ImportRow{Invitation: one.invitation, Place: place, Broken: len(out.faults) > 0}
	return out
}

// shortened is at most so many characters of a text.
func shortened(s string, most int) string {
	for i := range s {
		if most--; most < 0 {
			return s[:i]
		}
	}
	return s
}

// roles reads keys or names of roles, in whichever of the languages.
func (r *rowReader) roles(text string, faults *domain.Faults) (keys []domain.RoleKey) {
	for name := range strings.FieldsFuncSeq(text, func(c rune) bool { return strings.ContainsRune(",;\n", c) }) {
		name = folded(name)
		i := slices.IndexFunc(r.profile.Roles, func(role domain.Role) bool { return called(name, string(role.Key), role.Name) })
		switch {
		case name == "":
		case i < 0:
			faults.Add("/roles", "value-unknown", "There is no such role in the portal.")
		default:
			keys = append(keys, r.profile.Roles[i].Key)
		}
	}
	return keys
}

// called tells whether something is called that: its key, or its name in one of
// the languages.
func called(name, key string, names domain.Text) bool {
	if name == folded(key) {
		return true
	}
	for _, text := range names {
		if name == folded(text) {
			return true
		}
	}
	return false
}

// place reads a resource: its type, and the operator's number for it.
func (r *rowReader) place(text string, faults *domain.Faults) domain.ResourceRef {
	if text == "" {
		return domain.ResourceRef{}
	}
	of, reference, _ := strings.Cut(text, ":")
	reference = strings.TrimSpace(reference)
	i := slices.IndexFunc(r.profile.ResourceTypes, func(t domain.ResourceType) bool { return called(folded(of), string(t.Key), t.Name) })
	if i < 0 || reference == "" || len(reference) > maxReference {
		faults.Add("/resource", "value-invalid", "Give a type of resource and the operator's number for one, such as worksite:W-1017.")
		return domain.ResourceRef{}
	}
	return domain.ResourceRef{Type: r.profile.ResourceTypes[i].Key, Reference: reference}
}

// maxReference bounds what is looked for as a resource's number, in bytes.
const maxReference = 400

// term is the validity of a row: fixed if it has any of the days.
func term(from, to sheet.Value) (v body.Validity) {
	day := func(in sheet.Value) domain.Date {
		if d, ok := in.Day(); ok {
			return domain.Date(d)
		}
		return "no day"
	}
	if v.From, v.To = day(from), day(to); v.From+v.To != "" {
		v.Type = domain.FixedTerm
	}
	return v
}

// columnAt is the column of a member of the request to make one user.
func columnAt(pointer string) columnKey {
	member, rest, _ := strings.Cut(strings.TrimPrefix(pointer, "/"), "/")
	switch key := columnKey(member); {
	case member == "validity" && rest == "from":
		return colValidFrom
	case member == "validity":
		return colValidTo
	case member == "assignments":
		return colRoles
	case slices.Contains(imported, key):
		return key
	}
	return ""
}

// faultsOf are those that an error of an invitation comes to.
func faultsOf(e *domain.Error) (faults []importFault) {
	for _, f := range e.Fields {
		faults = append(faults, importFault{columnAt(f.Pointer), f.Code, f.Detail})
	}
	if len(faults) == 0 {
		faults = []importFault{{columnOf(e), e.Code, e.Detail}}
	}
	return faults
}

// columnOf is the column that an error of an invitation is about.
func columnOf(e *domain.Error) columnKey {
	switch {
	case errors.Is(e, domain.ErrRoleNotYours), errors.Is(e, domain.ErrRightNotYours), errors.Is(e, domain.ErrScope):
		return colRoles
	case errors.Is(e, domain.ErrNationalIDExists):
		return colNationalID
	case errors.Is(e, domain.ErrSubscription):
		return colSubscription
	case errors.Is(e, domain.ErrTooMany), errors.Is(e, domain.ErrInactive):
		return colEmail
	}
	return ""
}

func importUsers(ctx context.Context, call *endpoint.Call, in *importRequest) (importResponse, error) {
	read, err := in.readRows(call.Profile)
	if err != nil {
		return importResponse{}, err
	}
	out := importResponse{Items: make([]importResult, len(read)), Complete: true}
	var rows []domain.ImportRow
	var at []int // where each of them is among all
	for i, r := range read {
		if r.national != nil {
			given, err := r.national.Given(call, call.Scene.Organization.Country, "/nationalId")
			e, known := errors.AsType[*domain.Error](err)
			switch {
			case known && len(e.Fields) > 0:
				r.faults, r.row.Broken = append(r.faults, faultsOf(e)...), true
			case err != nil:
				return importResponse{}, err
			}
			r.row.NationalID = given
		}
		out.Items[i] = importResult{Row: r.number, Email: r.email, Outcome: domain.ImportRefused, Faults: r.faults}
		if r.row.Email != "" && !r.repeated {
			rows, at = append(rows, r.row), append(at, i)
		}
	}
	results, err := domain.ImportUsers(ctx, call.Store, call.Change, call.Scene, in.wants, call.Profile, rows, in.DryRun)
	if err != nil {
		return importResponse{}, err
	}
	for i, r := range results {
		item := &out.Items[at[i]]
		item.Outcome, item.User = r.Outcome, r.Person
		out.Complete = out.Complete && r.Outcome != domain.ImportPending
		if r.Outcome == domain.ImportOK || r.Outcome == domain.ImportInvited {
			item.Warnings = body.AddressWarnings(rows[i].Email)
		}
		switch {
		case r.Outcome == domain.ImportUnchanged:
			item.Faults = nil // nothing of it was to be used
		case r.Err != nil:
			item.Faults = faultsOf(r.Err)
		}
	}
	return out, nil
}
