package runtimeapi

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Region is where the functions are, and AccessKey begins what they call with.
const (
	Region    = "eu-north-1"
	AccessKey = "local"
	secretKey = "local"
)

// MessageID is what SES calls every message.
const MessageID = "0107018f-sample-000000"

// The keys that the functions are deployed with, by their aliases.
const (
	LinkKey  = "alias/fullmakt-links"
	FieldKey = "alias/fullmakt-fields"
	IndexKey = "alias/fullmakt-index-1"
)

// FileBucket is the bucket that the functions are deployed with.
const FileBucket = "fullmakt-files"

// Services stands for SES, KMS and S3. It takes only what the function has signed
// with its credentials.
type Services struct {
	URL     string
	DenyKey bool // KMS refuses the key that mints links

	server *http.Server
	fault  func(format string, args ...any)

	mu       sync.Mutex
	messages []url.Values
	files    []string // the paths of what was put into S3
	calls    []string
}

// StartServices starts them. What nobody should call them with goes to fault.
func StartServices(fault func(format string, args ...any)) (*Services, error) {
	s := &Services{fault: fault}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("runtimeapi: %w", err)
	}
	s.URL = "http://" + listener.Addr().String()
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: patience}
	go func() { _ = s.server.Serve(listener) }() // until it is closed
	return s, nil
}

// Stop stops them.
func (s *Services) Stop() { _ = s.server.Close() }

// Sent are the messages that SES was given.
func (s *Services) Sent() []url.Values {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Put are the paths of the files that S3 was given.
func (s *Services) Put() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.files)
}

// Calls are all that they were asked for, each as "KMS GenerateMac".
func (s *Services) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// ServeHTTP implements http.Handler.
func (s *Services) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.fault("read: %v", err)
	}
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	switch {
	case operation != "":
		s.called(r, "KMS", operation)
		s.key(w, operation, body)
	case r.Method == http.MethodPut:
		s.called(r, "S3", "PutObject")
		s.put(r, body)
	default:
		s.called(r, "SES", "SendEmail")
		s.send(w, body)
	}
}

func (s *Services) called(r *http.Request, service, operation string) {
	signed := r.Header.Get("Authorization")
	if !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 Credential="+AccessKey) ||
		!strings.Contains(signed, "/"+Region+"/"+strings.ToLower(service)+"/aws4_request") || r.Header.Get("X-Amz-Security-Token") == "" {
		s.fault("signed as %q", signed)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, service+" "+operation)
}

func (s *Services) put(r *http.Request, body []byte) {
	if len(body) == 0 {
		s.fault("S3 was given nothing at %s", r.URL.Path)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, r.URL.Path)
}

func (s *Services) send(w http.ResponseWriter, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") != "SendEmail" {
		s.fault("SES was asked for %s, %v", form.Get("Action"), err)
	}
	s.mu.Lock()
	s.messages = append(s.messages, form)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">`+
		`<SendEmailResult><MessageId>%s</MessageId></SendEmailResult></SendEmailResponse>`, MessageID)
}

// keyRequest is what KMS is asked with, in any of the three ways.
type keyRequest struct {
	KeyID             string `json:"KeyId"`
	MacAlgorithm      string
	Message           []byte
	KeySpec           string
	CiphertextBlob    []byte
	EncryptionContext map[string]string
}

func (s *Services) key(w http.ResponseWriter, operation string, body []byte) {
	var in keyRequest
	if err := json.Unmarshal(body, &in); err != nil {
		s.fault("KMS was asked for %s with %q: %v", operation, body, err)
	}
	right := false
	var answer map[string]any
	switch operation {
	case "GenerateMac":
		right = (in.KeyID == LinkKey || in.KeyID == IndexKey) && in.MacAlgorithm == "HMAC_SHA_256" && len(in.Message) > 0
		mac := hmac.New(sha256.New, []byte("the key that KMS keeps"))
		mac.Write(in.Message)
		answer = map[string]any{"KeyId": in.KeyID, "Mac": mac.Sum(nil), "MacAlgorithm": in.MacAlgorithm}
	case "GenerateDataKey":
		right = in.KeyID == FieldKey && in.KeySpec == "AES_256" && len(in.EncryptionContext) == 3
		plain, blob := dataKeyOf(in.EncryptionContext)
		answer = map[string]any{"KeyId": FieldKeyARN, "Plaintext": plain, "CiphertextBlob": blob}
	case "Decrypt":
		plain, blob := dataKeyOf(in.EncryptionContext)
		right = in.KeyID == FieldKeyARN && bytes.Equal(blob, in.CiphertextBlob)
		answer = map[string]any{"KeyId": FieldKeyARN, "Plaintext": plain}
	}
	if !right {
		s.fault("KMS was asked for %s with %+v", operation, in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if operation == "GenerateMac" && s.DenyKey {
		w.WriteHeader(http.StatusBadRequest)
		answer = map[string]any{"__type": "AccessDeniedException", "message": "not yours"}
	}
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		s.fault("answer of KMS: %v", err)
	}
}

// FieldKeyARN is the ARN of the key behind FieldKey.
const FieldKeyARN = "arn:aws:kms:" + Region + ":123456789012:key/1111"

// dataKeyOf is the one data key that KMS makes and opens for a context.
func dataKeyOf(about map[string]string) (plain, blob []byte) {
	text, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings are always JSON
	}
	sum := sha256.Sum256(text)
	return sum[:], append([]byte("data key of "), text...)
}
