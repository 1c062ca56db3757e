// Package awsfiles is what the functions that write files have beyond the
// others: S3, and the library that writes spreadsheets. Nothing else imports it,
// so nothing else carries those.
package awsfiles

import (
	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/s3files"
	"github.com/fullmakt/fullmakt/internal/sheet/xlsxsheet"
)

// Writer gives an endpoint the bucket, and what to fill it with.
var Writer = awsapp.EndpointPart{Need: endpoint.WriteFiles, Wire: writer}

func writer(env *awsapp.Env, deps *endpoint.Deps) {
	deps.Files = s3files.New(s3files.Config{
		Region: env.Region(), Endpoint: env.Endpoint("S3"), Bucket: env.Required(awsapp.EnvFileBucket, awsapp.Name(63, "-")),
		Prefix: awsapp.FilePrefix,
	})
	deps.Workbook = xlsxsheet.Open
}
