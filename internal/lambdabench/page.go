package lambdabench

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fullmakt/fullmakt/internal/endpoint"
)

// Page is where the tables are, under the root of the repository.
const Page = "docs/performance.md"

// part is a part of the page that is written by machine; the rest is people's.
type part string

const (
	costsPart part = "costs"
	timesPart part = "times"
)

func (p part) begin() string { return "<!-- " + string(p) + ": written by make bench-lambda -->\n" }
func (p part) end() string   { return "<!-- end of " + string(p) + " -->\n" }

// Write puts what was measured into the page of the repository at root. Times of
// nil leave those that are there.
func Write(root string, costs []Cost, times *Times) error {
	name := filepath.Join(root, filepath.FromSlash(Page))
	page, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	text, err := costsPart.put(string(page), Costs(costs))
	if err != nil {
		return err
	}
	if times != nil {
		if text, err = timesPart.put(text, times.String()); err != nil {
			return err
		}
	}
	return os.WriteFile(name, []byte(text), 0o644)
}

// CheckCosts reports where the page does not say what was measured.
func CheckCosts(root string, costs []Cost) error {
	page, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(Page)))
	if err != nil {
		return err
	}
	said, err := costsPart.of(string(page))
	if err != nil {
		return err
	}
	have, want := strings.Split(said, "\n"), strings.Split(Costs(costs), "\n")
	var faults []error
	for _, line := range want {
		if !slices.Contains(have, line) {
			faults = append(faults, fmt.Errorf("%s does not say: %s", Page, line))
		}
	}
	for _, line := range have {
		if !slices.Contains(want, line) {
			faults = append(faults, fmt.Errorf("%s says: %s", Page, line))
		}
	}
	return errors.Join(faults...)
}

// of is the text of the part in a page.
func (p part) of(page string) (string, error) {
	_, rest, begun := strings.Cut(page, p.begin())
	text, _, ended := strings.Cut(rest, p.end())
	if !begun || !ended {
		return "", fmt.Errorf("%s has no part for %s, between %q and %q", Page, p, p.begin(), p.end())
	}
	return text, nil
}

// put returns a page with another text in the part.
func (p part) put(page, text string) (string, error) {
	if _, err := p.of(page); err != nil {
		return "", err
	}
	before, rest, _ := strings.Cut(page, p.begin())
	_, after, _ := strings.Cut(rest, p.end())
	return before + p.begin() + text + p.end() + after, nil
}

// Costs is what all functions cost, as tables of Markdown.
func Costs(costs []Cost) string {
	rows := [][]string{{"function", "round trips", "reads", "writes", "read units", "write units", "other services"}}
	byID := map[string]Cost{}
	var start Usage
	for _, c := range costs {
		byID[c.ID] = c
		if c.Start.Reads > 0 {
			start = c.Start
		}
		u := c.Answer
		rows = append(rows, []string{
			c.ID, strconv.Itoa(u.Reads + u.Writes), strconv.Itoa(u.Reads), strconv.Itoa(u.Writes), units(u.ReadUnits), units(u.WriteUnits), c.others(),
		})
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nBeside this, the start of every function that reads the table takes %d round trip and %s read unit, once per process.\n\n", start.Reads, units(start.ReadUnits))
	b.WriteString(markdown(rows, 1, 2, 3, 4, 5))
	b.WriteString("\nWhat people do is several of them. A million times each is as many millions of:\n\n")
	rows = [][]string{{"what is done", "functions", "invocations", "read units", "write units", "other calls"}}
	for _, j := range journeys {
		var total Usage
		others := 0
		for _, id := range j.functions {
			c := byID[id]
			total.ReadUnits += c.Answer.ReadUnits
			total.WriteUnits += c.Answer.WriteUnits
			for _, n := range c.Others {
				others += n
			}
		}
		rows = append(rows, []string{
			j.what, strings.Join(j.functions, ", "), strconv.Itoa(len(j.functions)), units(total.ReadUnits), units(total.WriteUnits), strconv.Itoa(others),
		})
	}
	b.WriteString(markdown(rows, 2, 3, 4, 5))
	b.WriteString("\n")
	return b.String()
}

// journeys are what people do, function by function.
var journeys = []struct {
	what      string
	functions []string
}{
	{"another module asks whether somebody may", []string{"access-evaluation"}},
	{"somebody signs in, looks at themselves and at the users, and signs out", []string{"session-create", "me-get", "user-list", "session-revoke"}},
	{"a user is invited and opens the account", []string{"user-create", "mail-dispatch", "mail-feedback", "activation-check", "activation-complete"}},
	{"a forgotten password is reset", []string{"password-reset-request", "mail-dispatch", "mail-feedback", "password-reset-check", "password-reset-complete"}},
	{"a user's rights are changed", []string{"user-get", "assignment-list", "assignment-replace"}},
	{"a user is removed", []string{"user-get", "user-remove"}},
	{"a power of attorney is given", []string{"mandate-list", "mandate-create"}},
}

func units(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

// String is the times as a table of Markdown, the slowest start first.
func (t *Times) String() string {
	var b strings.Builder
	e := t.Empty
	fmt.Fprintf(&b, "\nMeasured on %s with %s on %s/%s, %d processors: medians of %d starts and of %d answers.\n",
		time.Now().UTC().Format(time.DateOnly), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), t.Starts, t.Answers)
	fmt.Fprintf(&b, "The empty function has %.1f MiB, starts in %s, answers first in %s and then in %s, and takes %.1f MiB of memory.\n\n",
		mebibytes(e.Size), short(e.Start), short(e.First), short(e.Warm), mebibytes(e.Peak))
	rows := [][]string{{"function", "size", "start", "first answer", "warm answer", "memory", "why it is slower to start"}}
	sorted := slices.Clone(t.All)
	slices.SortStableFunc(sorted, func(a, b Ratios) int { return cmp.Compare(b.Start, a.Start) })
	for _, f := range sorted {
		why, memory := "", "?"
		if f.Slow() {
			why = reason(f.Function)
		}
		if e.Peak > 0 {
			memory = times(f.Peak)
		}
		rows = append(rows, []string{f.ID, times(f.Size), times(f.Start), times(f.First), times(f.Warm), memory, why})
	}
	b.WriteString(markdown(rows, 1, 2, 3, 4, 5))
	b.WriteString("\n")
	return b.String()
}

func times(ratio float64) string {
	if ratio >= 10 {
		return fmt.Sprintf("%.0f", ratio)
	}
	return fmt.Sprintf("%.2f", ratio)
}

func short(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

// reasons are what makes a start slower than those of others, by the need that
// brings it along, the heaviest first.
var reasons = []struct {
	need endpoint.Need
	why  string
}{
	{endpoint.WriteFiles, "it carries the writer of xlsx files, whose package builds its tables when it is loaded, and a client of S3"},
	{endpoint.SendMail, "it carries the templates and texts of all mails, and clients of SES and KMS"},
	{endpoint.SealFields, "it carries a client of KMS too"},
	{endpoint.OpenFields, "it carries a client of KMS too"},
	{endpoint.IndexFields, "it carries a client of KMS too"},
}

func reason(f Function) string {
	for _, r := range reasons {
		if slices.Contains(f.Needs, r.need) {
			return r.why
		}
	}
	return "nothing of its own: the unrest of the machine that measured"
}

// markdown is a table whose columns are as wide as what is in them; numbers
// stand to the right.
func markdown(rows [][]string, numbers ...int) string {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if slices.Contains(numbers, i) {
				cell = space + cell
			} else {
				cell += space
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
		if n > 0 {
			continue
		}
		for i, width := range widths {
			line := strings.Repeat("-", width+2)
			if slices.Contains(numbers, i) {
				line = line[1:] + ":"
			}
			b.WriteString("|" + line)
		}
		b.WriteString("|\n")
	}
	return b.String()
}
