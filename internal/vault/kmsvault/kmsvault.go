// Package kmsvault is a vault whose keys are in AWS KMS, where nobody can read
// them. Each field has a data key of its own, which KMS makes and opens for that
// field only; hashes are MACs that KMS computes.
package kmsvault

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/fullmakt/fullmakt/internal/awscred"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/vault"
)

// Config says which keys there are. A function that only seals, or only
// searches, has only that one.
type Config struct {
	Region      string
	Endpoint    string                  // empty: the region's own
	FieldKey    string                  // id, ARN or alias of a symmetric key, which KMS rotates
	IndexKeys   []string                // of keys of the spec HMAC_256, the newest first
	Credentials aws.CredentialsProvider // nil: awscred.Environment
}

// Vault is a domain.Vault.
type Vault struct {
	Config
	client func() *kms.Client
}

// New makes a vault. Its client is built at the first call.
func New(c Config) *Vault {
	return &Vault{Config: c, client: sync.OnceValue(func() *kms.Client { return client(c) })}
}

// patience bounds one call with its retries, so that what waits for it can
// still say that it was in vain.
const patience = 3 * time.Second

// about is the field for KMS, which writes it into CloudTrail: ids only.
func about(f domain.Field) map[string]string {
	return map[string]string{"organization": string(f.Organization), "person": string(f.Person), "field": f.Name}
}

// Seal encrypts with a new data key, which goes before what it has sealed.
func (v *Vault) Seal(ctx context.Context, field domain.Field, plain string) (domain.SealedField, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := v.client().GenerateDataKey(ctx, &kms.GenerateDataKeyInput{
		KeyId: aws.String(v.FieldKey), KeySpec: types.DataKeySpecAes256, EncryptionContext: about(field),
	})
	if err != nil {
		return domain.SealedField{}, failure("generate data key", err)
	}
	defer clear(out.Plaintext)
	data, err := vault.Seal(out.Plaintext, field, plain)
	if err != nil {
		return domain.SealedField{}, err
	}
	if len(out.CiphertextBlob) == 0 || len(out.CiphertextBlob) > maxDataKey || aws.ToString(out.KeyId) == "" {
		return domain.SealedField{}, fmt.Errorf("kms: a data key that could not be kept")
	}
	sealed := binary.BigEndian.AppendUint16(nil, uint16(len(out.CiphertextBlob))) //nolint:gosec // G115: held to maxDataKey above
	sealed = append(append(sealed, out.CiphertextBlob...), data...)
	return domain.SealedField{Key: *out.KeyId, Data: sealed}, nil
}

// maxDataKey is the longest ciphertext that KMS makes.
const maxDataKey = 6144

// Open asks KMS for the data key, and decrypts with it.
func (v *Vault) Open(ctx context.Context, field domain.Field, sealed domain.SealedField) (string, error) {
	blob, data, err := split(sealed.Data)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	out, err := v.client().Decrypt(ctx, &kms.DecryptInput{
		CiphertextBlob: blob, EncryptionContext: about(field), KeyId: aws.String(sealed.Key),
	})
	if err != nil {
		return "", failure("decrypt", err)
	}
	defer clear(out.Plaintext)
	return vault.Open(out.Plaintext, field, data)
}

func split(sealed []byte) (blob, data []byte, err error) {
	if len(sealed) > 2 {
		if n := int(binary.BigEndian.Uint16(sealed)); n > 0 && n < len(sealed)-2 {
			return sealed[2 : 2+n], sealed[2+n:], nil
		}
	}
	return nil, nil, errors.New("kms: not of the form of a sealed field")
}

// Index asks KMS for the MAC with each key.
func (v *Vault) Index(ctx context.Context, value string) (hashes []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, key := range v.IndexKeys {
		out, err := v.client().GenerateMac(ctx, &kms.GenerateMacInput{
			KeyId: aws.String(key), MacAlgorithm: types.MacAlgorithmSpecHmacSha256, Message: []byte(value),
		})
		if err != nil {
			return nil, failure("generate mac", err)
		}
		if len(out.Mac) != 32 {
			return nil, fmt.Errorf("kms: a mac of %d bytes", len(out.Mac))
		}
		hashes = append(hashes, hex.EncodeToString(out.Mac))
	}
	if len(hashes) == 0 {
		return nil, errors.New("kms: no key to hash with")
	}
	return hashes, nil
}

// failure is ErrUnavailable, whatever keeps KMS from answering: it is down, or
// slow, or the key is closed. Only what it does not recognize is another matter.
func failure(what string, err error) error {
	err = fmt.Errorf("kms: %s: %w", what, err)
	if _, strange := errors.AsType[*types.InvalidCiphertextException](err); strange {
		return err
	}
	return domain.ErrUnavailable.Because(err)
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
