// Package password hashes passwords with argon2id and knows the common ones.
package password

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"
)

// The parameters of new hashes: the second of the equivalent choices in
// OWASP's Password Storage Cheat Sheet.
const (
	memoryKiB = 19 * 1024
	passes    = 2
	lanes     = 1
	saltSize  = 16
	keySize   = 32
)

// nobody is what a password is compared with when there is no hash to compare
// with. No password is known for it, and none would be let in by it.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$Tm9ib2R5J3Mgc2FsdCBpcw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Hasher makes and checks password hashes. It may be used in parallel, and
// computes no more of them at once than there are processors: each takes
// 19 MiB, and more at once would only be slower.
type Hasher struct {
	slots    chan struct{}
	computed atomic.Int64
}

// New makes a Hasher; a process needs one.
func New() *Hasher {
	return &Hasher{slots: make(chan struct{}, runtime.GOMAXPROCS(0))}
}

// Computed is how many hashes have been computed, whether to store or to compare.
func (h *Hasher) Computed() int64 { return h.computed.Load() }

// Hash makes the PHC string to store for a password. It refuses what is not
// UTF-8, which nobody could type again.
func (h *Hasher) Hash(password string) (string, error) {
	if !utf8.ValidString(password) {
		return "", errors.New("password is not UTF-8")
	}
	p := parameters{memoryKiB: memoryKiB, passes: passes, lanes: lanes, salt: make([]byte, saltSize)}
	rand.Read(p.salt)
	p.key = h.derive(p, keySize, password)
	return p.String(), nil
}

// Verify tells whether the password is the one that phc was made from. An
// empty phc stands for nobody: it is never right, and takes as long. So does
// one that is malformed or asks for an absurd amount of work.
func (h *Hasher) Verify(phc, password string) bool {
	p, err := parse(phc)
	if err != nil {
		p, _ = parse(nobody)
	}
	same := subtle.ConstantTimeCompare(h.derive(p, len(p.key), password), p.key) == 1
	return same && err == nil
}

func (h *Hasher) derive(p parameters, size int, password string) []byte {
	h.slots <- struct{}{}
	defer func() { <-h.slots }()
	h.computed.Add(1)
	return argon2.IDKey([]byte(prepare(password)), p.salt, p.passes, p.memoryKiB, p.lanes, uint32(size)) //nolint:gosec // G115: of a key, tens of bytes
}

// prepare makes one password of its spellings, as the OpaqueString profile of
// RFC 8265 does: NFC, because one keyboard sends ä and another a with
// a combining mark, and every space a plain one, because Option and space make
// a no-break space on a Mac. NFKC would also make one of ² and 2, which are
// different keys.
func prepare(password string) string {
	return norm.NFC.String(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Zs, r) {
			return ' '
		}
		return r
	}, password))
}

// parameters are the parts of a PHC string.
type parameters struct {
	memoryKiB uint32
	passes    uint32
	lanes     uint8
	salt, key []byte
}

var phcBase64 = base64.RawStdEncoding.Strict()

func (p parameters) String() string {
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memoryKiB, p.passes, p.lanes,
		phcBase64.EncodeToString(p.salt), phcBase64.EncodeToString(p.key))
}

var errPHC = errors.New("not an argon2id hash that we compute")

// parse takes a PHC string apart. Its bounds leave room for raising the
// parameters, and none for a string that would exhaust the process.
func parse(phc string) (p parameters, err error) {
	parts := strings.Split(phc, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != "v="+strconv.Itoa(argon2.Version) {
		return p, errPHC
	}
	costs := strings.Split(parts[3], ",")
	if len(costs) != 3 {
		return p, errPHC
	}
	m, okM := cost(costs[0], "m=", 8, 64*1024)
	t, okT := cost(costs[1], "t=", 1, 8)
	l, okL := cost(costs[2], "p=", 1, 4)
	salt, errSalt := phcBase64.DecodeString(parts[4])
	key, errKey := phcBase64.DecodeString(parts[5])
	if !okM || !okT || !okL || m < 8*l || errSalt != nil || errKey != nil ||
		len(salt) < 8 || len(salt) > 64 || len(key) < 16 || len(key) > 64 {
		return p, errPHC
	}
	return parameters{memoryKiB: m, passes: t, lanes: uint8(l), salt: salt, key: key}, nil //nolint:gosec // G115: held to a byte above
}

func cost(text, name string, least, most uint32) (uint32, bool) {
	digits, ok := strings.CutPrefix(text, name)
	n, err := strconv.ParseUint(digits, 10, 32)
	return uint32(n), ok && err == nil && uint32(n) >= least && uint32(n) <= most
}
