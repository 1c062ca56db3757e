// Package lambdabench measures the functions as Lambda runs them: their real
// binaries under the Runtime API, beside a function that does nothing. What a
// request costs in calls and units is the same every time; how long it takes is
// told as ratios. docs/performance.md holds both.
package lambdabench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/generate"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/internal/sample"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
	"github.com/fullmakt/fullmakt/internal/vault/kmsvault"
	"github.com/fullmakt/fullmakt/portal"
)

// Empty is the function that does nothing.
const Empty = "empty"

// Function is one of functions/.
type Function struct {
	ID    string
	Needs []endpoint.Need
	// Endpoint tells it from a job, and from the portal's pages.
	Endpoint bool
}

// Functions are all, endpoints first.
func Functions() (all []Function) {
	for _, e := range api.Endpoints() {
		all = append(all, Function{ID: e.ID, Needs: e.Needs, Endpoint: true})
	}
	for _, j := range jobs.All() {
		all = append(all, Function{ID: j.ID, Needs: j.Needs})
	}
	return append(all, Function{ID: portal.ID})
}

// Compile builds all functions of the repository at root, and the empty one, for
// this machine into the folder bin.
func Compile(ctx context.Context, root, bin string) error {
	here := generate.Target{OS: runtime.GOOS, Arch: runtime.GOARCH}
	return generate.Compile(ctx, root, bin, here, os.Stderr, "./functions/...", "./internal/runtimetest/testdata/empty")
}

// Bench measures the functions that are compiled in a folder.
type Bench struct {
	Root string // of the repository
	Bin  string
}

func (b Bench) event(f Function) ([]byte, error) {
	if f.ID == Empty {
		return []byte("{}"), nil
	}
	return os.ReadFile(filepath.Join(b.Root, "events", f.ID+".json"))
}

// stage is what a function has to do with: a table with the sample data, and
// services that stand for the other ones of AWS.
type stage struct {
	scratch  *dynamolocal.Scratch
	services *runtimeapi.Services
	unseeded bool

	mu     sync.Mutex
	faults []error // of the calls to the services
}

func newStage(ctx context.Context, f Function) (*stage, error) {
	// What starts the system finds nothing in the table.
	s := &stage{unseeded: f.ID == "store-bootstrap"}
	var err error
	if s.services, err = runtimeapi.StartServices(s.fault); err != nil {
		return nil, err
	}
	if s.scratch, err = dynamolocal.NewScratch(ctx); err != nil {
		s.services.Stop()
		return nil, err
	}
	if err := s.seed(ctx); err != nil {
		return nil, errors.Join(err, s.close(ctx))
	}
	return s, nil
}

func (s *stage) fault(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, fmt.Errorf(format, args...))
}

func (s *stage) seed(ctx context.Context) error {
	if s.unseeded {
		return nil
	}
	vault := kmsvault.New(kmsvault.Config{
		Region: runtimeapi.Region, Endpoint: s.services.URL, FieldKey: runtimeapi.FieldKey, IndexKeys: []string{runtimeapi.IndexKey},
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: runtimeapi.AccessKey, SecretAccessKey: "secret", SessionToken: "token"}, nil
		}),
	})
	hash, err := sampleHash()
	if err != nil {
		return err
	}
	return sample.Seed(ctx, store.New(dynamotable.New(s.scratch.Config)), vault, hash, time.Now())
}

var sampleHash = sync.OnceValues(func() (string, error) { return password.New().Hash(sample.Password) })

// renew puts everything in the table back to where it was.
func (s *stage) renew(ctx context.Context) error {
	if err := s.scratch.Renew(ctx); err != nil {
		return err
	}
	return s.seed(ctx)
}

// environment is that of a function here, whose table is at an address.
func (s *stage) environment(f Function, address string) map[string]string {
	c := s.scratch.Config
	c.Endpoint = address
	return environment(f, c, s.services.URL)
}

// bare tells whether a function has nothing to do with anything.
func (f Function) bare() bool { return f.ID == Empty || f.ID == portal.ID }

func environment(f Function, c dynamotable.Config, services string) map[string]string {
	if f.bare() {
		return nil
	}
	env := runtimeapi.Environment(c, services, f.Needs)
	env[awsapp.EnvProfile] = sample.Profile(f.ID)
	return env
}

// close removes the stage. What went wrong on it is told.
func (s *stage) close(ctx context.Context) error {
	s.services.Stop()
	if err := s.scratch.Drop(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.faults) > 0 {
		return s.faults[0]
	}
	return nil
}
