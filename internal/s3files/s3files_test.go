package s3files

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mototest"
)

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret", SessionToken: "session"}, nil
})

// What is put comes back by the link, as it was and with its name.
func TestPutOnMoto(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 2, 9, 0, 0, 0, time.UTC)
	c := Config{
		Region: "eu-north-1", Endpoint: mototest.Start(t), Bucket: "files-test", Prefix: "exports/", Credentials: credentials,
		Clock: func() time.Time { return now },
	}
	admin := client(c)
	_, err := admin.CreateBucket(t.Context(), &s3.CreateBucketInput{
		Bucket: &c.Bucket, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraintEuNorth1},
	})
	if err != nil {
		t.Fatal(err)
	}
	files := New(c)
	content := strings.NewReader("skipped" + strings.Repeat("åäö;", 300_000))
	if _, err := content.Seek(7, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	link, expires, err := files.Put(t.Context(), "users-2026-11-02.csv", "text/csv; charset=utf-8", content)
	if err != nil {
		t.Fatal(err)
	}
	if !expires.Equal(now.Add(domain.FileLife)) {
		t.Errorf("it expires at %v", expires)
	}
	res, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK || string(got) != strings.Repeat("åäö;", 300_000) {
		t.Errorf("%d, %d bytes, %v", res.StatusCode, len(got), err)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": "attachment; filename=users-2026-11-02.csv", "Cache-Control": "no-store",
		"X-Amz-Server-Side-Encryption": "AES256",
	} {
		if res.Header.Get(name) != want {
			t.Errorf("%s: %q", name, res.Header.Get(name))
		}
	}
	objects, err := admin.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &c.Bucket})
	if err != nil || len(objects.Contents) != 1 || !regexp.MustCompile(`^exports/[A-Z2-7]{26}/users-2026-11-02[.]csv$`).MatchString(aws.ToString(objects.Contents[0].Key)) {
		t.Errorf("objects %+v, %v", objects, err)
	}

	c.Bucket = "no-such-bucket"
	if _, _, err := New(c).Put(t.Context(), "x", "text/csv", strings.NewReader("")); !errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("without a bucket: %v", err)
	}
}

// Links are signed for five minutes and for nothing but fetching that object.
func TestLinks(t *testing.T) {
	t.Parallel()
	put := make(chan *http.Request, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		put <- r
	}))
	t.Cleanup(server.Close)
	files := New(Config{Region: "eu-north-1", Endpoint: server.URL, Bucket: "b", Prefix: "exports/", Credentials: credentials})
	link, _, err := files.Put(t.Context(), "å.xlsx", "x/y", strings.NewReader("content"))
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(link)
	if err != nil {
		t.Fatal(err)
	}
	r := <-put
	if r.Method != http.MethodPut || r.URL.Path != u.Path || !strings.HasSuffix(u.Path, "/å.xlsx") || r.ContentLength < 7 {
		t.Errorf("%s %s for %s", r.Method, r.URL, link)
	}
	if r.Header.Get("X-Amz-Server-Side-Encryption") != "AES256" || !strings.Contains(r.Header.Get("Authorization"), "/eu-north-1/s3/aws4_request") {
		t.Errorf("headers %v", r.Header)
	}
	q := u.Query()
	if q.Get("X-Amz-Expires") != "300" || q.Get("X-Amz-SignedHeaders") != "host" || q.Get("X-Amz-Signature") == "" || q.Get("X-Amz-Security-Token") != "session" {
		t.Errorf("query %v", q)
	}
	// In AWS the bucket is a host of its own, reached by TLS.
	c := Config{Region: "eu-north-1", Bucket: "files", Credentials: credentials}
	signed, err := s3.NewPresignClient(client(c)).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &c.Bucket, Key: aws.String("k")})
	if err != nil || !strings.HasPrefix(signed.URL, "https://files.s3.eu-north-1.amazonaws.com/k?") {
		t.Errorf("%v, %v", signed, err)
	}
}
