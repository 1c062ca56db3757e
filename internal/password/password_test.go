package password

import (
	"regexp"
	"strings"
	"sync"
	"testing"
)

func hashed(t *testing.T, h *Hasher, password string) string {
	t.Helper()
	phc, err := h.Hash(password)
	if err != nil {
		t.Fatal(err)
	}
	return phc
}

func TestHashHasTheParametersOfOWASP(t *testing.T) {
	t.Parallel()
	// 16 bytes are 22 characters of unpadded base64, 32 bytes are 43.
	form := regexp.MustCompile(`^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`)
	h := New()
	a, b := hashed(t, h, "korppi ja kettu"), hashed(t, h, "korppi ja kettu")
	if !form.MatchString(a) {
		t.Errorf("hash %q is not of the form %s", a, form)
	}
	if a == b {
		t.Error("the same password gave the same hash twice: no salt")
	}
}

// foreign is the hash of "korppi ja kettu" by argon2-cffi, another implementation.
const foreign = "$argon2id$v=19$m=19456,t=2,p=1$u05k6+YhpWn6XB9brwSVIg$jV5VujcJa3ObiTvceYdCd7EWXhcERMo+1eogDuN37lw"

func TestVerifyKnowsForeignHashes(t *testing.T) {
	t.Parallel()
	h := New()
	if !h.Verify(foreign, "korppi ja kettu") {
		t.Error("the right password is refused")
	}
	if h.Verify(foreign, "korppi ja ketut") {
		t.Error("a wrong password is accepted")
	}
}

func TestVerify(t *testing.T) {
	t.Parallel()
	h := New()
	phc := hashed(t, h, "Älä kerro 2\u00b2")
	for name, tc := range map[string]struct {
		password string
		want     bool
	}{
		"as it was chosen":   {"Älä kerro 2\u00b2", true},
		"decomposed":         {"A\u0308la\u0308 kerro 2\u00b2", true},
		"no-break space":     {"Älä\u00a0kerro 2\u00b2", true},
		"other case":         {"älä kerro 2\u00b2", false},
		"compatibility form": {"Älä kerro 22", false},
		"a space too many":   {"Älä kerro 2\u00b2 ", false},
		"cut short":          {"Älä kerro 2", false},
		"empty":              {"", false},
		"not UTF-8":          {"\xc3\x28 kerro 2", false},
	} {
		if got := h.Verify(phc, tc.password); got != tc.want {
			t.Errorf("%s: got %v, want %v", name, got, tc.want)
		}
	}
}

func TestHashRefusesWhatIsNotText(t *testing.T) {
	t.Parallel()
	if phc, err := New().Hash("\xff\xfe\xfdabcdefgh"); err == nil {
		t.Errorf("got %q, want an error", phc)
	}
}

// Whoever has no hash, and whoever has one that cannot be read, costs exactly
// as many hashes as anybody else.
func TestXA6_NobodyCostsOneHash(t *testing.T) {
	t.Parallel()
	for name, phc := range map[string]string{
		"somebody":       foreign,
		"nobody":         "",
		"the dummy":      nobody,
		"malformed":      "$argon2id$v=19$m=19456",
		"another scheme": "$2b$12$abcdefghijklmnopqrstuv",
	} {
		h := New()
		for _, password := range []string{"a wrong guess", "", "\x00"} {
			before := h.Computed()
			if h.Verify(phc, password) {
				t.Errorf("%s: %q is accepted", name, password)
			}
			if n := h.Computed() - before; n != 1 {
				t.Errorf("%s: %d hashes computed, want 1", name, n)
			}
		}
	}
	p, err := parse(nobody)
	if err != nil || p.memoryKiB != memoryKiB || p.passes != passes || p.lanes != lanes || len(p.salt) != saltSize || len(p.key) != keySize {
		t.Errorf("the dummy %+v (%v) does not cost what a new hash costs", p, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const salt, key = "c29tZXNhbHRzb21lc2FsdA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	for name, phc := range map[string]string{
		"nothing":            "",
		"another function":   "$argon2i$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"another version":    "$argon2id$v=16$m=19456,t=2,p=1$" + salt + "$" + key,
		"no version":         "$argon2id$m=19456,t=2,p=1$" + salt + "$" + key,
		"text before":        "x$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key,
		"text behind":        "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key + "$",
		"a gigabyte":         "$argon2id$v=19$m=1048576,t=2,p=1$" + salt + "$" + key,
		"memory overflowing": "$argon2id$v=19$m=4294986752,t=2,p=1$" + salt + "$" + key,
		"memory negative":    "$argon2id$v=19$m=-19456,t=2,p=1$" + salt + "$" + key,
		"memory under lanes": "$argon2id$v=19$m=16,t=2,p=4$" + salt + "$" + key,
		"no passes":          "$argon2id$v=19$m=19456,t=0,p=1$" + salt + "$" + key,
		"passes for hours":   "$argon2id$v=19$m=19456,t=100000,p=1$" + salt + "$" + key,
		"no lanes":           "$argon2id$v=19$m=19456,t=2,p=0$" + salt + "$" + key,
		"lanes wrapping":     "$argon2id$v=19$m=19456,t=2,p=257$" + salt + "$" + key,
		"another order":      "$argon2id$v=19$t=2,m=19456,p=1$" + salt + "$" + key,
		"a cost too many":    "$argon2id$v=19$m=19456,t=2,p=1,q=1$" + salt + "$" + key,
		"padded":             "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "==$" + key + "=",
		"spare bits set":     "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + key[:42] + "B",
		"salt not base64":    "$argon2id$v=19$m=19456,t=2,p=1$" + salt[:20] + "!!$" + key,
		"salt short":         "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$" + key,
		"key empty":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$",
		"key short":          "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$AAAA",
		"key long":           "$argon2id$v=19$m=19456,t=2,p=1$" + salt + "$" + strings.Repeat("A", 88),
	} {
		if p, err := parse(phc); err == nil {
			t.Errorf("%s: %q is read as %+v", name, phc, p)
		}
	}
}

func TestParametersSurviveTheString(t *testing.T) {
	t.Parallel()
	for _, phc := range []string{nobody, foreign, "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA"} {
		p, err := parse(phc)
		if err != nil || p.String() != phc {
			t.Errorf("%q became %q (%v)", phc, p.String(), err)
		}
	}
}

// More callers than processors wait for each other, and all are answered.
func TestHasherInParallel(t *testing.T) {
	t.Parallel()
	h := New()
	h.slots = make(chan struct{}, 1)
	cheap := "$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHRzb21lc2FsdA$AAAAAAAAAAAAAAAAAAAAAA"
	var wg sync.WaitGroup
	for range 64 {
		wg.Go(func() {
			if h.Verify(cheap, "a wrong guess") {
				t.Error("a wrong guess is accepted")
			}
		})
	}
	wg.Wait()
	if h.Computed() != 64 || len(h.slots) != 0 {
		t.Errorf("%d hashes computed, %d slots still taken; want 64 and 0", h.Computed(), len(h.slots))
	}
}

func BenchmarkHash(b *testing.B) {
	h := New()
	for b.Loop() {
		h.Verify("", "a wrong guess")
	}
}
