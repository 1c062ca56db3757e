package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
)

const (
	venv    = ".tools/sam"
	home    = ".local/sam"           // what make has built, and what runs
	running = home + "/running.json" // the stage of `sam api`, while there is one
)

// stage is all that functions are run with.
type stage struct {
	Engine    engine
	Network   string // of the engine's, in which the services are reached
	Image     string // empty: AWS's own
	Variables string // file of the values of variables that templates leave empty
	Services  services
	Base      string // of the API and of the links in mails

	dir       string // what the stage keeps while there is one
	functions assembly
	ends      []func()
}

// openStage builds a stage for an API on a port of 127.0.0.1. What it has opened
// is closed also if it fails.
func openStage(ctx context.Context, image string, port int) (*stage, error) {
	s := &stage{Base: fmt.Sprintf("http://127.0.0.1:%d", port)}
	if err := s.open(ctx, image); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *stage) open(ctx context.Context, image string) (err error) {
	if s.functions, err = readAssembly(home + "/cdk.out"); err != nil {
		return fmt.Errorf("%w: make sam writes them", err)
	}
	if s.dir, err = os.MkdirTemp("", "fullmakt-sam-"); err != nil {
		return err
	}
	s.ends = append(s.ends, func() {
		if err := os.RemoveAll(s.dir); err != nil {
			fmt.Fprintln(os.Stderr, "sam:", err)
		}
	})
	var end func()
	if s.Engine, end, err = openEngine(ctx, s.dir); err != nil {
		return err
	}
	s.ends = append(s.ends, end)
	if s.Image, err = s.Engine.image(ctx, image, s.dir); err != nil {
		return err
	}
	gateway, err := s.openNetwork(ctx)
	if err != nil {
		return err
	}
	if s.Services, end, err = openServices(ctx, gateway, s.functions); err != nil {
		return err
	}
	s.ends = append(s.ends, end)
	s.Variables = filepath.Join(s.dir, "variables.json")
	return write(s.Variables, map[string]any{"Parameters": map[string]string{
		"AWS_ENDPOINT_URL_DYNAMODB": s.Services.DynamoDB,
		"AWS_ENDPOINT_URL_KMS":      s.Services.AWS,
		"AWS_ENDPOINT_URL_S3":       s.Services.AWS,
		"AWS_ENDPOINT_URL_SES":      s.Services.AWS,
		awsapp.EnvPortalURL:         s.Base, // the portal's pages are there too
	}})
}

// openNetwork makes a network of the stage's own, and returns the address that
// this machine has in it.
func (s *stage) openNetwork(ctx context.Context) (gateway string, err error) {
	s.Network = filepath.Base(s.dir)
	if _, err = s.Engine.docker(ctx, "network", "create", s.Network); err != nil {
		return "", err
	}
	s.ends = append(s.ends, func() {
		ctx, cancel := context.WithTimeout(context.Background(), stopWithin)
		defer cancel()
		if _, err := s.Engine.docker(ctx, "network", "rm", s.Network); err != nil {
			fmt.Fprintln(os.Stderr, "sam:", err)
		}
	})
	return s.Engine.docker(ctx, "network", "inspect", "--format", "{{(index .IPAM.Config 0).Gateway}}", s.Network)
}

// close takes the stage down, the newest first.
func (s *stage) close() {
	for _, end := range slices.Backward(s.ends) {
		end()
	}
	s.ends = nil
}

// runningStage is the one that `sam api` has made, if that runs; nil if not.
func runningStage(ctx context.Context) (*stage, error) {
	data, err := os.ReadFile(running)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	s := &stage{}
	if err := json.Unmarshal(data, s); err != nil {
		return nil, fmt.Errorf("%s: %w", running, err)
	}
	if _, err := s.Services.mails(ctx); err != nil {
		return nil, os.Remove(running) // it was killed, and could not do so itself
	}
	s.functions, err = readAssembly(home + "/cdk.out")
	return s, err
}

func write(file string, value any) error {
	data, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o600)
}

// sam is a command of SAM's on a template.
func (s *stage) sam(ctx context.Context, command, template string, args ...string) *exec.Cmd {
	args = append([]string{
		"local", command, "--template", template, "--env-vars", s.Variables, "--docker-network", s.Network, "--skip-pull-image",
	}, args...)
	if s.Image != "" {
		args = append(args, "--invoke-image", s.Image)
	}
	cmd := exec.CommandContext(ctx, venv+"/bin/sam", args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = stopWithin
	// Functions get the credentials that SAM has, so it has none but these.
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "AWS_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(s.Engine.environ(cmd.Env),
		"AWS_ACCESS_KEY_ID="+dynamolocal.AccessKey, "AWS_SECRET_ACCESS_KEY="+dynamolocal.SecretKey, "AWS_REGION="+dynamolocal.Region,
		"AWS_DEFAULT_REGION="+dynamolocal.Region, "AWS_CONFIG_FILE="+os.DevNull, "AWS_SHARED_CREDENTIALS_FILE="+os.DevNull,
		"AWS_ENDPOINT_URL_STS="+s.Services.AWS, // SAM asks whose account it is
		"SAM_CLI_TELEMETRY=0",
	)
	return cmd
}

// serve starts one of SAM's servers on a template. Each function starts once,
// when it is first called. It says what it does into a file, or to the screen.
func (s *stage) serve(ctx context.Context, command, template, log string, port int) (*server, error) {
	address := fmt.Sprintf("127.0.0.1:%d", port)
	if taken, err := net.Listen("tcp", address); err != nil {
		return nil, fmt.Errorf("--port: %w", err)
	} else if err := taken.Close(); err != nil {
		return nil, err
	}
	// It is stopped in its turn, and not with the context.
	cmd := s.sam(context.WithoutCancel(ctx), command, template, "--warm-containers", "LAZY", "--port", fmt.Sprint(port))
	if log == "" {
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	}
	server, err := startServer(log, cmd)
	if err != nil {
		return nil, err
	}
	s.ends = append(s.ends, server.stop)
	return server, server.await(ctx, func() error {
		c, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			err = c.Close()
		}
		return err
	})
}

// jobs starts SAM's Lambda for the functions of a job's stack, and returns how
// to invoke them.
func (s *stage) jobs(ctx context.Context, template, log string) (invoke func(id, event string) ([]byte, error), err error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	if _, err := s.serve(ctx, "start-lambda", template, log, port); err != nil {
		return nil, err
	}
	return func(id, event string) ([]byte, error) {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost,
			fmt.Sprintf("http://127.0.0.1:%d/2015-03-31/functions/%s/invocations", port, id), strings.NewReader(event))
		if err != nil {
			return nil, err
		}
		header, out, err := do(r)
		if err == nil && header.Get("X-Amz-Function-Error") != "" {
			err = fmt.Errorf("%s failed: %s", id, out)
		}
		return out, err
	}, nil
}

// freePort is a port that nothing listens to.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	return l.Addr().(*net.TCPAddr).Port, l.Close()
}
