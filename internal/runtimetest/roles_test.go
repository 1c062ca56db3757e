package runtimetest

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/leastprivilege"
	"github.com/fullmakt/fullmakt/internal/runtimeapi"
	"github.com/fullmakt/fullmakt/internal/sample"
)

// roles holds what the real binaries ask AWS for, as it is on the wire, against
// what their deployed roles allow.
var roles leastprivilege.Watch

// idle tells of rights to keys, mails and files that no test makes use of, once
// all have run. Single tests cannot tell.
func idle() (found bool) {
	for _, name := range []string{"test.run", "test.skip", "test.bench", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	for _, service := range []string{"kms:", "ses:", "s3:"} {
		for _, right := range roles.Idle(service) {
			fmt.Fprintf(os.Stderr, "no test would miss a right that is deployed: %s\n", right)
			found = true
		}
	}
	return found
}

// behindIAM is the environment of a function whose every call to AWS is held
// against its role on its way.
func behindIAM(t testing.TB, bin string, env map[string]string) map[string]string {
	t.Helper()
	function := filepath.Base(bin)
	if _, deployed := leastprivilege.Policies()[function]; !deployed {
		return env // is one of ours
	}
	d := deployment(env)
	env = maps.Clone(env)
	for name, address := range env {
		if !strings.HasPrefix(name, "AWS_ENDPOINT_URL_") || !strings.HasPrefix(address, "http://127.0.0.1:") {
			continue
		}
		iam := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			calls, err := d.Calls(r, body)
			for _, c := range calls {
				if err == nil {
					err = roles.See(function, c)
				}
			}
			if err != nil {
				t.Error(err)
				w.WriteHeader(http.StatusBadRequest)
				fmt.Fprint(w, `{"__type":"AccessDeniedException"}`)
				return
			}
			forward(t, w, r, address, body)
		}))
		t.Cleanup(iam.Close)
		env[name] = iam.URL
	}
	return env
}

func deployment(env map[string]string) leastprivilege.Deployment {
	return leastprivilege.Deployment{
		Table: env[awsapp.EnvTable], MailFrom: env[awsapp.EnvMailFrom], Bucket: env[awsapp.EnvFileBucket],
		Keys: map[string]string{
			runtimeapi.LinkKey: "${link-key.Arn}", runtimeapi.FieldKey: "${field-key.Arn}", runtimeapi.FieldKeyARN: "${field-key.Arn}", runtimeapi.IndexKey: "${index-key-1.Arn}",
		},
	}
}

// forward sends a request on to the service, as it was signed.
func forward(t testing.TB, w http.ResponseWriter, r *http.Request, to string, body []byte) {
	on, err := http.NewRequestWithContext(r.Context(), r.Method, to+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		t.Error(err)
		return
	}
	on.Header = r.Header
	answer, err := http.DefaultTransport.RoundTrip(on)
	if err != nil { // the test may be about a service that is not there
		panic(http.ErrAbortHandler)
	}
	defer answer.Body.Close()
	maps.Copy(w.Header(), answer.Header)
	w.WriteHeader(answer.StatusCode)
	_, _ = io.Copy(w, answer.Body) // whoever asked may be gone
}

// What may be given a national id seals and hashes it with the keys that its role
// names.
func TestXI1_NationalIDsOfTheWrites(t *testing.T) {
	t.Parallel()
	code := map[string]any{"country": "SE", "code": "900118+9811"}
	for id, change := range map[string]func(body map[string]any){
		"user-create": func(body map[string]any) {
			body["nationalId"], body["roles"] = code, []string{"main-user"}
			delete(body, "defaultTask")
		},
		"user-update": func(body map[string]any) { body["nationalId"] = code; delete(body, "roles") },
		"user-import": func(body map[string]any) {
			body["file"] = []byte("familyName;givenName;email;roles;nationalId\r\nExempel;Nora;nora.exempel@exempelmaskiner.example;main-user;SE:900118+9811\r\n")
			body["dryRun"] = false
		},
		"organization-create": func(body map[string]any) { body["administrator"].(map[string]any)["nationalId"] = code },
	} {
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			var event, body map[string]any
			if err := json.Unmarshal(sampleEvent(t, id), &event); err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal([]byte(event["body"].(string)), &body); err != nil {
				t.Fatal(err)
			}
			change(body)
			text, err := json.Marshal(body)
			if err != nil {
				t.Fatal(err)
			}
			event["body"] = string(text)
			payload, err := json.Marshal(event)
			if err != nil {
				t.Fatal(err)
			}
			_, c := seeded(t)
			aws := services(t)
			env := runtimeapi.Environment(c, aws.URL, needs()[id])
			env[awsapp.EnvProfile] = sample.Profile("user-reveal-national-id")
			r := launch(t, binary(id), env).request(payload)
			if r.StatusCode >= http.StatusBadRequest || !slices.Contains(aws.Calls(), "KMS GenerateDataKey") {
				t.Errorf("%+v, after %v", r, aws.Calls())
			}
		})
	}
}
