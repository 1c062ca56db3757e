// Package awsapp makes Lambda functions of endpoints and jobs. It reads a
// function's configuration and gives it no more than it declares to need;
// a function that cannot work ends before it has served anything, and says in
// its log all that is wrong.
package awsapp

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // days are days in the organizations' zones, and Lambda's image has no zones

	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-lambda-go/lambdacontext"

	"github.com/fullmakt/fullmakt/internal/domain"
	"github.com/fullmakt/fullmakt/internal/endpoint"
	"github.com/fullmakt/fullmakt/internal/job"
	"github.com/fullmakt/fullmakt/internal/lambdahttp"
	"github.com/fullmakt/fullmakt/internal/password"
	"github.com/fullmakt/fullmakt/internal/profile"
	"github.com/fullmakt/fullmakt/internal/registry"
	"github.com/fullmakt/fullmakt/internal/registry/bolagsverket"
	"github.com/fullmakt/fullmakt/internal/registry/nordic"
	"github.com/fullmakt/fullmakt/internal/store"
	"github.com/fullmakt/fullmakt/internal/table"
	"github.com/fullmakt/fullmakt/internal/table/dynamotable"
)

// Serve is the Lambda function of an endpoint, with the parts for those of its
// needs that not every function has. It does not return.
func Serve(e endpoint.Endpoint, parts ...EndpointPart) {
	run(e.Needs, func(b base) lambda.Handler { return serve(e, parts, b) })
}

// EndpointPart gives an endpoint what one of its needs asks for. It is linked
// only into the functions that name it.
type EndpointPart struct {
	Need endpoint.Need
	Wire func(env *Env, deps *endpoint.Deps)
}

// Run is the Lambda function of a job, with the parts for those of its needs
// that not every function has. It does not return.
func Run(j job.Job, parts ...Part) {
	run(j.Needs, func(b base) lambda.Handler { return work(j, parts, b) })
}

// Part gives a job what one of its needs asks for. It is linked only into the
// functions that name it.
type Part struct {
	Need endpoint.Need
	Wire func(env *Env, deps *job.Deps)
}

// Pages is the Lambda function that serves the portal's pages. It does not return.
func Pages(id string, pages http.Handler) {
	boot(func(env *Env, log *slog.Logger) (lambda.Handler, error) { return servePages(id, pages, env, log) })
}

func servePages(id string, pages http.Handler, env *Env, log *slog.Logger) (lambda.Handler, error) {
	config := lambdahttp.Config{OriginKeys: env.OriginKeys(), Metrics: env.Metrics()}
	return lambdahttp.New(config, endpoint.Spec{ID: id}, pages, log), env.Err()
}

// base is what every function of an endpoint or a job has.
type base struct {
	env     *Env
	log     *slog.Logger
	table   table.Table
	store   domain.Store
	profile *domain.Profile
}

func run(needs []endpoint.Need, wire func(base) lambda.Handler) {
	boot(func(env *Env, log *slog.Logger) (lambda.Handler, error) { return start(env, log, needs, wire) })
}

// boot starts a function, or ends with all that is wrong in its log.
func boot(start func(*Env, *slog.Logger) (lambda.Handler, error)) {
	log := slog.New(slog.NewJSONHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: lambdacontext.ReplaceAttr}))
	slog.SetDefault(log) // the Lambda library logs there too
	handler, err := start(&Env{lookup: os.Getenv}, log)
	if err != nil {
		log.Error("the function cannot start", "error", err)
		os.Exit(1)
	}
	lambda.Start(handler)
}

// start makes the handler of a function, or tells all that is wrong with its
// environment.
func start(env *Env, log *slog.Logger, needs []endpoint.Need, wire func(base) lambda.Handler) (handler lambda.Handler, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	t := openTable(env)
	b := base{env: env, log: log, table: t, store: store.New(t), profile: portalProfile(env)}
	handler = wire(b)
	if err := env.Err(); err != nil {
		return nil, err
	}
	if slices.Contains(needs, endpoint.ReadItems) {
		b.warmUp()
	}
	return handler, nil
}

// warmUpTime bounds the read that opens the connection.
const warmUpTime = time.Second

// warmUp opens the connection to the table: the first call spends more time on
// TLS than all else that a function does before it serves, and until it serves
// a function has a whole processor. Whether the table can be read is for the
// first request to find out.
func (b base) warmUp() {
	ctx, cancel := context.WithTimeout(context.Background(), warmUpTime)
	defer cancel()
	if _, err := b.store.Load(ctx, domain.Want{Signing: true}); err != nil {
		b.log.Warn("the table does not answer yet", "error", err)
	}
}

func serve(e endpoint.Endpoint, parts []EndpointPart, b base) lambda.Handler {
	deps := endpoint.Deps{Store: b.store, Profile: b.profile, Clock: time.Now, Log: b.log}
	if e.Hashes {
		deps.Hasher = password.New()
	}
	if e.Needing(endpoint.OwnAddress) {
		deps.PublicURL = b.env.PortalURL()
	}
	if e.Needing(endpoint.ReadRegistry) {
		deps.Registry = registers(b)
	}
	for _, need := range []endpoint.Need{endpoint.WriteFiles, endpoint.SealFields, endpoint.OpenFields, endpoint.IndexFields} {
		if !e.Needing(need) {
			continue
		}
		i := slices.IndexFunc(parts, func(p EndpointPart) bool { return p.Need == need })
		if i < 0 {
			b.env.lacks(need)
			continue
		}
		parts[i].Wire(b.env, &deps)
	}
	config := lambdahttp.Config{OriginKeys: b.env.OriginKeys(), Metrics: b.env.Metrics()}
	return lambdahttp.New(config, e.Spec, e.Handler(deps), b.log)
}

func work(j job.Job, parts []Part, b base) lambda.Handler {
	deps := job.Deps{Store: b.store, Profile: b.profile, Clock: time.Now, Log: b.log, Metrics: b.env.Metrics()}
	for _, need := range []endpoint.Need{endpoint.SendMail, endpoint.MintLinks, endpoint.SealFields, endpoint.OpenFields, endpoint.IndexFields} {
		if !slices.Contains(j.Needs, need) {
			continue
		}
		i := slices.IndexFunc(parts, func(p Part) bool { return p.Need == need })
		if i < 0 {
			b.env.lacks(need)
			continue
		}
		parts[i].Wire(b.env, &deps)
	}
	if slices.Contains(j.Needs, endpoint.HearMails) {
		deps.MailTopic = b.env.Required(EnvMailTopic, Name(512, "-_:"))
	}
	return &worker{job: j, deps: deps}
}

func openTable(env *Env) table.Table {
	return dynamotable.New(dynamotable.Config{
		Region: env.Region(), Table: env.Required(EnvTable, Name(255, "_.-")), Endpoint: env.Endpoint("DYNAMODB"),
	})
}

// registers are the public company registers: those that are open to everybody,
// and those that the deployment has been let into.
func registers(b base) domain.Registry {
	c := nordic.Public()
	c.PRH = cmp.Or(b.env.Optional(EnvPRH, webAddress), c.PRH)
	c.Brreg = cmp.Or(b.env.Optional(EnvBrreg, webAddress), c.Brreg)
	c.Plain = true // webAddress lets nothing plain through but what is on this machine
	id, secret := b.env.Optional(EnvBolagsverketID, Line), b.env.Optional(EnvBolagsverketSecret, Line)
	if id != "" || secret != "" {
		c.Bolagsverket = bolagsverket.Config{
			URL: bolagsverket.PublicURL, TokenURL: bolagsverket.PublicTokenURL, ClientID: id, ClientSecret: secret,
		}
	}
	drivers, err := nordic.Drivers(c)
	if err != nil {
		b.env.Fault("FULLMAKT_REGISTRY_*", err)
	}
	return &registry.Lookup{Drivers: drivers, Cache: store.NewRegisterCache(b.table), Clock: time.Now, Log: b.log}
}

func portalProfile(env *Env) (p *domain.Profile) {
	env.Required(EnvProfile, func(name string) (err error) {
		if p, err = profile.Load(name); err != nil {
			return fmt.Errorf("names no profile: %w", err)
		}
		if missing := profile.Missing(p); len(missing) > 0 {
			return fmt.Errorf("names a profile that asks for what this version does not have yet: %s", strings.Join(missing, ", "))
		}
		return nil
	})
	return p
}

// worker is the Lambda handler of a job.
type worker struct {
	job  job.Job
	deps job.Deps
}

// Invoke runs the job once. A panic is its failure, and not the function's:
// the next event finds it running.
func (w *worker) Invoke(ctx context.Context, event []byte) (out []byte, err error) {
	began := time.Now()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
			w.deps.Log.ErrorContext(ctx, "panic", "job", w.job.ID, "error", err, "stack", string(debug.Stack()))
		}
		level := slog.LevelInfo
		attrs := []slog.Attr{
			slog.String("job", w.job.ID), slog.Float64("ms", float64(time.Since(began).Microseconds())/1000), slog.Bool("failed", err != nil),
		}
		if err != nil {
			level = slog.LevelError
			attrs = append(attrs, slog.Any("error", err))
		}
		w.deps.Log.LogAttrs(ctx, level, "job", attrs...)
	}()
	result, err := w.job.Run(ctx, w.deps, event)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}
