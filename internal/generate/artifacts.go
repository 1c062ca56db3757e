package generate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// Artifact is what is deployed of a function.
type Artifact struct {
	ID   string
	Size int64
	Sum  string // SHA-256, in hexadecimal
}

// Artifacts are those that Build has put into the folder out.
func Artifacts(out string) (all []Artifact, err error) {
	built, err := filepath.Glob(filepath.Join(out, "*", "bootstrap"))
	if err != nil {
		return nil, err
	}
	for _, name := range built {
		content, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		all = append(all, Artifact{ID: filepath.Base(filepath.Dir(name)), Size: int64(len(content)), Sum: hex.EncodeToString(sum[:])})
	}
	return all, nil
}

// report writes what was built, function by function.
func report(to io.Writer, out string) error {
	all, err := Artifacts(out)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(to, 0, 4, 2, ' ', 0)
	for _, a := range all {
		fmt.Fprintf(w, "%s\t%d bytes\tsha256 %s\n", a.ID, a.Size, a.Sum)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	_, err = fmt.Fprintf(to, "%d functions in %s\n", len(all), out)
	return err
}
