// Package awsmail is what the functions that send mail have beyond the others:
// SES and the key of one-time links. Nothing else imports it, so nothing else
// carries those clients.
package awsmail

import (
	"fmt"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/mail/kmsmint"
	"github.com/fullmakt/fullmakt/internal/mail/sesmail"
)

// Sender gives a job SES, and what mails say of the operator and the portal.
var Sender = awsapp.Part{Need: endpoint.SendMail, Wire: sender}

// Minter gives a job the key of one-time links.
var Minter = awsapp.Part{Need: endpoint.MintLinks, Wire: minter}

func sender(env *awsapp.Env, deps *job.Deps) {
	deps.Portal = env.PortalURL()
	deps.MailRate = env.MailRate()
	deps.Operator = env.Required(awsapp.EnvOperatorName, awsapp.Line)
	c := sesmail.Config{
		Region: env.Region(), Endpoint: env.Endpoint("SES"), FromName: deps.Operator,
		ConfigurationSet: env.Optional(awsapp.EnvConfigurationSet, awsapp.Name(64, "_-")),
	}
	env.Required(awsapp.EnvMailFrom, func(from string) (err error) {
		c.From = from
		if deps.Sender, err = sesmail.New(c); err != nil {
			return fmt.Errorf("is of no use: %w", err)
		}
		return nil
	})
}

func minter(env *awsapp.Env, deps *job.Deps) {
	deps.Mint = kmsmint.New(kmsmint.Config{
		Region: env.Region(), Endpoint: env.Endpoint("KMS"), KeyID: env.Required(awsapp.EnvLinkKey, awsapp.Name(2048, "-/_:")),
	})
}
