package leastprivilege

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/mail"
	"net/url"
	"slices"
	"strings"

	"github.com/fullmakt/fullmakt/internal/table"
)

// Deployment says what things are called where the calls are made; in
// policies.json they have the names of the templates' tests.
type Deployment struct {
	Table, MailFrom, Bucket string
	Keys                    map[string]string // what KMS is asked with, to the key's name in the templates
}

// Calls are what IAM is asked for an AWS request, by what is on the wire.
func (d Deployment) Calls(r *http.Request, body []byte) ([]Call, error) {
	service, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case strings.HasPrefix(service, "DynamoDB"):
		return d.dynamo(operation, body)
	case service == "TrentService":
		return d.kms(operation, body)
	case r.Method == http.MethodPut || r.Method == http.MethodGet:
		return d.s3(r)
	}
	return d.ses(body)
}

func (d Deployment) dynamo(operation string, body []byte) (calls []Call, err error) {
	type keyed map[string]struct{ S string }
	type on struct {
		TableName string
		Item, Key keyed
	}
	var in struct {
		TableName, IndexName string
		RequestItems         map[string]any
		TransactItems        []struct{ Put, Delete, ConditionCheck *on }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	tables := slices.Collect(maps.Keys(in.RequestItems))
	switch operation {
	case "BatchGetItem":
		calls = append(calls, Read())
	case "Query":
		tables = append(tables, in.TableName)
		calls = append(calls, Query(table.Index(in.IndexName)))
	case "TransactWriteItems":
		for _, item := range in.TransactItems {
			for kind, op := range map[table.OpKind]*on{table.OpPut: item.Put, table.OpDelete: item.Delete, table.OpCheck: item.ConditionCheck} {
				if op != nil {
					tables = append(tables, op.TableName)
					calls = append(calls, Write(kind, op.Item[table.TheSchema.PK].S+op.Key[table.TheSchema.PK].S))
				}
			}
		}
	default:
		calls = append(calls, Call{Action: "dynamodb:" + operation, Resource: tableARN})
	}
	if slices.ContainsFunc(tables, func(name string) bool { return name != d.Table }) {
		return nil, fmt.Errorf("%s of the tables %v", operation, tables)
	}
	return calls, nil
}

func (d Deployment) kms(operation string, body []byte) ([]Call, error) {
	var in struct {
		KeyID             string `json:"KeyId"`
		MacAlgorithm      string
		EncryptionContext map[string]string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		return nil, err
	}
	c := Call{Action: "kms:" + operation, Resource: d.Keys[in.KeyID], Context: map[string][]string{}}
	if in.MacAlgorithm != "" {
		c.Context["kms:MacAlgorithm"] = []string{in.MacAlgorithm}
	}
	for key, value := range in.EncryptionContext {
		c.Context["kms:EncryptionContextKeys"] = append(c.Context["kms:EncryptionContextKeys"], key)
		c.Context["kms:EncryptionContext:"+key] = []string{value}
	}
	return []Call{c}, nil
}

const (
	sesARN   = "arn:${AWS::Partition}:ses:${AWS::Region}:${AWS::AccountId}:"
	filesARN = "arn:${AWS::Partition}:s3:::fullmakt-test-files/"
	mailFrom = "no-reply@portal.example.com"
)

// ses is asked for the identity that a mail is from, and for the rules it goes by.
func (d Deployment) ses(body []byte) ([]Call, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return nil, err
	}
	from, err := mail.ParseAddress(form.Get("Source"))
	if err != nil {
		return nil, fmt.Errorf("source of the mail: %w", err)
	}
	address := from.Address
	if address == d.MailFrom {
		address = mailFrom
	}
	_, domain, _ := strings.Cut(address, "@")
	c := Call{Action: "ses:" + form.Get("Action"), Resource: sesARN + "identity/" + domain, Context: map[string][]string{"ses:FromAddress": {address}}}
	set := c
	set.Resource = sesARN + "configuration-set/fullmakt-test"
	return []Call{c, set}, nil
}

// s3 is asked for an object, to put it there or, by a link, to get it.
func (d Deployment) s3(r *http.Request) ([]Call, error) {
	name, ok := strings.CutPrefix(r.URL.Path, "/"+d.Bucket+"/")
	if !ok {
		return nil, fmt.Errorf("%s is not in the bucket %s", r.URL.Path, d.Bucket)
	}
	actions := map[string]string{http.MethodPut: "s3:PutObject", http.MethodGet: "s3:GetObject"}
	return []Call{{Action: actions[r.Method], Resource: filesARN + name}}, nil
}
