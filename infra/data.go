package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsdynamodb"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/table"
)

// dataStack makes the table, which outlives every stack, the keys of what is
// encrypted in it, and the bucket of files. It returns the ARNs of the table's
// stream and of the keys.
//
// The table has a name: functions and policies know it by that, and a change
// that would replace it, which is to lose it, fails instead. Its key at rest is
// the one that AWS manages: its use is in CloudTrail, and unlike with one of
// ours nobody can delete it, and no role needs rights to it. The stream holds
// keys only: mail-dispatch reads the outbox item itself, and no copy of
// personal data stays a day in the stream.
func dataStack(app constructs.Construct, c *Config) (stack awscdk.Stack, stream *string, keys vaultKeys) {
	stack = newStack(app, c, "data", "Fullmakt: the table, the keys of its vault, and the bucket of files.", true)
	schema := table.TheSchema
	t := awsdynamodb.NewTable(stack, jsii.String("table"), &awsdynamodb.TableProps{
		TableName:           jsii.String(c.Name()),
		PartitionKey:        text(schema.PK),
		SortKey:             text(schema.SK),
		BillingMode:         awsdynamodb.BillingMode_PAY_PER_REQUEST,
		Encryption:          awsdynamodb.TableEncryption_AWS_MANAGED,
		TimeToLiveAttribute: &schema.Expires,
		Stream:              awsdynamodb.StreamViewType_KEYS_ONLY,
		PointInTimeRecoverySpecification: &awsdynamodb.PointInTimeRecoverySpecification{
			PointInTimeRecoveryEnabled: jsii.Bool(true),
		},
		DeletionProtection: jsii.Bool(true),
		RemovalPolicy:      awscdk.RemovalPolicy_RETAIN,
	})
	for _, index := range schema.Indexes {
		t.AddGlobalSecondaryIndex(&awsdynamodb.GlobalSecondaryIndexProps{
			IndexName:      jsii.String(string(index.Name)),
			PartitionKey:   text(index.PK),
			SortKey:        text(index.SK),
			ProjectionType: awsdynamodb.ProjectionType_ALL,
		})
	}
	fileBucket(stack, c)
	stream = t.TableStreamArn()
	if c.Restored != nil {
		// The mail stack refers to the other one's; until it has been deployed with that,
		// this one's must stay.
		stack.ExportValue(stream, nil)
		stream = &c.Restored.Stream
	}
	return stack, stream, newVaultKeys(stack, c)
}

// fileBucket makes the bucket for files that are fetched by a link. Nothing in
// it is older than a day or two: the link ends after minutes, and S3 deletes
// once a day. No versions are kept, which would outlive that.
func fileBucket(stack awscdk.Stack, c *Config) {
	bucket := awss3.NewBucket(stack, jsii.String("files"), &awss3.BucketProps{
		BucketName:        &c.FileBucket,
		BlockPublicAccess: awss3.BlockPublicAccess_BLOCK_ALL(),
		ObjectOwnership:   awss3.ObjectOwnership_BUCKET_OWNER_ENFORCED,
		Encryption:        awss3.BucketEncryption_S3_MANAGED,
		EnforceSSL:        jsii.Bool(true),
		MinimumTLSVersion: jsii.Number(1.2),
		LifecycleRules: &[]*awss3.LifecycleRule{{
			Expiration: awscdk.Duration_Days(jsii.Number(1)), AbortIncompleteMultipartUploadAfter: awscdk.Duration_Days(jsii.Number(1)),
		}},
		RemovalPolicy: awscdk.RemovalPolicy_RETAIN,
	})
	except(bucket, "AwsSolutions-S1", "Who exported what is in the audit; S3's logs would hold addresses, and links that still open.")
}

func text(name string) *awsdynamodb.Attribute {
	return &awsdynamodb.Attribute{Name: &name, Type: awsdynamodb.AttributeType_STRING}
}
