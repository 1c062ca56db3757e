package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/fullmakt/fullmakt/internal/filelock"
)

// engine runs containers. Host is what DOCKER_HOST has to be; empty is the
// engine that is found without.
type engine struct{ Host string }

// docker runs a command of Docker's and returns what it says.
func (e engine) docker(ctx context.Context, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Env = e.environ(os.Environ())
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("docker %s: %w: %s", args[0], err, bytes.TrimSpace(said.Bytes()))
	}
	return strings.TrimSpace(out.String()), nil
}

func (e engine) environ(base []string) []string {
	if e.Host == "" {
		return base
	}
	return append(base, "DOCKER_HOST="+e.Host)
}

// bridge is where the network of an engine shows.
const bridge = "/sys/class/net/docker0"

// openEngine finds the engine of this machine. If none answers, root starts one,
// which keeps all that it has in dir and ends with what is returned.
func openEngine(ctx context.Context, dir string) (e engine, end func(), err error) {
	if _, err := e.docker(ctx, "version"); err == nil {
		return e, func() {}, nil
	}
	binary, err := exec.LookPath("dockerd")
	if err != nil || os.Getuid() != 0 {
		return e, nil, errors.New("no container engine answers: start Docker, or be root and have dockerd " +
			"(on Debian: apt-get install docker.io), which is then started for the time")
	}
	// Two engines would have one network, and functions of one answer the other's calls.
	release, err := filelock.Take(filepath.Join(os.TempDir(), "fullmakt-sam.lock"))
	if errors.Is(err, filelock.ErrTaken) {
		return e, nil, errors.New("another SAM of this project runs on this machine, with an engine of its own: end that first")
	}
	if err != nil {
		return e, nil, err
	}
	_, err = os.Stat(bridge)
	bridged := err == nil
	e.Host = "unix://" + filepath.Join(dir, "docker.sock")
	// Functions talk to this machine only, and SAM to them through a proxy of
	// dockerd's. That needs no rule in the firewall and no forwarding.
	d, err := startServer(filepath.Join(dir, "dockerd.log"), exec.Command(binary, "--host", e.Host,
		"--data-root", filepath.Join(dir, "data"), "--exec-root", filepath.Join(dir, "exec"), "--pidfile", filepath.Join(dir, "dockerd.pid"),
		"--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false"))
	if err != nil {
		return e, nil, err
	}
	end = func() {
		d.stop()
		if !bridged {
			// Without the command it stays, and does nothing.
			_ = exec.Command("ip", "link", "delete", filepath.Base(bridge)).Run()
		}
		_ = release() // which the end of the process does, too
	}
	if err := d.await(ctx, func() error { _, err := e.docker(ctx, "version"); return err }); err != nil {
		end()
		return e, nil, err
	}
	return e, end, nil
}

// architecture is this machine's, as Lambda names it.
func architecture() string {
	if runtime.GOARCH == "amd64" {
		return "x86_64"
	}
	return runtime.GOARCH
}

// Images that functions can run in.
const (
	imageStock = "stock" // AWS's own
	imageBuilt = "built" // made here
	imageAny   = "any"   // AWS's own if it can be had
)

// pullWithin is how long a registry may take.
const pullWithin = 2 * time.Minute

// image gets the image for functions ready, and returns what SAM has to be told
// of it: nothing, if it is AWS's own.
func (e engine) image(ctx context.Context, which, dir string) (name string, err error) {
	stock := "public.ecr.aws/lambda/provided:al2023-" + architecture()
	switch which {
	case imageBuilt:
		return builtImage, e.buildImage(ctx, dir)
	case imageStock, imageAny:
	default:
		return "", fmt.Errorf("--image: there are %s, %s and %s, and no %q", imageAny, imageStock, imageBuilt, which)
	}
	if _, err = e.docker(ctx, "image", "inspect", stock); err != nil {
		pulling, cancel := context.WithTimeout(ctx, pullWithin)
		defer cancel()
		_, err = e.docker(pulling, "pull", "--quiet", stock)
	}
	if err == nil || which == imageStock {
		return "", err
	}
	fmt.Println("no image from a registry, so one is made here:", err)
	return builtImage, e.buildImage(ctx, dir)
}

// builtImage is the name, for SAM, of the image that is made here.
const builtImage = "fullmakt/lambda"

// buildImage makes the image from what the SAM package brings.
func (e engine) buildImage(ctx context.Context, dir string) error {
	context := filepath.Join(dir, "image")
	if err := os.Mkdir(context, 0o755); err != nil {
		return err
	}
	packages := filepath.Join(venv, "lib", "python3*", "site-packages")
	for name, pattern := range map[string]string{
		"aws-lambda-rie": filepath.Join(packages, "samcli", "local", "rapid", "aws-lambda-rie-"+architecture()),
		"cacert.pem":     filepath.Join(packages, "certifi", "cacert.pem"),
	} {
		found, err := filepath.Glob(pattern)
		if err != nil { // a pattern of ours that is none
			return err
		}
		if len(found) != 1 {
			return fmt.Errorf("%s is not there once (%q): the image is made of what aws-sam-cli brings", pattern, found)
		}
		data, err := os.ReadFile(found[0])
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(context, name), data, 0o755); err != nil {
			return err
		}
	}
	_, err := e.docker(ctx, "build", "--quiet", "--file", "tools/sam/Dockerfile", "--tag", builtImage+":rapid-"+architecture(), context)
	return err
}
