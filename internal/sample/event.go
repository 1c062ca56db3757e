package sample

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
)

// Where the sample requests come from and go to.
const (
	host      = "api.fullmakt.example"
	source    = "203.0.113.7"
	userAgent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
)

// request is what a sample request has beyond its endpoint's declaration.
type request struct {
	session domain.SessionToken
	service domain.ServiceToken
	path    map[string]string
	query   url.Values
	headers map[string]string
	body    any
}

// members of a JSON object.
type members map[string]any

var (
	inOrganization = map[string]string{"org": string(Organization)}
	aboutUser      = map[string]string{"org": string(Organization), "user": string(User)}
	aboutInvited   = map[string]string{"org": string(Organization), "user": string(Invited)}
	aboutRemoved   = map[string]string{"org": string(Organization), "user": string(Removed)}
	aboutMandate   = map[string]string{"org": string(Organization), "mandate": string(Mandate)}
	aboutWorksite  = map[string]string{"org": string(Organization), "resource": string(Worksite)}
	page           = url.Values{"limit": {"20"}}
	first          = map[string]string{"if-match": `"1"`}

	superuserEverywhere = members{"roles": []string{"superuser"}, "scopes": []members{{"type": "organization"}}}

	subject  = members{"type": "user", "id": Administrator}
	acting   = members{"type": "user", "id": Administrator, "properties": members{"organization": Organization}}
	action   = members{"name": "users:see"}
	resource = members{"type": "organization", "id": Organization}
)

// requests has one for each endpoint, by its id, and one for the portal's pages.
var requests = map[string]request{
	"portal-pages": {},

	"session-create": {body: members{"email": AdministratorEmail, "password": Password}},
	"session-list":   {session: AdministratorSession},
	"session-revoke": {session: AdministratorSession, path: map[string]string{"session": "current"}},

	"activation-check":        {body: members{"token": ActivationToken.String()}},
	"activation-complete":     {body: members{"token": ActivationToken.String(), "password": NewPassword}},
	"password-reset-request":  {body: members{"email": UserEmail}},
	"password-reset-check":    {body: members{"token": ResetToken.String()}},
	"password-reset-complete": {body: members{"token": ResetToken.String(), "password": NewPassword}},

	"me-get":      {session: AdministratorSession},
	"me-update":   {session: AdministratorSession, headers: first, body: members{"language": "fi", "phone": "+358 40 1234567"}},
	"me-mail":     {session: AdministratorSession, path: inOrganization, body: members{"notices": false}},
	"me-password": {session: AdministratorSession, body: members{"currentPassword": Password, "newPassword": NewPassword}},

	"email-change-request":  {session: AdministratorSession, body: members{"email": "anna@exempelposten.example", "password": Password}},
	"email-change-complete": {session: AdministratorSession, body: members{"token": EmailChangeToken.String()}},
	"email-undo-check":      {body: members{"token": EmailUndoToken.String()}},
	"email-undo-complete":   {body: members{"token": EmailUndoToken.String(), "password": NewPassword}},

	"organization-create": {
		session: OperatorSession, headers: map[string]string{"idempotency-key": "8f14e45f-ceea-467f-a3d1-6b1a2c3d4e5f"},
		body: members{
			"name": "Mallinosturit Oy", "country": "FI", "businessId": "9000000-3", "language": "fi",
			"administrator": members{"givenName": "Matti", "familyName": "Malli", "email": "matti.malli@mallinosturit.example"},
		},
	},
	"organization-list":               {session: OperatorSession, query: page},
	"organization-get":                {session: AdministratorSession, path: inOrganization},
	"organization-update":             {session: AdministratorSession, path: inOrganization, headers: first, body: members{"name": "Exempelmaskiner Norden AB"}},
	"organization-announce-agreement": {session: OperatorSession, path: inOrganization, body: members{"from": "2027-01-01"}},
	"organization-set-status":         {session: OperatorSession, path: inOrganization, headers: first, body: members{"status": "suspended"}},

	"subscription-list": {session: OperatorSession, path: inOrganization, query: page},
	"subscription-set": {
		session: OperatorSession, path: map[string]string{"org": string(Organization), "subscription": "+46700000001"},
		body: members{"status": "active"},
	},

	"user-list": {session: AdministratorSession, path: inOrganization, query: page},
	"user-create": {
		session: AdministratorSession, path: inOrganization, headers: map[string]string{"idempotency-key": "c9f0f895-fb98-4b91-8b4e-5a6b7c8d9e0f"},
		body: members{
			"givenName": "Nils", "familyName": "Exempel", "email": "nils.exempel@exempelmaskiner.example", "phone": "+46 70 123 45 67",
			"language": "sv", "roles": []string{"superuser"}, "defaultTask": "Site 12",
			"validity": members{"type": "fixedTerm", "from": "2026-01-01", "to": "2199-12-31"},
		},
	},
	"user-export": {session: AdministratorSession, path: inOrganization, query: url.Values{"format": {"xlsx"}, "language": {"sv"}, "sort": {"-lastSignInAt"}}},
	"user-import": {session: AdministratorSession, path: inOrganization, body: members{
		"format": "csv", "dryRun": true, "file": []byte("familyName;givenName;email;roles\r\nExempel;Nora;nora.exempel@exempelmaskiner.example;superuser\r\n"),
	}},
	"user-get":                 {session: AdministratorSession, path: aboutUser},
	"user-update":              {session: AdministratorSession, path: aboutUser, headers: first, body: members{"givenName": "Ulrika", "roles": []string{"superuser"}}},
	"user-remove":              {session: AdministratorSession, path: aboutUser},
	"user-resend-activation":   {session: AdministratorSession, path: aboutInvited},
	"user-reset-password":      {session: AdministratorSession, path: aboutUser},
	"user-set-validity":        {session: AdministratorSession, path: aboutUser, headers: first, body: members{"type": "locked", "reason": "On leave"}},
	"user-reveal-national-id":  {session: AdministratorSession, path: aboutUser, body: members{"password": Password, "reason": "A call about the pension case"}},
	"user-find-by-national-id": {session: AdministratorSession, path: inOrganization, body: members{"nationalId": members{"country": "FI", "code": NationalID}}},
	"user-restore":             {session: AdministratorSession, path: aboutRemoved},
	"user-access":              {session: AdministratorSession, path: aboutUser, query: page},

	"partner-find": {session: AdministratorSession, path: inOrganization, body: members{"email": PartnerEmail}},
	"partner-add": {
		session: AdministratorSession, path: inOrganization, headers: map[string]string{"idempotency-key": "1679091c-5a88-4faf-afb5-9e1f2a3b4c5d"},
		body: members{"email": PartnerEmail, "roles": []string{"report-reader"}, "defaultTask": "Arkitekt"},
	},
	"partner-organizations": {session: AdministratorSession, path: inOrganization},

	"registry-lookup": {session: OperatorSession, path: map[string]string{"country": "SE", "company": "999900-0012"}},

	"assignment-list":    {session: AdministratorSession, path: aboutUser},
	"assignment-replace": {session: AdministratorSession, path: aboutUser, headers: first, body: members{"assignments": []members{superuserEverywhere}}},
	"assignment-clear":   {session: AdministratorSession, path: aboutUser},
	"assignment-bulk": {session: AdministratorSession, path: inOrganization, body: members{
		"action": "add", "users": []domain.PersonID{User, Invited}, "rights": []string{"order"}, "scopes": []members{{"type": "organization"}},
	}},

	"resource-list": {session: AdministratorSession, path: inOrganization, query: url.Values{"type": {"worksite"}, "parent": {string(CustomerNumber)}, "q": {"hamn"}}},
	"resource-create": {
		session: AdministratorSession, path: inOrganization, headers: map[string]string{"idempotency-key": "45c48cce-2e2d-4fbd-8f0b-3a1e5f6a7b8c"},
		body: members{"type": "worksite", "parent": CustomerNumber, "name": "Exempeltorget", "reference": "W-1018"},
	},
	"resource-get":          {session: AdministratorSession, path: aboutWorksite},
	"resource-update":       {session: OperatorSession, path: aboutWorksite, headers: first, body: members{"reference": "W-2017", "features": []string{"access-control"}}},
	"resource-remove":       {session: AdministratorSession, path: aboutWorksite, query: url.Values{"confirm": {"true"}}},
	"resource-users":        {session: AdministratorSession, path: aboutWorksite, query: page},
	"resource-users-update": {session: AdministratorSession, path: aboutWorksite, body: members{"users": []members{{"id": User, "rights": []string{"order"}}}}},

	"mandate-list": {session: AdministratorSession, path: inOrganization, query: url.Values{"direction": {"given"}, "limit": {"20"}}},
	"mandate-create": {
		session: AdministratorSession, path: inOrganization, headers: map[string]string{"idempotency-key": "d3d94468-02a4-4259-8b2e-6c7d8e9f0a1b"},
		body: members{
			"agent": members{"country": "SE", "businessId": "999900-0012"}, "type": "broker", "rights": []string{"insurance:see", "quotes:request"},
			"from": "2026-11-01", "to": "2199-12-31",
		},
	},
	"mandate-get":    {session: AdministratorSession, path: aboutMandate},
	"mandate-update": {session: AdministratorSession, path: aboutMandate, headers: first, body: members{"rights": []string{"invoices:see"}, "to": "2199-12-31"}},
	"mandate-revoke": {session: AdministratorSession, path: aboutMandate},
	"client-list":    {session: AdministratorSession, path: inOrganization, query: page},

	"audit-list": {session: AdministratorSession, path: inOrganization, query: url.Values{
		"actor": {"sample"}, "subjectType": {"user"}, "from": {"2026-01-01T00:00:00Z"}, "limit": {"20"},
	}},
	"person-export": {session: OperatorSession, path: map[string]string{"user": string(User)}},
	"person-erase":  {session: OperatorSession, path: map[string]string{"user": string(User)}, query: url.Values{"force": {"true"}}},

	"profile-get": {},

	"service-create": {session: OperatorSession, body: members{"name": "Exempelbutiken", "scopes": domain.ServiceScopes, "rights": []string{"users:see"}}},
	"service-list":   {session: OperatorSession, query: page},
	"service-revoke": {session: OperatorSession, path: map[string]string{"service": string(Service)}},

	"access-evaluation": {
		service: ServiceCredential, headers: map[string]string{"x-request-id": "bfe9eb29-ab87-4ca3-be83-a1d5d8305716"},
		body: members{"subject": subject, "action": action, "resource": resource, "context": members{"time": "2026-11-01T08:00:00Z"}},
	},
	"access-evaluations": {service: ServiceCredential, body: members{
		"subject": subject, "resource": resource, "evaluations": []members{{"action": action}, {"action": members{"name": "users:edit"}}},
		"options": members{"evaluations_semantic": "execute_all"},
	}},
	"access-search-subject":  {service: ServiceCredential, body: members{"subject": members{"type": "user"}, "action": action, "resource": resource, "page": members{"limit": 20}}},
	"access-search-resource": {service: ServiceCredential, body: members{"subject": acting, "action": action, "resource": members{"type": "organization"}}},
	"access-search-action":   {service: ServiceCredential, body: members{"subject": subject, "resource": resource}},
	"authzen-configuration":  {},
}

// bounce is what SES publishes of SentMail: there is no such mailbox.
func bounce() string {
	text, err := json.Marshal(members{
		"eventType": "Bounce",
		"bounce": members{
			"feedbackId": "0107018f-sample-bounce", "bounceType": "Permanent", "bounceSubType": "NoEmail", "timestamp": "2026-11-01T08:00:01.000Z",
			"bouncedRecipients": []members{{"emailAddress": UserEmail, "action": "failed", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}},
			"reportingMTA":      "dns; e240-1.smtp-out.eu-north-1.amazonses.com",
		},
		"mail": members{
			"timestamp": "2026-11-01T08:00:00.000Z", "source": "no-reply@fullmakt.example", "sendingAccountId": "123456789012",
			"messageId": MessageID, "destination": []domain.Email{UserEmail}, "headersTruncated": true,
			"tags": members{"mail": []domain.MailID{SentMail}, "kind": []domain.MailKind{domain.MailPasswordChanged}, "ses:configuration-set": []string{"fullmakt"}},
		},
	})
	if err != nil {
		panic(err) // strings are always JSON
	}
	return string(text)
}

// jobEvents has one for each job, by its id.
var jobEvents = map[string]any{
	"audit-seal":         members{},
	"vault-rotate":       members{},
	"expire-memberships": members{},
	"customer-created": happened("customer-created", members{
		"name": "Mallinosturit Oy", "country": "FI", "businessId": "9000000-3", "language": "fi",
		"administrator": members{"givenName": "Malli", "familyName": "Mallinen", "email": "malli.mallinen@mallinosturit.example"},
	}),
	"agreement-changed": happened("agreement-changed", members{"country": "SE", "businessId": "999900-0004", "from": "2027-01-01"}),
	"store-bootstrap":   members{"operatorName": "Exempeluthyrning AB", "operatorEmail": "olof.exempel@exempeluthyrning.example"},
	"mail-feedback": members{"Records": []members{{
		"EventSource": "aws:sns", "EventVersion": "1.0",
		"EventSubscriptionArn": MailTopic + ":2bcfbf39-05c3-41de-beaa-fcfcc21c8f55",
		"Sns": members{
			"Type": "Notification", "MessageId": "95df01b4-ee98-5cb9-9903-4c221d41eb5e", "TopicArn": MailTopic,
			"Subject": "Amazon SES Email Event Notification", "Timestamp": "2026-11-01T08:00:02.000Z", "Message": bounce(),
		},
	}}},
	"mail-dispatch": members{"Records": []members{{
		"eventID": "c4ca4238a0b923820dcc509a6f75849b", "eventName": "INSERT", "eventVersion": "1.1",
		"eventSource": "aws:dynamodb", "awsRegion": "eu-north-1",
		"eventSourceARN": "arn:aws:dynamodb:eu-north-1:123456789012:table/fullmakt/stream/2026-11-01T00:00:00.000",
		"dynamodb": members{
			"ApproximateCreationDateTime": 1793520000, "SequenceNumber": "111", "SizeBytes": 59, "StreamViewType": "KEYS_ONLY",
			"Keys": members{"pk": members{"S": "MAIL#" + string(Mail)}, "sk": members{"S": string(Mail)}},
		},
	}}},
}

// happened is an event as EventBridge passes it on.
func happened(of string, detail members) members {
	return members{
		"version": "0", "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718", "detail-type": of, "source": "crm.example", "account": "123456789012",
		"time": "2026-11-01T00:00:00Z", "region": "eu-north-1", "resources": []string{}, "detail": detail,
	}
}

// gatewayEvent is an event of an HTTP API in payload format 2.0.
type gatewayEvent struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQueryString  string            `json:"rawQueryString"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	RequestContext  requestContext    `json:"requestContext"`
	PathParameters  map[string]string `json:"pathParameters,omitempty"`
	Body            string            `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type requestContext struct {
	AccountID    string      `json:"accountId"`
	APIID        string      `json:"apiId"`
	DomainName   string      `json:"domainName"`
	DomainPrefix string      `json:"domainPrefix"`
	HTTP         requestHTTP `json:"http"`
	RequestID    string      `json:"requestId"`
	RouteKey     string      `json:"routeKey"`
	Stage        string      `json:"stage"`
	Time         string      `json:"time"`
	TimeEpoch    int64       `json:"timeEpoch"`
}

type requestHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

// Event is the endpoint's sample event, as API Gateway would send it.
func Event(spec endpoint.Spec) ([]byte, error) {
	r, ok := requests[spec.ID]
	if !ok {
		return nil, fmt.Errorf("sample: no request for %s", spec.ID)
	}
	path, route := spec.Path, spec.Method+" "+spec.Path
	for name, value := range r.path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	if strings.Contains(path, "{") {
		return nil, fmt.Errorf("sample: the request for %s leaves something open in %s", spec.ID, path)
	}
	headers := map[string]string{
		"accept": "application/json", "accept-encoding": "gzip, deflate, br", "content-length": "0", "host": host,
		"user-agent": userAgent, "x-amzn-trace-id": "Root=1-6905c500-0123456789abcdef01234567",
		"x-forwarded-for": source, "x-forwarded-port": "443", "x-forwarded-proto": "https",
	}
	maps.Copy(headers, r.headers)
	switch {
	case r.session.Person != "":
		headers["authorization"] = "Bearer " + r.session.String()
	case r.service.ID != "":
		headers["authorization"] = "Bearer " + r.service.String()
	}
	var body []byte
	if r.body != nil {
		var err error
		if body, err = json.Marshal(r.body); err != nil {
			return nil, fmt.Errorf("sample: %s: %w", spec.ID, err)
		}
		headers["content-type"], headers["content-length"] = "application/json", strconv.Itoa(len(body))
	}
	query := map[string]string{}
	for name, values := range r.query {
		query[name] = strings.Join(values, ",")
	}
	return indent(gatewayEvent{
		Version: "2.0", RouteKey: route, RawPath: path, RawQueryString: r.query.Encode(), Headers: headers, Query: query,
		RequestContext: requestContext{
			AccountID: "123456789012", APIID: "a1b2c3d4e5", DomainName: host, DomainPrefix: "api",
			HTTP:      requestHTTP{Method: spec.Method, Path: path, Protocol: "HTTP/1.1", SourceIP: source, UserAgent: userAgent},
			RequestID: "JKJaXmPLvHcESHA=", RouteKey: route, Stage: "$default",
			Time: "01/Nov/2026:08:00:00 +0000", TimeEpoch: 1793520000000,
		},
		PathParameters: r.path, Body: string(body),
	})
}

// JobEvent is the job's sample event.
func JobEvent(j job.Job) ([]byte, error) {
	e, ok := jobEvents[j.ID]
	if !ok {
		return nil, fmt.Errorf("sample: no event for %s", j.ID)
	}
	return indent(e)
}

func indent(v any) ([]byte, error) {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, fmt.Errorf("sample: %w", err)
	}
	return out.Bytes(), nil
}
