// Package jobs is the registry: the explicit list of all jobs.
package jobs

import (
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/job/agreementchanged"
	"github.com/fullmakt/fullmakt/internal/job/auditseal"
	"github.com/fullmakt/fullmakt/internal/job/bootstrap"
	"github.com/fullmakt/fullmakt/internal/job/customercreated"
	"github.com/fullmakt/fullmakt/internal/job/expirememberships"
	"github.com/fullmakt/fullmakt/internal/job/maildispatch"
	"github.com/fullmakt/fullmakt/internal/job/mailfeedback"
	"github.com/fullmakt/fullmakt/internal/job/vaultrotate"
)

// All are all of them.
func All() []job.Job {
	return []job.Job{bootstrap.Job(), maildispatch.Job(), mailfeedback.Job(), auditseal.Job(), expirememberships.Job(), customercreated.Job(), agreementchanged.Job(), vaultrotate.Job()}
}
