// Package kmsmint computes the MACs behind one-time links in AWS KMS, where
// nobody can read the key.
package kmsmint

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fullmakt/fullmakt/internal/awscred"
	"github.com/fullmakt/fullmakt/internal/domain"
)

// Config says which key mints.
type Config struct {
	Region      string
	Endpoint    string                  // empty: the region's own
	KeyID       string                  // id, ARN or alias of a key of the spec HMAC_256
	Credentials aws.CredentialsProvider // nil: awscred.Environment
}

// patience bounds one MAC with its retries: a minter has no context.
const patience = 3 * time.Second

// New makes a minter. Its client is built at the first MAC. A MAC is the same
// every time, so the SDK may retry as it likes; an error of the minter may pass.
func New(c Config) domain.Minter {
	built := sync.OnceValue(func() *kms.Client { return client(c) })
	return func(message []byte) (s domain.Secret, err error) {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		out, err := built().GenerateMac(ctx, &kms.GenerateMacInput{
			KeyId: aws.String(c.KeyID), MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: message,
		})
		if err != nil {
			return s, fmt.Errorf("kms: generate mac: %w", err)
		}
		if len(out.Mac) != len(s) {
			return s, fmt.Errorf("kms: a mac of %d bytes, want %d", len(out.Mac), len(s))
		}
		return domain.Secret(out.Mac), nil
	}
}

func client(c Config) *kms.Client {
	o := kms.Options{Region: c.Region, Credentials: c.Credentials}
	if o.Credentials == nil {
		o.Credentials = awscred.Environment
	}
	if c.Endpoint != "" {
		o.BaseEndpoint = aws.String(c.Endpoint)
	}
	return kms.New(o)
}
