package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"text/tabwriter"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/generate"
	"github.com/fullmakt/fullmakt/internal/profile/profilefile"
	"github.com/fullmakt/fullmakt/internal/requirements"
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

// alone refuses arguments of a command that takes none.
func alone(name string, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("fullmakt %s takes no arguments: %q", name, args[0])
	}
	return nil
}

func listEndpoints(_ context.Context, args []string, out io.Writer) error {
	if err := alone("endpoints", args); err != nil {
		return err
	}
	w := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	for _, e := range api.Endpoints() {
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", e.ID, e.Method, e.Path, who(e.Access))
	}
	return w.Flush()
}

// who says who may call.
func who(a endpoint.Access) string {
	switch {
	case a.Public != "":
		return "public: " + a.Public
	case a.Signed != "":
		return "signed in: " + a.Signed
	case a.Service != "":
		return "service client: " + string(a.Service)
	case a.Somewhere:
		return "right, at least somewhere: " + string(a.Right)
	case a.Self:
		return "oneself, or right: " + string(a.Right)
	}
	return "right: " + string(a.Right)
}

func generateAll(_ context.Context, args []string, _ io.Writer) error {
	if err := alone("generate", args); err != nil {
		return err
	}
	return generate.All(".")
}

func build(ctx context.Context, args []string, out io.Writer) error {
	target := generate.Lambda
	var dist string
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	flags.StringVar(&target.Arch, "arch", target.Arch, "architecture, as Go names it")
	flags.StringVar(&dist, "out", "dist", "folder of the built functions, which is replaced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := alone("build", flags.Args()); err != nil {
		return err
	}
	return generate.Build(ctx, ".", dist, target, out)
}

func listRequirements(_ context.Context, args []string, out io.Writer) error {
	if err := alone("requirements", args); err != nil {
		return err
	}
	return requirements.Report(out, os.DirFS("."))
}
