package user

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/i18n"
	"github.com/fullmakt/fullmakt/internal/sheet"
)

//go:embed texts
var sheetTexts embed.FS

// sheetCatalog is read by the first export or import, not at the start of every
// function of this package.
var sheetCatalog = sync.OnceValues(func() (*i18n.Catalog, error) {
	files, err := fs.Sub(sheetTexts, "texts")
	if err != nil {
		return nil, err
	}
	return i18n.Read(files, "sheet")
})

// columnKey names a column of a sheet of users, for programs.
type columnKey string

// The columns.
const (
	colFamilyName   columnKey = "familyName"
	colGivenName    columnKey = "givenName"
	colEmail        columnKey = "email"
	colPhone        columnKey = "phone"
	colLanguage     columnKey = "language"
	colKind         columnKey = "kind"
	colHome         columnKey = "homeOrganization"
	colRoles        columnKey = "roles"
	colAssigned     columnKey = "assignedRoles"
	colResource     columnKey = "resource"
	colStatus       columnKey = "status"
	colValidFrom    columnKey = "validFrom"
	colValidTo      columnKey = "validTo"
	colDefaultTask  columnKey = "defaultTask"
	colSubscription columnKey = "subscription"
	colNationalID   columnKey = "nationalId"
	colActivated    columnKey = "activatedAt"
	colLastSignIn   columnKey = "lastSignInAt"
	colCreated      columnKey = "createdAt"
)

// exported are the columns of an export, from the left.
var exported = []struct {
	key   columnKey
	kind  sheet.Kind
	width float64
}{
	{colFamilyName, sheet.Text, 22},
	{colGivenName, sheet.Text, 18},
	{colEmail, sheet.Text, 34},
	{colPhone, sheet.Phone, 18},
	{colKind, sheet.Text, 16},
	{colHome, sheet.Text, 28},
	{colRoles, sheet.Text, 28},
	{colAssigned, sheet.Text, 28},
	{colStatus, sheet.Text, 18},
	{colValidFrom, sheet.Day, 16},
	{colValidTo, sheet.Day, 16},
	{colDefaultTask, sheet.Text, 22},
	{colActivated, sheet.Moment, 18},
	{colLastSignIn, sheet.Moment, 26},
	{colCreated, sheet.Moment, 18},
}

// imported are the columns that an import reads.
var imported = []columnKey{
	colFamilyName, colGivenName, colEmail, colPhone, colLanguage, colRoles, colResource, colValidFrom, colValidTo, colDefaultTask, colSubscription,
	colNationalID,
}

// ignored are those that only an export has: a sheet that was exported can be
// added to and imported.
var ignored = []columnKey{colKind, colHome, colAssigned, colStatus, colActivated, colLastSignIn, colCreated}

// words are the texts of sheets in one language.
type words struct {
	language domain.Language
	catalog  *i18n.Catalog
	profile  *domain.Profile
}

// text is one of the catalog, which is whole.
func (w words) text(key string) string {
	text, err := w.catalog.Text(w.language, key, nil)
	if err != nil {
		panic(err)
	}
	return text
}

func (w words) heading(c columnKey) string { return w.text("column." + string(c)) }

// roles by their names; one that the profile has lost keeps its key.
func (w words) roles(keys []domain.RoleKey) string {
	names := make([]string, len(keys))
	for i, key := range keys {
		names[i] = string(key)
		if r := w.profile.Role(key); r != nil {
			names[i] = r.Name[w.language]
		}
	}
	return strings.Join(names, ", ")
}

// headings are all that name a column: its key, and its name in each language.
func headings(catalog *i18n.Catalog) map[string]columnKey {
	all := map[string]columnKey{}
	for _, key := range slices.Concat(imported, ignored) {
		all[folded(string(key))] = key
		for _, l := range domain.Languages {
			all[folded(words{language: l, catalog: catalog}.heading(key))] = key
		}
	}
	return all
}

// folded is how headings and names are compared.
func folded(s string) string { return strings.ToLower(strings.Join(strings.Fields(s), " ")) }
