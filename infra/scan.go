package main

import (
	"errors"
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// scan synthesizes the app under the rules of cdk-nag, AWS's own for solutions
// and those for serverless ones. What breaks a rule, and has no reason written
// beside it, is an error: nothing is deployed.
func scan(app awscdk.App) error {
	pack := &cdknag.NagPackProps{Verbose: jsii.Bool(true)}
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(pack), nil)
	awscdk.Aspects_Of(app).Add(cdknag.NewServerlessChecks(pack), nil)
	var faults []error
	for _, stack := range *app.Synth(nil).Stacks() {
		for _, m := range *stack.Messages() {
			if m.Level != "info" { //nolint:staticcheck // the type has moved, and this version's stacks still return the old one
				faults = append(faults, fmt.Errorf("%s: %v", *m.Id, m.Entry.Data)) //nolint:staticcheck // as above
			}
		}
	}
	return errors.Join(faults...)
}

// except lets a construct, and what is below it, break a rule for a reason; where
// the rule names what breaks it, only by that.
func except(scope constructs.IConstruct, rule, reason string, by ...any) {
	s := &cdknag.NagPackSuppression{Id: &rule, Reason: &reason}
	if len(by) > 0 {
		s.AppliesTo = &by
	}
	cdknag.NagSuppressions_AddResourceSuppressions(scope, &[]*cdknag.NagPackSuppression{s}, jsii.Bool(true))
}
