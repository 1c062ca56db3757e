package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awskms"
	"github.com/aws/jsii-runtime-go"
)

// vaultKeys are the ARNs of the keys that seal fields of the table, and that
// hash what they are found by. A policy needs those: an alias in one would let
// in whatever key it is moved to.
type vaultKeys struct {
	field   *string
	indexes []*string
}

// newVaultKeys makes them. What they have sealed is lost with them, so they are
// kept. KMS rotates the one that seals, and opens what any version of it has
// sealed. A key that hashes cannot be rotated: another is put before it.
func newVaultKeys(stack awscdk.Stack, c *Config) (keys vaultKeys) {
	keys.field = awskms.NewKey(stack, jsii.String("field-key"), &awskms.KeyProps{
		Alias:             jsii.String(c.FieldKeyAlias()),
		Description:       jsii.String("Encrypted fields of " + c.Name() + "."),
		EnableKeyRotation: jsii.Bool(true),
		RemovalPolicy:     awscdk.RemovalPolicy_RETAIN,
	}).KeyArn()
	for _, name := range c.indexKeys() {
		keys.indexes = append(keys.indexes, awskms.NewKey(stack, jsii.String("index-key-"+name), &awskms.KeyProps{
			Alias:         jsii.String(c.IndexKeyAlias(name)),
			Description:   jsii.String("Hashes of encrypted fields of " + c.Name() + "."),
			KeySpec:       awskms.KeySpec_HMAC_256,
			KeyUsage:      awskms.KeyUsage_GENERATE_VERIFY_MAC,
			RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		}).KeyArn())
	}
	return keys
}

// useFieldKey allows something with the key that seals, for one field of one
// person in one organization.
func useFieldKey(a arns, action string) awsiam.PolicyStatement {
	return allow(map[string]any{
		"StringEquals":              map[string]any{"kms:EncryptionContext:field": "nationalId"},
		"ForAllValues:StringEquals": map[string]any{"kms:EncryptionContextKeys": []string{"organization", "person", "field"}},
		"Null":                      map[string]any{"kms:EncryptionContext:organization": "false", "kms:EncryptionContext:person": "false"},
	}, on(a.vault.field), action)
}
