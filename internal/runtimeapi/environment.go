package runtimeapi

import (
	"context"
	"slices"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/sample"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// KeyNeeds are those that ask for KMS.
var KeyNeeds = []endpoint.Need{endpoint.MintLinks, endpoint.SealFields, endpoint.OpenFields, endpoint.IndexFields}

// Environment is what a function with these needs is deployed with, on a table
// and with the services at an address. The portal is that of most samples.
func Environment(c dynamotable.Config, services string, needs []endpoint.Need) map[string]string {
	key := AccessKey
	if c.Credentials != nil { // of a table that there is
		if own, err := c.Credentials.Retrieve(context.Background()); err == nil {
			key = own.AccessKeyID
		}
	}
	env := map[string]string{"AWS_ACCESS_KEY_ID": key, awsapp.EnvTable: c.Table, awsapp.EnvProfile: sample.Profile(""), "AWS_ENDPOINT_URL_DYNAMODB": c.Endpoint}
	if slices.Contains(needs, endpoint.SendMail) {
		env[awsapp.EnvMailFrom], env[awsapp.EnvConfigurationSet] = "no-reply@fullmakt.example", "fullmakt"
		env[awsapp.EnvOperatorName], env[awsapp.EnvPortalURL] = "Exempeluthyrning AB", "https://portal.fullmakt.example"
		env["AWS_ENDPOINT_URL_SES"], env[awsapp.EnvMailRate] = services, "50"
	}
	if slices.Contains(needs, endpoint.HearMails) {
		env[awsapp.EnvMailTopic] = sample.MailTopic
	}
	if slices.Contains(needs, endpoint.OwnAddress) {
		env[awsapp.EnvPortalURL] = "https://portal.fullmakt.example"
	}
	if slices.ContainsFunc(needs, func(n endpoint.Need) bool { return slices.Contains(KeyNeeds, n) }) {
		env["AWS_ENDPOINT_URL_KMS"] = services
		env[awsapp.EnvFieldKey], env[awsapp.EnvIndexKeys], env[awsapp.EnvArtificialIDs] = FieldKey, IndexKey, "true"
	}
	if slices.Contains(needs, endpoint.MintLinks) {
		env[awsapp.EnvLinkKey] = LinkKey
	}
	if slices.Contains(needs, endpoint.WriteFiles) {
		env[awsapp.EnvFileBucket] = FileBucket
		env["AWS_ENDPOINT_URL_S3"] = services
	}
	return env
}
