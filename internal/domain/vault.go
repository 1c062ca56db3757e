package domain

import "context"

// Vault keeps what whoever reads the table must not read: it encrypts single
// fields, and makes the keyed hashes under which they are found. While its keys
// rotate it holds several versions of them.
//
// What it could not do because its keys do not answer, or are closed, is
// ErrUnavailable. No error of it tells anything of a value.
type Vault interface {
	// Seal encrypts a field with the newest key. It opens as the same field only.
	Seal(ctx context.Context, field Field, plain string) (SealedField, error)
	// Open decrypts what Seal has made with any of the keys. What was changed, or
	// was sealed as another field, is an error that is no *Error.
	Open(ctx context.Context, field Field, sealed SealedField) (plain string, err error)
	// Index is the keyed hashes of a value, the newest key's first, in lower-case
	// hexadecimal digits.
	Index(ctx context.Context, value string) (hashes []string, err error)
}

// Field says what is sealed: whose, where, and what of them.
type Field struct {
	Organization OrganizationID
	Person       PersonID
	Name         string
}

// SealedField is a field that only a vault can read.
type SealedField struct {
	Key  string // names the key that has sealed it
	Data []byte
}
