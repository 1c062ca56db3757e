// Package awsvault is what the functions that seal, open or index fields have
// beyond the others: KMS, and each of its keys if it was declared. Nothing else
// imports it, so nothing else carries that client.
package awsvault

import (
	"strings"

	"github.com/fullmakt/fullmakt/internal/app/awsapp"
	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/vault/kmsvault"
)

// Sealer, Opener and Indexer give an endpoint's vault what one of its needs asks for.
var (
	Sealer  = ofEndpoint(endpoint.SealFields, fieldKey)
	Opener  = ofEndpoint(endpoint.OpenFields, fieldKey)
	Indexer = ofEndpoint(endpoint.IndexFields, indexKeys)
)

// JobSealer, JobOpener and JobIndexer do so for a job's.
var (
	JobSealer  = ofJob(endpoint.SealFields, fieldKey)
	JobOpener  = ofJob(endpoint.OpenFields, fieldKey)
	JobIndexer = ofJob(endpoint.IndexFields, indexKeys)
)

func ofEndpoint(need endpoint.Need, wire func(*awsapp.Env, *kmsvault.Vault)) awsapp.EndpointPart {
	return awsapp.EndpointPart{Need: need, Wire: func(env *awsapp.Env, deps *endpoint.Deps) {
		deps.ArtificialIDs = env.ArtificialIDs()
		wire(env, vaultIn(env, &deps.Vault))
	}}
}

func ofJob(need endpoint.Need, wire func(*awsapp.Env, *kmsvault.Vault)) awsapp.Part {
	return awsapp.Part{Need: need, Wire: func(env *awsapp.Env, deps *job.Deps) { wire(env, vaultIn(env, &deps.Vault)) }}
}

// vaultIn is the vault of the dependencies, new with the first part.
func vaultIn(env *awsapp.Env, v *domain.Vault) *kmsvault.Vault {
	if there, ok := (*v).(*kmsvault.Vault); ok {
		return there
	}
	made := kmsvault.New(kmsvault.Config{Region: env.Region(), Endpoint: env.Endpoint("KMS")})
	*v = made
	return made
}

func fieldKey(env *awsapp.Env, v *kmsvault.Vault) {
	v.FieldKey = env.Required(awsapp.EnvFieldKey, awsapp.Name(2048, "-/_:"))
}

func indexKeys(env *awsapp.Env, v *kmsvault.Vault) {
	v.IndexKeys = strings.Split(env.Required(awsapp.EnvIndexKeys, awsapp.Name(8192, "-/_:,")), ",")
}
