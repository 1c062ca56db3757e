// Command empty is the Lambda function that does nothing: what every other one
// costs at its start is measured against it.
package main

import (
	"context"

	"github.com/aws/aws-lambda-go/lambda"
)

type nothing struct{}

func (nothing) Invoke(context.Context, []byte) ([]byte, error) { return []byte("{}"), nil }

func main() { lambda.Start(nothing{}) }
