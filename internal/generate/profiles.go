package generate

import (
	"fmt"
	"io/fs"
	"os"
	"path"

	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
)

// profiles are the forms of the profiles that binaries embed.
func profiles(root string) (files, error) {
	tree := os.DirFS(root)
	sources, err := fs.Glob(tree, "profiles/*/profile.yaml")
	if err != nil {
		return nil, err
	}
	out := files{}
	for _, source := range sources {
		text, err := fs.ReadFile(tree, source)
		if err != nil {
			return nil, err
		}
		compiled, err := profilefile.Compile(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source, err)
		}
		out[path.Dir(source)+"/profile.json"] = compiled
	}
	return out, nil
}
