package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

const (
	startWithin = time.Minute // generous: the machine may be busy
	stopWithin  = 30 * time.Second
)

// server is a program that runs beside this one.
type server struct {
	cmd   *exec.Cmd
	log   string // file of what it says; empty: it says it to whoever looks on
	ended chan struct{}
}

// startServer starts a program whose words go to a file, or, without one, to
// where its command says.
func startServer(log string, cmd *exec.Cmd) (*server, error) {
	if log != "" {
		f, err := os.Create(log)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		cmd.Stdout, cmd.Stderr = f, f
	}
	orphanless(cmd)
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &server{cmd: cmd, log: log, ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait()
		close(s.ended)
	}()
	return s, nil
}

// await returns when the server is ready.
func (s *server) await(ctx context.Context, ready func() error) error {
	late := time.After(startWithin)
	for {
		err := ready()
		if err == nil {
			return nil
		}
		select {
		case <-time.After(100 * time.Millisecond):
			continue
		case <-ctx.Done():
			return ctx.Err()
		case <-s.ended:
			err = errors.New("it ended")
		case <-late:
		}
		return fmt.Errorf("%s is not ready: %w\n%s", s.cmd.Path, err, s.said())
	}
}

// said is the end of what the server has said.
func (s *server) said() string {
	const most = 8000
	data, err := os.ReadFile(s.log)
	if err != nil {
		return err.Error()
	}
	return string(data[max(0, len(data)-most):])
}

// stop lets the server end, and returns when it has.
func (s *server) stop() {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-s.ended:
	case <-time.After(stopWithin):
		_ = s.cmd.Process.Kill()
		<-s.ended
	}
}
