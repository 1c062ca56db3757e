package i18n

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fullmakt/fullmakt/internal/domain"
)

func files(texts map[string]string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, l := range domain.Languages {
		files["area."+string(l)+".json"] = &fstest.MapFile{Data: []byte(`{"hello": "Hello {name} of {place}", "bye": "Bye"}`)}
	}
	for name, text := range texts {
		files[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return files
}

func TestReadRefusesWhatIsNotWhole(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ sv, want string }{
		"missing key":            {`{"hello": "Hej {name} {place}"}`, "sv has no bye"},
		"extra key":              {`{"hello": "Hej {name} {place}", "bye": "Hej då", "sorry": "Förlåt"}`, "fi has no sorry"},
		"empty text":             {`{"hello": "Hej {name} {place}", "bye": " "}`, "sv: bye is empty"},
		"missing placeholder":    {`{"hello": "Hej {name}", "bye": "Hej då"}`, "sv: hello has the placeholders [{name}]"},
		"extra placeholder":      {`{"hello": "Hej {name} {place}", "bye": "Hej då {name}"}`, "sv: bye has the placeholders [{name}]"},
		"misspelt placeholder":   {`{"hello": "Hej {namn} {place}", "bye": "Hej då"}`, "sv: hello has the placeholders [{namn} {place}]"},
		"key twice":              {`{"hello": "Hej {name} {place}", "bye": "Hej då", "bye": "Hej"}`, "bye: twice"},
		"not a text":             {`{"hello": ["Hej {name} {place}"], "bye": "Hej då"}`, "hello: "},
		"not an object":          {`["hello"]`, "not a JSON object"},
		"cut off":                {`{"hello": "Hej {name} {place}", "bye": "Hej då"`, "area.sv.json: "},
		"something behind":       {`{"hello": "Hej {name} {place}", "bye": "Hej då"} {}`, "something follows"},
		"nothing":                {``, "not a JSON object"},
		"several things at once": {`{"hello": "", "sorry": "Förlåt"}`, "sv has no bye\nsv: hello is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, err := Read(files(map[string]string{"area.sv.json": test.sv}), "area")
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Fatalf("%v, want %q", err, test.want)
			}
			if c != nil {
				t.Error("there is a catalog")
			}
		})
	}
	missing := files(nil)
	delete(missing, "area.nb.json")
	if _, err := Read(missing, "area"); err == nil || !strings.Contains(err.Error(), "area.nb.json") {
		t.Errorf("without a language: %v", err)
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	c, err := Read(files(map[string]string{"area.sv.json": `{"bye": "Hej då", "hello": "I {place}: hej {name}, {name}!"}`}), "area")
	if err != nil {
		t.Fatal(err)
	}
	got, err := c.Text(domain.Swedish, "hello", map[string]string{"name": "{place}", "place": "Åbo"})
	if want := "I Åbo: hej {place}, {place}!"; err != nil || got != want {
		t.Errorf("%q, %v, want %q", got, err, want)
	}
	for name, f := range map[string]func() (string, error){
		"key":      func() (string, error) { return c.Text(domain.Swedish, "sorry", nil) },
		"language": func() (string, error) { return c.Text("da", "bye", nil) },
		"value":    func() (string, error) { return c.Text(domain.Swedish, "hello", map[string]string{"name": "Bo"}) },
	} {
		if text, err := f(); err == nil {
			t.Errorf("a missing %s gives %q", name, text)
		}
	}
}
