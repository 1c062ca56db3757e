// Package awscred hands AWS clients the credentials that a Lambda function
// finds in its environment. Loading the SDK's whole configuration for three
// variables would cost more than the rest of a function's start.
package awscred

import (
	"context"
	"errors"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Environment provides the credentials of AWS_ACCESS_KEY_ID,
// AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN. They are the execution role's and
// outlive the process, so they do not expire. It is an error when one of the
// first two is not set.
var Environment aws.CredentialsProvider = aws.CredentialsProviderFunc(environment)

func environment(context.Context) (aws.Credentials, error) {
	c := aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken:    os.Getenv("AWS_SESSION_TOKEN"),
		Source:          "environment",
	}
	if !c.HasKeys() {
		return aws.Credentials{}, errors.New("no AWS credentials in the environment: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
	}
	return c, nil
}
