package endpoint

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"net/url"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/domain"
)

// The paging of lists.
const (
	DefaultLimit = 50
	MaxLimit     = 200
	cursorLife   = 24 * time.Hour
)

// Paging is the part of a list's request that every list has.
type Paging struct {
	Limit  int    `query:"limit" json:"-" minimum:"1" maximum:"200" default:"50" description:"How many items at most."`
	Cursor string `query:"cursor" json:"-" description:"The next of the page before."`
}

// WantPaging names what a page stands on.
func WantPaging(want *domain.Want) { want.Signing = true }

// Page reads which part of the list is asked for.
func (c *Call) Page(in Paging) (domain.PageRequest, error) {
	req := domain.PageRequest{Limit: in.Limit}
	if req.Limit == 0 && !c.Request.URL.Query().Has("limit") {
		req.Limit = DefaultLimit
	}
	if req.Limit < 1 || req.Limit > MaxLimit {
		return req, domain.Fault("?limit", "value-invalid", "Ask for 1 to 200 items.")
	}
	after, err := c.After(in.Cursor)
	req.After = after
	return req, err
}

// After opens a cursor that Next has sealed; of an empty one it is the beginning.
func (c *Call) After(cursor string) (string, error) {
	if cursor == "" {
		return "", nil
	}
	after, ok := c.open(cursor)
	if !ok {
		return "", domain.ErrCursor
	}
	return after, nil
}

// Next seals where a page ended. Sort keys hold names, so a cursor is
// encrypted; and it counts only for the caller and the list it was made for.
func (c *Call) Next(after string) (string, error) {
	if after == "" {
		return "", nil
	}
	key, ok := c.signingKey("")
	if !ok {
		return "", domain.ErrUnavailable
	}
	plain := binary.BigEndian.AppendUint64(nil, uint64(c.Now().Add(cursorLife).Unix())) //nolint:gosec // G115: it is long after 1970
	plain = append(plain, after...)
	nonce := make([]byte, 12)
	rand.Read(nonce)
	sealed := key.aead().Seal(nonce, nonce, plain, c.binding())
	return key.ID + "." + base64.RawURLEncoding.EncodeToString(sealed), nil
}

func (c *Call) open(cursor string) (after string, ok bool) {
	id, text, _ := strings.Cut(cursor, ".")
	key, ok := c.signingKey(id)
	sealed, err := base64.RawURLEncoding.DecodeString(text)
	if !ok || err != nil || len(sealed) < 12 {
		return "", false
	}
	plain, err := key.aead().Open(nil, sealed[:12], sealed[12:], c.binding())
	if err != nil || len(plain) < 8 || c.Now().Unix() > int64(binary.BigEndian.Uint64(plain)) { //nolint:gosec // G115: as it was written
		return "", false
	}
	return string(plain[8:]), true
}

type signingKey domain.SigningKey

// signingKey finds a key; the empty id is the newest.
func (c *Call) signingKey(id string) (signingKey, bool) {
	if c.Scene.Signing == nil {
		return signingKey{}, false
	}
	keys := c.Scene.Signing.Keys
	for i := len(keys) - 1; i >= 0; i-- {
		if id == "" || keys[i].ID == id {
			return signingKey(keys[i]), true
		}
	}
	return signingKey{}, false
}

func (k signingKey) aead() cipher.AEAD {
	block, err := aes.NewCipher(k.Secret)
	if err != nil {
		panic(err) // the store holds a key of another size
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(err)
	}
	return gcm
}

// binding is what a cursor belongs to: the caller, the path, the filters, the question.
func (c *Call) binding() []byte {
	query := c.Request.URL.Query()
	filters := url.Values{}
	for name, values := range query {
		if name != "cursor" && name != "limit" {
			filters[name] = values
		}
	}
	return []byte(c.Change.Actor.ID + "\x00" + c.Request.URL.Path + "\x00" + filters.Encode() + "\x00" + c.Question)
}
