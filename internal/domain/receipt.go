package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// ReceiptLife is how long a repeated request gets the first one's answer.
const ReceiptLife = 24 * time.Hour

// Receipt is the answer that was given to a write with an Idempotency-Key,
// written in the write's own transaction: it is there exactly if the effect is.
type Receipt struct {
	Version     int64
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

// Fingerprint tells a caller's requests apart. One whose body can hold a password
// or a national id, which could be guessed from a plain hash, is keyed with the session's token, which is stored nowhere; others are not, so
// that they can be sent again from a new session.
func Fingerprint(key, request string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(request))
	mac.Write([]byte{0})
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
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
