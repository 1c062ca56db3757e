package dynamotable

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
)

// Config says which table is meant and how it is reached.
type Config struct {
	Region string
	Table  string
	// Endpoint is a base URL instead of the region's own; for DynamoDB Local.
	Endpoint string
	// Credentials of nil are those that Lambda puts into the environment.
	Credentials aws.CredentialsProvider
	// Transport of nil is the driver's own, with time-outs. Any other has to
	// bring its own; tests put faults here.
	Transport http.RoundTripper
}

// NewClient returns a client for CreateTable and for tests. It is built from
// what is given and the environment's credentials only: reading the shared
// configuration files, as is usual, would double the start of a Lambda.
func NewClient(cfg Config) *dynamodb.Client {
	options := dynamodb.Options{
		Region:      cfg.Region,
		Credentials: cfg.Credentials,
		Retryer:     retryer,
		HTTPClient:  newHTTPClient(cfg.Transport),
	}
	if cfg.Endpoint != "" {
		options.BaseEndpoint = &cfg.Endpoint
	}
	if cfg.Credentials == nil {
		options.Credentials = aws.CredentialsProviderFunc(lambdaCredentials)
	}
	return dynamodb.New(options)
}

func newHTTPClient(transport http.RoundTripper) *http.Client {
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	if transport == nil {
		// DynamoDB answers within 30 ms. What takes seconds is a lost
		// connection, and a new one is the cure.
		client.Timeout = 3 * time.Second
		client.Transport = &http.Transport{
			DialContext:         (&net.Dialer{Timeout: time.Second}).DialContext,
			MaxIdleConnsPerHost: 32,
			IdleConnTimeout:     time.Minute,
		}
	}
	return client
}

func lambdaCredentials(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !c.HasKeys() {
		return c, errors.New("dynamotable: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
	}
	return c, nil
}
