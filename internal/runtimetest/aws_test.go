package runtimetest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// messageID is what the fake SES calls every message.
const messageID = "0107018f-sample-000000"

// fakeAWS stands for SES, KMS and S3. It takes only what the function has signed
// with its credentials.
type fakeAWS struct {
	url     string
	denyKey bool // KMS refuses the key

	mu       sync.Mutex
	messages []url.Values
	files    []string // the paths of what was put into S3
}

func newFakeAWS(t *testing.T) *fakeAWS {
	t.Helper()
	f := &fakeAWS{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		service := "ses"
		switch {
		case r.Header.Get("X-Amz-Target") != "":
			service = "kms"
		case r.Method == http.MethodPut:
			service = "s3"
		}
		signed := r.Header.Get("Authorization")
		if !strings.HasPrefix(signed, "AWS4-HMAC-SHA256 Credential="+accessKey) ||
			!strings.Contains(signed, "/"+region+"/"+service+"/aws4_request") || r.Header.Get("X-Amz-Security-Token") == "" {
			t.Errorf("signed as %q", signed)
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		switch {
		case service == "s3":
			f.mu.Lock()
			f.files = append(f.files, r.URL.Path)
			f.mu.Unlock()
			if len(body) == 0 {
				t.Errorf("S3 was given nothing at %s", r.URL.Path)
			}
		case service == "ses":
			f.send(t, w, body)
		case r.Header.Get("X-Amz-Target") == "TrentService.GenerateMac":
			f.mac(t, w, body)
		case r.Header.Get("X-Amz-Target") == "TrentService.GenerateDataKey":
			f.dataKey(t, w, body)
		case r.Header.Get("X-Amz-Target") == "TrentService.Decrypt":
			f.decrypt(t, w, body)
		default:
			t.Errorf("KMS was asked for %s", r.Header.Get("X-Amz-Target"))
		}
	}))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

func (f *fakeAWS) sent() []url.Values {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.messages
}

func (f *fakeAWS) put() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.files
}

func (f *fakeAWS) send(t *testing.T, w http.ResponseWriter, body []byte) {
	form, err := url.ParseQuery(string(body))
	if err != nil || form.Get("Action") != "SendEmail" {
		t.Errorf("SES was asked for %s, %v", form.Get("Action"), err)
	}
	f.mu.Lock()
	f.messages = append(f.messages, form)
	f.mu.Unlock()
	w.Header().Set("Content-Type", "text/xml")
	fmt.Fprintf(w, `<SendEmailResponse xmlns="http://ses.amazonaws.com/doc/2010-12-01/">`+
		`<SendEmailResult><MessageId>%s</MessageId></SendEmailResult></SendEmailResponse>`, messageID)
}

func (f *fakeAWS) mac(t *testing.T, w http.ResponseWriter, body []byte) {
	var in struct {
		KeyID        string `json:"KeyId"`
		MacAlgorithm string
		Message      []byte
	}
	if err := json.NewDecoder(bytes.NewReader(body)).Decode(&in); err != nil {
		t.Error(err)
	}
	if in.KeyID != "alias/fullmakt-links" && in.KeyID != "alias/fullmakt-index-1" || in.MacAlgorithm != "HMAC_SHA_256" || len(in.Message) == 0 {
		t.Errorf("KMS was asked for %+v", in)
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if f.denyKey {
		w.WriteHeader(http.StatusBadRequest)
		w.Write([]byte(`{"__type":"AccessDeniedException","message":"not yours"}`))
		return
	}
	mac := hmac.New(sha256.New, []byte("the key that KMS keeps"))
	mac.Write(in.Message)
	if err := json.NewEncoder(w).Encode(map[string]any{"KeyId": in.KeyID, "Mac": mac.Sum(nil), "MacAlgorithm": in.MacAlgorithm}); err != nil {
		t.Error(err)
	}
}

// fieldKey is the ARN of the key behind alias/fullmakt-fields.
const fieldKey = "arn:aws:kms:eu-north-1:123456789012:key/1111"

// dataKeyOf is the one data key that the fake makes and opens for a context.
func dataKeyOf(about map[string]string) (plain, blob []byte) {
	text, err := json.Marshal(about)
	if err != nil {
		panic(err) // strings are always JSON
	}
	sum := sha256.Sum256(text)
	return sum[:], append([]byte("data key of "), text...)
}

func (f *fakeAWS) dataKey(t *testing.T, w http.ResponseWriter, body []byte) {
	var in struct {
		KeyID             string `json:"KeyId"`
		KeySpec           string
		EncryptionContext map[string]string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
	}
	if in.KeyID != "alias/fullmakt-fields" || in.KeySpec != "AES_256" || len(in.EncryptionContext) != 3 {
		t.Errorf("KMS was asked for %+v", in)
	}
	plain, blob := dataKeyOf(in.EncryptionContext)
	answerKMS(t, w, map[string]any{"KeyId": fieldKey, "Plaintext": plain, "CiphertextBlob": blob})
}

func (f *fakeAWS) decrypt(t *testing.T, w http.ResponseWriter, body []byte) {
	var in struct {
		KeyID             string `json:"KeyId"`
		CiphertextBlob    []byte
		EncryptionContext map[string]string
	}
	if err := json.Unmarshal(body, &in); err != nil {
		t.Error(err)
	}
	plain, blob := dataKeyOf(in.EncryptionContext)
	if in.KeyID != fieldKey || !bytes.Equal(blob, in.CiphertextBlob) {
		t.Errorf("KMS was asked for %s, %q of %v", in.KeyID, in.CiphertextBlob, in.EncryptionContext)
	}
	answerKMS(t, w, map[string]any{"KeyId": fieldKey, "Plaintext": plain})
}

func answerKMS(t *testing.T, w http.ResponseWriter, answer map[string]any) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := json.NewEncoder(w).Encode(answer); err != nil {
		t.Error(err)
	}
}
