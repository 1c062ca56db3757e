package requirements

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// Report prints every requirement as covered, later, not a back-end matter, or
// missing, by the tests below root, the folder of the module. It is an error if
// one is missing, if one that is listed with a reason is covered after all, or
// if a test names one that there is not; the error tells of all of them.
func Report(out io.Writer, root fs.FS) error {
	list, err := parse(file)
	if err != nil {
		return err
	}
	found, err := claims(root)
	if err != nil {
		return err
	}
	tests := map[string][]string{}
	for _, c := range found {
		tests[c.id] = append(tests[c.id], c.test)
	}

	var faults []error
	var missing []string
	fault := func(format string, args ...any) { faults = append(faults, fmt.Errorf(format, args...)) }
	counts := map[string]int{}
	portal := ""
	for _, r := range list {
		if p := portals[r.id[0]]; p != portal {
			portal = p
			fmt.Fprintf(out, "%c. %s\n", r.id[0], p)
		}
		by := tests[r.id]
		delete(tests, r.id)
		status, detail := r.status, r.reason
		switch {
		case len(by) > 0:
			if status != "" {
				fault("%s is listed as %s (%s), yet %s covers it", r.id, status, r.reason, by[0])
			}
			status, detail = "covered", by[0]
			if more := len(by) - 1; more > 0 {
				detail += fmt.Sprintf(", and %d more", more)
			}
		case status == "":
			missing = append(missing, r.id)
			status, detail = "missing", "no test"
		case status == notBackEnd:
			status = "not a back-end matter"
		}
		counts[status]++
		fmt.Fprintf(out, "  %s  %-21s  %s [%s]\n", r.id, status, r.text, detail)
	}
	for _, id := range slices.Sorted(maps.Keys(tests)) {
		fault("there is no requirement %s, which is named by %s", id, strings.Join(tests[id], ", "))
	}
	if len(missing) > 0 {
		fault("neither covered nor listed with a reason: %s", strings.Join(missing, ", "))
	}
	fmt.Fprintf(out, "%d requirements: %d covered, %d later, %d not a back-end matter, %d missing\n",
		len(list), counts["covered"], counts[later], counts["not a back-end matter"], counts["missing"])
	return errors.Join(faults...)
}
