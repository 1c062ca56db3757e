package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/generate"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
)

func checkProfile(_ context.Context, args []string, out io.Writer) error {
	if len(args) != 2 || args[0] != "check" {
		return errors.New("usage: fullmakt profile check FILE")
	}
	p, faults := profilefile.ParseFile(args[1])
	if len(faults) > 0 {
		return faults
	}
	fmt.Fprintf(out, "%s: profile %s is right\n", args[1], p.Key)
	return nil
}

func listEndpoints(_ context.Context, _ []string, out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, e := range api.Endpoints() {
		who := "right " + string(e.Access.Right)
		switch {
		case e.Access.Public != "":
			who = "public: " + e.Access.Public
		case e.Access.Signed != "":
			who = "signed in: " + e.Access.Signed
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.ID, e.Method, e.Path, who)
	}
	return w.Flush()
}

func generateAll(_ context.Context, _ []string, _ io.Writer) error { return generate.All(".") }

func build(ctx context.Context, _ []string, out io.Writer) error {
	return generate.Build(ctx, ".", "dist", out)
}
