package kmsmint

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/mototest"
)

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
})

func TestMintOnMoto(t *testing.T) {
	t.Parallel()
	config := Config{Region: "eu-north-1", Endpoint: mototest.Start(t), Credentials: credentials}
	admin := client(config)
	create := func(spec types.KeySpec, usage types.KeyUsageType) string {
		out, err := admin.CreateKey(t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
		if err != nil {
			t.Fatal(err)
		}
		return aws.ToString(out.KeyMetadata.KeyId)
	}
	minter := func(key string) domain.Minter {
		c := config
		c.KeyID = key
		return New(c)
	}
	key := create(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)

	seen := map[domain.Secret]string{{}: "nothing"}
	for name, mac := range map[string]struct {
		mint    domain.Minter
		message string
	}{
		"a message":                  {minter(key), "link\x00activation"},
		"another message":            {minter(key), "link\x00password-reset"},
		"a message with another key": {minter(create(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac)), "link\x00activation"},
	} {
		first, err := mac.mint([]byte(mac.message))
		if err != nil {
			t.Fatal(err)
		}
		again, err := mac.mint([]byte(mac.message))
		if err != nil {
			t.Fatal(err)
		}
		if first != again {
			t.Errorf("%s: two MACs", name)
		}
		if other, ok := seen[first]; ok {
			t.Errorf("%s has the MAC of %s", name, other)
		}
		seen[first] = name
	}

	// KMS vouches that it is the MAC of that key.
	mac, err := minter(key)([]byte("link"))
	if err != nil {
		t.Fatal(err)
	}
	verified, err := admin.VerifyMac(t.Context(), &kms.VerifyMacInput{
		KeyId: aws.String(key), MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: []byte("link"), Mac: mac[:],
	})
	if err != nil || !verified.MacValid {
		t.Errorf("%v, %v", verified, err)
	}

	for name, key := range map[string]string{
		"no key":             "11111111-2222-3333-4444-555555555555",
		"a key to encrypt":   create(types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt),
		"an alias of no key": "alias/links",
	} {
		if s, err := minter(key)([]byte("link")); err == nil || s != (domain.Secret{}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A token must not be easy to guess because an answer was wrong.
func TestMintRefusesWrongAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"short mac": `{"Mac": "AAAA"}`,
		"no mac":    `{}`,
		"long mac":  `{"Mac": "` + strings.Repeat("A", 88) + `"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/x-amz-json-1.1")
				w.Write([]byte(answer))
			}))
			t.Cleanup(server.Close)
			s, err := New(Config{Region: "eu-north-1", Endpoint: server.URL, KeyID: "k", Credentials: credentials})([]byte("link"))
			if err == nil || !strings.Contains(err.Error(), "bytes") || s != (domain.Secret{}) {
				t.Errorf("%v", err)
			}
		})
	}
}

func TestMintDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	start := time.Now()
	if _, err := New(Config{Region: "eu-north-1", Endpoint: server.URL, KeyID: "k", Credentials: credentials})([]byte("link")); err == nil {
		t.Error("no error")
	}
	if took := time.Since(start); took > 2*patience {
		t.Errorf("took %v", took)
	}
}
