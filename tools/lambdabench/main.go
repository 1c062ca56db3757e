// Command lambdabench measures the real functions beside one that does nothing,
// and fails when more endpoints than may be take longer than twice that to start.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fullmakt/fullmakt/internal/lambdabench"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "lambdabench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context) error {
	starts := flag.Int("starts", 40, "how often every function is started")
	answers := flag.Int("answers", 4, "how often its first and its warm answer are measured")
	write := flag.Bool("write", false, "measure what requests cost too, and write "+lambdabench.Page)
	only := flag.Bool("costs", false, "nothing but what requests cost, written too")
	flag.Parse()
	if *starts < 1 || *answers < 1 || flag.NArg() > 0 {
		return errors.New("usage: lambdabench [-starts N] [-answers N] [-write | -costs], in the root of the repository")
	}
	const root = "."
	bin, err := os.MkdirTemp("", "functions-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	if err := lambdabench.Compile(ctx, root, bin); err != nil {
		return err
	}
	bench := lambdabench.Bench{Root: root, Bin: bin}
	if *only {
		return writeCosts(ctx, bench, nil)
	}
	times, err := bench.Times(ctx, *starts, *answers)
	if err != nil {
		return err
	}
	fmt.Print(times)
	if *write {
		if err := writeCosts(ctx, bench, times); err != nil {
			return err
		}
	}
	if err := times.Check(); err != nil {
		return err
	}
	fmt.Println(times.Verdict())
	return nil
}

// writeCosts measures what requests cost, and writes it and the times.
func writeCosts(ctx context.Context, bench lambdabench.Bench, times *lambdabench.Times) error {
	costs, err := bench.Costs(ctx)
	if err != nil {
		return err
	}
	fmt.Print(lambdabench.Costs(costs))
	return lambdabench.Write(bench.Root, costs, times)
}
