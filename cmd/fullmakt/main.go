// Command fullmakt is the local server and the tools of the project.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"syscall"
	_ "time/tzdata" // days are days in the organizations' zones, which not every machine knows
)

// command is one of them.
type command struct {
	name    string
	summary string
	run     func(ctx context.Context, args []string, out io.Writer) error
}

var commands = []command{
	{"serve", "runs everything in one process on this machine", serve},
	{"profile", "check FILE: reports every fault of a profile", checkProfile},
	{"endpoints", "lists all endpoints: id, method, path, who may call", listEndpoints},
	{"generate", "writes everything that derives from the registries", generateAll},
	{"build", "builds the Lambda artifacts into dist/, for linux/arm64 unless said otherwise", build},
	{"audit", "verify: holds the audit of a local store against its seals", verifyAudit},
	{"check", "proves of a local store, or of a dump, what must always hold of one", checkStore},
	{"dump", "writes a local store as DynamoDB exports a table", dumpStore},
	{"jobs", "list, run, retry: the jobs of a local store, their noted runs, and what was put aside", runJobs},
	{"mail", "list, retry: the outbox of a local store, and what was given up in it", outbox},
	{"person", "export, erase, ledger, reapply: what is known of somebody, and that it is forgotten", people},
	{"restore", "makes of a dump of an older state a store that can be used, and tries it", restoreStore},
	{"seed", "fills an empty local store with made-up users, for tests of size", seedStore},
	{"vault", "rotate: adds a key to a local store, and seals with it what is encrypted there", rotateVault},
	{"requirements", "lists the requirements and the tests that cover them", listRequirements},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "fullmakt:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	help := len(args) == 0 || slices.Contains([]string{"help", "-h", "--help"}, args[0])
	if !help {
		for _, c := range commands {
			if c.name == args[0] {
				return c.run(ctx, args[1:], out)
			}
		}
	}
	fmt.Fprintln(out, "usage: fullmakt COMMAND [flags]")
	for _, c := range commands {
		fmt.Fprintf(out, "  %-12s %s\n", c.name, c.summary)
	}
	if help {
		return nil
	}
	return fmt.Errorf("there is no command %q", args[0])
}
