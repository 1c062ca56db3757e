package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/fullmakt/fullmakt/internal/app/localapp"
	"github.com/fullmakt/fullmakt/internal/job/vaultrotate"
	"github.com/fullmakt/fullmakt/internal/table/sqlitetable"
	"github.com/fullmakt/fullmakt/internal/vault/localvault"
)

// vaultKeys is where a local store's vault has its keys. They lie beside the
// database, not in it: who copies the table reads no national id.
func vaultKeys(data string) string { return filepath.Join(data, "vault.keys") }

// rotateVault adds a key to a local store's vault, and seals everything with it.
// A server on the same store goes on, and has the new key at once.
func rotateVault(ctx context.Context, args []string, out io.Writer) (err error) {
	if len(args) == 0 || args[0] != "rotate" {
		return errors.New("usage: fullmakt vault rotate [flags]")
	}
	var data, name string
	flags := flag.NewFlagSet("vault rotate", flag.ContinueOnError)
	flags.StringVar(&data, "data", "", "directory of the database (default: .local/ and the profile's key)")
	flags.StringVar(&name, "profile", defaultProfile, "name of the profile, or a profile file")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("vault rotate takes no arguments, only flags: %q", flags.Arg(0))
	}
	p, _, err := openProfile(name, false)
	if err != nil {
		return err
	}
	if data == "" {
		data = filepath.Join(".local", p.Key)
	}
	database := filepath.Join(data, "fullmakt.db")
	if _, err := os.Stat(database); err != nil {
		return fmt.Errorf("--data: there is no store: %w", err)
	}
	t, err := sqlitetable.Open(database)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Close()) }()
	keys, err := localvault.Add(vaultKeys(data))
	if err != nil {
		return err
	}
	app := localapp.New(localapp.Config{
		Table: t, Profile: p, Vault: localvault.File(vaultKeys(data)), Log: slog.New(slog.NewJSONHandler(os.Stderr, nil)),
	})
	result, err := app.Run(ctx, vaultrotate.ID, nil)
	if err != nil {
		return err
	}
	done := result.(vaultrotate.Result)
	fmt.Fprintf(out, "Key %s is the newest. %d of %d national ids are sealed with it anew.\n", keys[0].ID, done.Resealed, done.Seen)
	return nil
}
