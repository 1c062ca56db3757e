// Package s3files keeps files in a bucket of S3 for who has their link.
package s3files

import (
	"context"
	"crypto/rand"
	"fmt"
	"io"
	"mime"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fullmakt/fullmakt/internal/awscred"
	"github.com/fullmakt/fullmakt/internal/domain"
)

// Config says which bucket it is. Its own rule deletes what is in it.
type Config struct {
	Region      string
	Endpoint    string // empty: the region's own
	Bucket      string
	Prefix      string                  // of the names of all objects
	Credentials aws.CredentialsProvider // nil: awscred.Environment
	Clock       func() time.Time        // of what is told of the links' end; nil: the system's
}

// New makes the files of a bucket. The client is built at the first of them.
func New(c Config) domain.Files {
	if c.Clock == nil {
		c.Clock = time.Now
	}
	return &files{config: c, client: sync.OnceValue(func() *s3.Client { return client(c) })}
}

type files struct {
	config Config
	client func() *s3.Client
}

// Put implements domain.Files. A link is signed with the function's own
// credentials, and opens as long as both count.
func (f *files) Put(ctx context.Context, name, contentType string, r io.ReadSeeker) (url string, expiresAt time.Time, err error) {
	bucket, key := aws.String(f.config.Bucket), aws.String(f.config.Prefix+rand.Text()+"/"+name)
	disposition := mime.FormatMediaType("attachment", map[string]string{"filename": name})
	_, err = f.client().PutObject(ctx, &s3.PutObjectInput{
		Bucket: bucket, Key: key, Body: r, ContentType: &contentType, ContentDisposition: &disposition,
		CacheControl: aws.String("no-store"), ServerSideEncryption: types.ServerSideEncryptionAes256,
	})
	if err != nil {
		return "", time.Time{}, domain.ErrUnavailable.Because(fmt.Errorf("s3: put object: %w", err))
	}
	expiresAt = f.config.Clock().Add(domain.FileLife)
	signed, err := s3.NewPresignClient(f.client(), s3.WithPresignExpires(domain.FileLife)).
		PresignGetObject(ctx, &s3.GetObjectInput{Bucket: bucket, Key: key})
	if err != nil {
		return "", time.Time{}, fmt.Errorf("s3: sign a link: %w", err)
	}
	return signed.URL, expiresAt, nil
}

func client(c Config) *s3.Client {
	o := s3.Options{Region: c.Region, Credentials: c.Credentials}
	if o.Credentials == nil {
		o.Credentials = awscred.Environment
	}
	if c.Endpoint != "" {
		o.BaseEndpoint, o.UsePathStyle = &c.Endpoint, true
	}
	return s3.New(o)
}
