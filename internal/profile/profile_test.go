package profile

import (
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/profiles"
)

func TestLoad(t *testing.T) {
	t.Parallel()
	for _, name := range profiles.Names() {
		p, err := Load(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if faults := Check(p); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "nothing", "..", "../rental", "rental/", "/etc"} {
		if p, err := Load(name); err == nil || p != nil || !strings.Contains(err.Error(), "there are: ") {
			t.Errorf("%q: got %v, %v; want an error that says what there is", name, p, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	compiled, err := profiles.Compiled("rental")
	if err != nil {
		t.Fatal(err)
	}
	good := string(compiled)
	for name, data := range map[string]string{
		"nothing":        "",
		"not JSON":       "key: rental",
		"unknown member": strings.Replace(good, `"key"`, `"colour": "red", "key"`, 1),
		"another type":   strings.Replace(good, `"level": 3`, `"level": "3"`, 1),
		"cut short":      good[:len(good)-10],
		"two values":     good + "{}",
	} {
		if p, err := Parse([]byte(data)); data == good || err == nil || p != nil {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load("rental"); err != nil {
			b.Fatal(err)
		}
	}
}
