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
	// Transport of nil is the driver's own, with time-outs; tests put faults here.
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
		HTTPClient: &http.Client{
			Transport:     cfg.Transport,
			Timeout:       tryTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if cfg.Endpoint != "" {
		options.BaseEndpoint = &cfg.Endpoint
	}
	if cfg.Credentials == nil {
		options.Credentials = aws.CredentialsProviderFunc(lambdaCredentials)
	}
	if cfg.Transport == nil {
		options.HTTPClient.(*http.Client).Transport = newTransport()
	}
	return dynamodb.New(options)
}

// tryTimeout is for one try as a whole. DynamoDB answers within 30 ms; what
// takes so long is a lost connection, and a new one is the cure.
const tryTimeout = 4 * time.Second

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:           (&net.Dialer{Timeout: time.Second}).DialContext,
		TLSHandshakeTimeout:   2 * time.Second,
		ResponseHeaderTimeout: 2 * time.Second,
		MaxIdleConnsPerHost:   32,
		IdleConnTimeout:       time.Minute,
	}
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
