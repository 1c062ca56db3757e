package domain

import "time"

// ReceiptLife is how long a repeated request gets the first one's answer.
const ReceiptLife = 24 * time.Hour

// Receipt is the answer that was given to a write with an Idempotency-Key,
// written in the write's own transaction: it is there exactly if the effect is.
type Receipt struct {
	Key         string // hash of caller, endpoint, path and the client's key
	Fingerprint string // hash of the request, to know another one by
	Status      int
	ETag        string
	Location    string
	Body        []byte
	ExpiresAt   time.Time
}

// ReceiptKey is where the receipt of a caller's request is kept.
func ReceiptKey(caller PersonID, request, key string) string {
	return hash(string(caller) + "\x00" + request + "\x00" + key)
}

// Fingerprint tells requests apart.
func Fingerprint(request string, body []byte) string {
	return hash(request + "\x00" + string(body))
}

// Signing holds the keys that sign list cursors; the newest signs, all verify.
// They guard no more than whoever could read them reads anyway, so they may
// live in the table, where they come with the caller's context at no cost.
type Signing struct {
	Version int64
	Keys    []SigningKey
}

// SigningKey is one of them.
type SigningKey struct {
	ID     string
	Secret []byte
}
