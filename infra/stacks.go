package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/portal"
)

// deployment is what every stack with functions is given.
type deployment struct {
	*Config
	Dist   string        // folder of the built functions
	Alarms awssns.ITopic // where alarms go
	Vault  vaultKeys
}

// stacks makes all stacks of an environment.
//
// They know each other's things by name where there is one, so that a stack
// can be changed and taken away without another one's exports holding it. Only
// the topic of the alarms, the table's stream and the vault's keys are exported.
func stacks(app constructs.Construct, c *Config, dist string, endpoints []endpoint.Endpoint, all []job.Job) error {
	if err := check(c, dist, endpoints, all); err != nil {
		return err
	}
	d := deployment{Config: c, Dist: dist}
	d.Alarms = alarmsStack(app, c)
	data, stream, keys := dataStack(app, c)
	d.Vault = keys

	var mails, others []job.Job
	for _, j := range all {
		if ofMail(j) {
			mails = append(mails, j)
		} else {
			others = append(others, j)
		}
	}
	api := apiStack(app, apiProps{deployment: d, Endpoints: endpoints})
	if c.Edge != nil {
		portalStack(app, d, endpoints).AddDependency(api, jsii.String("the API, by its host"))
	}
	for _, stack := range []awscdk.Stack{
		api,
		mailStack(app, mailProps{deployment: d, Jobs: mails, Stream: stream}),
		jobsStack(app, jobsProps{deployment: d, Jobs: others}),
	} {
		stack.AddDependency(data, jsii.String("the table, by its name"))
	}
	return nil
}

// check reports everything that would fail later, one at a time.
func check(c *Config, dist string, endpoints []endpoint.Endpoint, all []job.Job) error {
	var faults []error
	function := func(id string, needs []endpoint.Need, variables []string) {
		bootstrap := filepath.Join(dist, id, "bootstrap")
		if info, err := os.Stat(bootstrap); err != nil || !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0 {
			faults = append(faults, fmt.Errorf("%s is no program: build the functions first (make build)", bootstrap))
		}
		if _, err := c.values(variables); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", id, err))
		}
		for _, n := range needs {
			if _, known := permissions[n]; !known {
				faults = append(faults, fmt.Errorf("%s: nothing is allowed for the need %s", id, n))
			}
		}
	}
	for _, e := range endpoints {
		required, optional := awsapp.EndpointVariables(e.Needs)
		function(e.ID, e.Needs, append(required, optional...))
		if err := e.Check(); err != nil {
			faults = append(faults, err)
		}
		if e.Needing(endpoint.MintLinks) {
			faults = append(faults, fmt.Errorf("endpoint %s: only jobs of the mail stack have the key for %s", e.ID, endpoint.MintLinks))
		}
	}
	for _, j := range all {
		required, optional := awsapp.Variables(j.Needs)
		function(j.ID, j.Needs, append(required, optional...))
	}
	function(portal.ID, nil, awsapp.PageVariables())
	return errors.Join(faults...)
}

// newStack makes a stack, in the region that it is deployed from. Its template is
// <id>.template.json whatever the environment.
func newStack(app constructs.Construct, c *Config, id, description string, protected bool) awscdk.Stack {
	return newStackIn(app, c, nil, id, description, protected)
}

// newStackIn makes a stack in a place of its own.
func newStackIn(app constructs.Construct, c *Config, place *awscdk.Environment, id, description string, protected bool) awscdk.Stack {
	return awscdk.NewStack(app, &id, &awscdk.StackProps{
		Env:                   place,
		StackName:             jsii.String(c.Name(id)),
		Description:           &description,
		TerminationProtection: &protected,
		Tags:                  &map[string]*string{"system": jsii.String("fullmakt"), "environment": &c.Env},
		// The command line compares the version of the bootstrap stack itself; a
		// rule in each template would only ask every other deployer for a
		// parameter in SSM.
		Synthesizer: awscdk.NewDefaultStackSynthesizer(&awscdk.DefaultStackSynthesizerProps{
			GenerateBootstrapVersionRule: jsii.Bool(false),
		}),
	})
}
