package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/mototest"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamolocal"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// services are what functions call, on this machine: DynamoDB Local, and moto
// for the rest of AWS.
type services struct{ DynamoDB, AWS string }

// openServices starts them on an address of this machine, with everything in
// them that the stacks of data and mail have. DynamoDB Local ends with this process.
func openServices(ctx context.Context, host string, a assembly) (s services, end func(), err error) {
	if s.DynamoDB, err = dynamolocal.Start(host); err != nil {
		return s, nil, fmt.Errorf("DynamoDB Local: %w", err)
	}
	if s.AWS, end, err = mototest.Run(host); err != nil {
		return s, nil, err
	}
	if err := s.fill(ctx, a); err != nil {
		end()
		return s, nil, err
	}
	return s, end, nil
}

func (s services) fill(ctx context.Context, a assembly) error {
	var faults []error
	name := func(variable string) string {
		value, err := a.variable(variable)
		faults = append(faults, err)
		return value
	}
	tableName, sender, set, bucket := name(awsapp.EnvTable), name(awsapp.EnvMailFrom), name(awsapp.EnvConfigurationSet), name(awsapp.EnvFileBucket)
	macs := append(strings.Split(name(awsapp.EnvIndexKeys), ","), name(awsapp.EnvLinkKey))
	field := name(awsapp.EnvFieldKey)
	if err := errors.Join(faults...); err != nil {
		return err
	}
	client := dynamotable.NewClient(dynamotable.Config{
		Region: dynamolocal.Region, Endpoint: s.DynamoDB,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: dynamolocal.AccessKey, SecretAccessKey: dynamolocal.SecretKey}, nil
		}),
	})
	if err := dynamotable.CreateTable(ctx, client, tableName, table.TheSchema); err != nil {
		return err
	}
	for _, alias := range append(slices.Clone(macs), field) {
		spec := map[string]string{"KeySpec": "SYMMETRIC_DEFAULT", "KeyUsage": "ENCRYPT_DECRYPT"}
		if alias != field {
			spec = map[string]string{"KeySpec": "HMAC_256", "KeyUsage": "GENERATE_VERIFY_MAC"}
		}
		if err := s.key(ctx, alias, spec); err != nil {
			return err
		}
	}
	for _, form := range []url.Values{
		{"Action": {"VerifyEmailIdentity"}, "EmailAddress": {sender}},
		{"Action": {"CreateConfigurationSet"}, "ConfigurationSet.Name": {set}},
	} {
		if _, err := s.call(ctx, "ses", http.MethodPost, "/", "application/x-www-form-urlencoded", "", []byte(form.Encode())); err != nil {
			return err
		}
	}
	location := `<CreateBucketConfiguration><LocationConstraint>` + dynamolocal.Region + `</LocationConstraint></CreateBucketConfiguration>`
	_, err := s.call(ctx, "s3", http.MethodPut, "/"+bucket, "application/xml", "", []byte(location))
	return err
}

// key makes a key of KMS that goes by an alias.
func (s services) key(ctx context.Context, alias string, spec map[string]string) error {
	const content = "application/x-amz-json-1.1"
	in, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	out, err := s.call(ctx, "kms", http.MethodPost, "/", content, "TrentService.CreateKey", in)
	if err != nil {
		return err
	}
	var made struct {
		KeyMetadata struct {
			KeyID string `json:"KeyId"`
		}
	}
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	if in, err = json.Marshal(map[string]string{"AliasName": alias, "TargetKeyId": made.KeyMetadata.KeyID}); err != nil {
		return err
	}
	_, err = s.call(ctx, "kms", http.MethodPost, "/", content, "TrentService.CreateAlias", in)
	return err
}

// call asks a service of moto's, which looks at who signs only to see which
// service is meant.
func (s services) call(ctx context.Context, service, method, path, content, target string, body []byte) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.AWS+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential="+dynamolocal.AccessKey+"/20260101/"+dynamolocal.Region+"/"+service+"/aws4_request, SignedHeaders=host, Signature=0")
	r.Header.Set("Content-Type", content)
	if target != "" {
		r.Header.Set("X-Amz-Target", target)
	}
	_, out, err := do(r)
	return out, err
}

// do sends a request to a server of ours and reads the answer; one that is no
// success is an error too.
func do(r *http.Request) (http.Header, []byte, error) {
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err == nil && answer.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: %s\n%.1000s", r.Method, r.URL, answer.Status, body)
	}
	return answer.Header, body, err
}

// mail is one that SES has been given.
type mail struct {
	Subject, Body string
	To            []string
}

// mails are all of them, in their order.
func (s services) mails(ctx context.Context) ([]mail, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.AWS+"/moto-api/data.json", nil)
	if err != nil {
		return nil, err
	}
	_, body, err := do(r)
	if err != nil {
		return nil, err
	}
	var data struct {
		SES struct {
			Message []struct {
				Subject      string `json:"subject"`
				Body         string `json:"body"`
				Destinations struct{ ToAddresses []string }
			}
		} `json:"ses"`
	}
	if err := json.Unmarshal(body, &data); err != nil {
		return nil, err
	}
	mails := make([]mail, 0, len(data.SES.Message))
	for _, m := range data.SES.Message {
		mails = append(mails, mail{Subject: m.Subject, Body: m.Body, To: m.Destinations.ToAddresses})
	}
	return mails, nil
}
