package domain

import (
	"context"
	"io"
	"strconv"
	"time"
)

// FileLife is how long the link to a file opens it.
const FileLife = 5 * time.Minute

// MaxExport is how many users one export tells of.
const MaxExport = 100_000

// Files keeps files that are too large for an answer, each for who has its link
// and not for long.
type Files interface {
	// Put keeps what r holds, from where it stands to its end, under a name that
	// it is to have with who fetches it. The link opens for a FileLife, and is a
	// secret. ErrUnavailable.
	Put(ctx context.Context, name, contentType string, r io.ReadSeeker) (url string, expiresAt time.Time, err error)
}

// ForExport names what an export stands on, beside its organization.
func (w *Want) ForExport() {
	w.Attempts = append(w.Attempts, limitExports(w.Organization).Key)
}

// BeginExport counts an export before it is made: what a stolen session could
// take away it should not be able to take again and again.
func (c *Change) BeginExport(s *Scene) error { return c.count(s, limitExports(s.Organization.ID)) }

// RecordExport puts into the audit log what was exported: by which filters, in
// words that tell of nobody, and how many users.
func (c *Change) RecordExport(s *Scene, format, filters string, count int) {
	c.Record(s.Organization.ID, UsersExported, aboutOrganization(s.Organization.ID),
		FieldChange{Field: "format", After: format}, FieldChange{Field: "filters", After: filters}, FieldChange{Field: "count", After: strconv.Itoa(count)})
}
