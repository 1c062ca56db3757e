package main

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

// TestXI1_RulesAreEnforced: what breaks a rule stops the synthesis, until a reason
// stands beside it.
func TestXI1_RulesAreEnforced(t *testing.T) {
	t.Parallel()
	jsiiLock.Lock()
	defer jsiiLock.Unlock()
	for _, reason := range []string{"", "It is a test of what happens without."} {
		app := awscdk.NewApp(&awscdk.AppProps{Outdir: jsii.String(t.TempDir()), AnalyticsReporting: jsii.Bool(false)})
		queue := awssqs.NewQueue(awscdk.NewStack(app, jsii.String("stack"), nil), jsii.String("queue"), nil)
		endOfTheLine(queue)
		if reason != "" {
			except(queue, "AwsSolutions-SQS4", reason)
		}
		if err := scan(app); (err == nil) != (reason != "") || err != nil && !strings.Contains(err.Error(), "AwsSolutions-SQS4") {
			t.Errorf("with the reason %q: %v", reason, err)
		}
	}
}
