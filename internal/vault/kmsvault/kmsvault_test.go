package kmsvault

import (
	"context"
	"errors"
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
	"github.com/fullmakt/fullmakt/internal/vault/vaulttest"
)

var credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
	return aws.Credentials{AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: "secret"}, nil
})

var whose = domain.Field{Organization: "org_1", Person: "usr_1", Name: "nationalId"}

func TestVaultOnMoto(t *testing.T) {
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
	symmetric := func() string { return create(types.KeySpecSymmetricDefault, types.KeyUsageTypeEncryptDecrypt) }
	mac := func() string { return create(types.KeySpecHmac256, types.KeyUsageTypeGenerateVerifyMac) }
	vault := func(field string, index ...string) *Vault {
		c := config
		c.FieldKey, c.IndexKeys = field, index
		return New(c)
	}
	seals, fresh, old, newest := symmetric(), symmetric(), mac(), mac()
	vaulttest.Run(t, vaulttest.Opened{
		Old: vault(seals, old), Both: vault(fresh, newest, old), New: closed{vault(fresh, newest), seals},
	})
}

// closed is a vault that IAM does not let use a key: moto lets everybody use all.
type closed struct {
	*Vault
	key string
}

func (c closed) Open(ctx context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	if strings.HasSuffix(sealed.Key, c.key) {
		sealed.Key = "11111111-2222-3333-4444-555555555555"
	}
	return c.Vault.Open(ctx, field, sealed)
}

// answering is a vault whose KMS says this to everything.
func answering(t *testing.T, status int, body string) *Vault {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return New(Config{Region: "eu-north-1", Endpoint: server.URL, FieldKey: "k", IndexKeys: []string{"i"}, Credentials: credentials})
}

// An answer that is not what was asked for seals nothing and hashes nothing.
func TestWrongAnswersAreRefused(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nothing":   `{}`,
		"short":     `{"KeyId":"k","CiphertextBlob":"AAAA","Plaintext":"AAAA","Mac":"AAAA"}`,
		"no key":    `{"CiphertextBlob":"AAAA","Plaintext":"` + strings.Repeat("A", 43) + `="}`,
		"no blob":   `{"KeyId":"k","Plaintext":"` + strings.Repeat("A", 43) + `="}`,
		"long blob": `{"KeyId":"k","CiphertextBlob":"` + strings.Repeat("AAAA", 3000) + `","Plaintext":"` + strings.Repeat("A", 43) + `="}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			v := answering(t, http.StatusOK, body)
			if s, err := v.Seal(t.Context(), whose, vaulttest.Canary); err == nil || s.Data != nil || strings.Contains(err.Error(), vaulttest.Canary) {
				t.Errorf("sealed: %v", err)
			}
			if hashes, err := v.Index(t.Context(), vaulttest.Canary); err == nil || hashes != nil {
				t.Errorf("hashed: %v, %v", hashes, err)
			}
		})
	}
	if hashes, err := New(Config{}).Index(t.Context(), "x"); err == nil || hashes != nil {
		t.Errorf("hashed without a key: %v", hashes)
	}
}

func TestXF7_WhatKeepsKMSFromAnsweringMayPass(t *testing.T) {
	t.Parallel()
	sealed := domain.SealedField{Key: "k", Data: []byte{0, 1, 7, 8, 9}}
	for _, kind := range []string{"KMSInternalException", "ThrottlingException", "DisabledException", "AccessDeniedException", "KMSInvalidStateException", "NotFoundException"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			v := answering(t, http.StatusBadRequest, `{"__type":"`+kind+`","message":"no"}`)
			_, sealing := v.Seal(t.Context(), whose, vaulttest.Canary)
			_, opening := v.Open(t.Context(), whose, sealed)
			_, hashing := v.Index(t.Context(), vaulttest.Canary)
			for what, err := range map[string]error{"seal": sealing, "open": opening, "index": hashing} {
				if !errors.Is(err, domain.ErrUnavailable) || strings.Contains(err.Error(), vaulttest.Canary) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
	v := answering(t, http.StatusBadRequest, `{"__type":"InvalidCiphertextException"}`)
	if _, err := v.Open(t.Context(), whose, sealed); err == nil || errors.Is(err, domain.ErrUnavailable) {
		t.Errorf("what was changed comes back later: %v", err)
	}
}

func TestItDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	began := time.Now()
	v := New(Config{Region: "eu-north-1", Endpoint: server.URL, FieldKey: "k", Credentials: credentials})
	if _, err := v.Seal(t.Context(), whose, "x"); !errors.Is(err, domain.ErrUnavailable) {
		t.Error(err)
	}
	if took := time.Since(began); took > 2*patience {
		t.Errorf("took %v", took)
	}
}
