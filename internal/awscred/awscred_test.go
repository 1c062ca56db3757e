package awscred

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"
)

func TestEnvironment(t *testing.T) {
	for name, test := range map[string]struct {
		key, secret, token string
		ok                 bool
	}{
		"of a role":      {"AKIA0", "secret", "token", true},
		"of a user":      {"AKIA0", "secret", "", true},
		"without secret": {"AKIA0", "", "token", false},
		"without key":    {"", "secret", "token", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("AWS_ACCESS_KEY_ID", test.key)
			t.Setenv("AWS_SECRET_ACCESS_KEY", test.secret)
			t.Setenv("AWS_SESSION_TOKEN", test.token)
			got, err := Environment.Retrieve(t.Context())
			if (err == nil) != test.ok {
				t.Fatalf("error %v, want none: %v", err, test.ok)
			}
			want := aws.Credentials{}
			if test.ok {
				want = aws.Credentials{AccessKeyID: test.key, SecretAccessKey: test.secret, SessionToken: test.token, Source: "environment"}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}
