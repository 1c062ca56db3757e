// Command infra is the CDK app: it writes the CloudFormation templates of one
// environment. What there is to deploy is in the registries of endpoints and
// jobs and in the table's schema; this says how it is deployed.
package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/api"
	"github.com/fullmakt/fullmakt/internal/job/jobs"
)

// cdkJSON is compiled in, so that the app says the same with the CDK's command
// line, which reads the file, and without it.
//
//go:embed cdk.json
var cdkJSON []byte

func main() {
	overrides := map[string]any{}
	flag.Func("c", "context `key=value`, as of cdk", func(arg string) error {
		key, value, ok := strings.Cut(arg, "=")
		if !ok {
			return errors.New("want key=value")
		}
		overrides[key] = value
		return nil
	})
	flag.Parse()
	// Node 20, which works, is past its end of life, and jsii says so at length.
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	err := run(overrides)
	jsii.Close()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(overrides map[string]any) error {
	if _, err := exec.LookPath("node"); err != nil {
		return errors.New("node is missing, in which the CDK runs: install Node.js 20 or newer")
	}
	values, err := fileContext()
	if err != nil {
		return err
	}
	props := &awscdk.AppProps{Context: &values, PostCliContext: &overrides, AnalyticsReporting: jsii.Bool(false)}
	if os.Getenv("CDK_OUTDIR") == "" { // which the command line sets
		props.Outdir = jsii.String("cdk.out")
		// Nobody else takes away what an earlier run left.
		if err := os.RemoveAll(*props.Outdir); err != nil {
			return err
		}
	}
	app := awscdk.NewApp(props)
	context := func(key string) any { return app.Node().TryGetContext(jsii.String(key)) }

	env, _ := context("env").(string)
	config, err := readConfig(env, context("environments"))
	if err != nil {
		return err
	}
	if config.X86, err = isX86(context("arch")); err != nil {
		return err
	}
	dist, _ := context("dist").(string)
	if err := stacks(app, config, dist, api.Endpoints(), jobs.All()); err != nil {
		return err
	}
	return scan(app)
}

// fileContext is the context of cdk.json, and what the command line adds to it:
// `sam local` finds neither code nor ids in a template without.
func fileContext() (map[string]any, error) {
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(cdkJSON, &file); err != nil {
		return nil, fmt.Errorf("cdk.json: %w", err)
	}
	file.Context["aws:cdk:enable-asset-metadata"] = true
	file.Context["aws:cdk:enable-path-metadata"] = true
	return file.Context, nil
}
