# Fullmakt. `make` alone says what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PROFILE  ?= rental
ADDR     ?= 127.0.0.1:8080
PORT     ?= 3000
EMULATOR_PORT ?= 5577
TOOLS    := .tools
VENV     := $(TOOLS)/venv
LINT     := $(TOOLS)/bin/golangci-lint
LINT_VERSION    := v2.15.0
GITLEAKS := $(TOOLS)/bin/gitleaks
GITLEAKS_VERSION := v8.30.1
VULN     := $(TOOLS)/bin/govulncheck
VULN_VERSION    := v1.1.4
SAM      := .local/sam
SAM_ARCH  = $(shell go env GOARCH)
export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20

##@ Run it
run: ## everything in one process on this machine, with demo data (PROFILE=rental ADDR=127.0.0.1:8080)
	@mkdir -p .local
	go build -o .local/fullmakt ./cmd/fullmakt
	@exec .local/fullmakt serve --demo --profile $(PROFILE) --addr $(ADDR)

##@ Test it
test: tools ## every test
	go test -shuffle=on ./...
	cd infra && go test ./...

test-quick: tools ## all but the CDK app and the browser
	go test $$(go list ./... | grep -v /internal/browsertest)

race: tools ## the tests of the domain, the API and the storage under the race detector
	go test -race ./internal/domain ./internal/apitest ./internal/table/...

bench: ## benchmarks, a year of a million memberships among them (a quarter of an hour, 4 GB)
	go test -run '^$$' -bench . -benchmem -timeout 1h ./internal/...

bench-lambda: $(TOOLS)/npm.done $(TOOLS)/system.done ## each function beside an empty one, and what a request costs: writes docs/performance.md
	go run ./tools/lambdabench -write

bench-lambda-costs: $(TOOLS)/npm.done $(TOOLS)/system.done ## what a request costs only: when a test says that docs/performance.md is stale
	go run ./tools/lambdabench -costs

bench-lambda-quick: $(TOOLS)/npm.done $(TOOLS)/system.done ## the same with fewer starts, for CI: fails above the budget, writes nothing
	go run ./tools/lambdabench -starts 15 -answers 1

drill: ## the restore drill on a made-up store: dump, restore, erase again, check, ask the endpoints
	@mkdir -p .local
	go build -o .local/fullmakt-drill ./cmd/fullmakt
	@tools/drill.sh .local/fullmakt-drill

requirements: ## which requirements have a test, and why the others have none
	go run ./cmd/fullmakt requirements

verify: generate $(LINT) $(TOOLS)/npm.done scan ## generated files are true, lint with gosec, all scanners, and the requirements
	@git diff --exit-code -- functions events docs profiles || { echo 'Generated files differ from what is committed: run make generate and commit.'; exit 1; }
	@test -z "$$(git status --porcelain -- functions events docs profiles)" || { git status --short -- functions events docs profiles; echo 'Generated files are not committed.'; exit 1; }
	$(LINT) run ./...
	cd infra && ../$(LINT) run ./...
	go mod tidy -diff
	cd infra && go mod tidy -diff
	$(TOOLS)/node_modules/.bin/redocly lint docs/openapi.json
	go run ./cmd/fullmakt requirements

# cdk-nag and cfn-lint are part of synth, gosec is part of lint.
scan: synth $(GITLEAKS) $(VULN) $(TOOLS)/checkov.done ## secrets in any commit, known vulnerabilities, the templates by cfn-lint, cdk-nag and checkov
	$(GITLEAKS) git . --config tools/gitleaks.toml --no-banner --redact
	go run ./tools/vuln -govulncheck $(VULN) $(if $(VULN_REQUIRED),-required)
	$(TOOLS)/checkov/bin/checkov --config-file tools/checkov/checkov.yaml --directory infra/cdk.out

##@ Run it by AWS SAM: each function in a container, on DynamoDB Local, a local SES and KMS
sam-api: sam-free sam ## all endpoints on a port of 127.0.0.1 (PORT=3000), mails on the screen
	@exec $(SAM)/sam api --port $(PORT)

# While sam-api runs, its functions are run as they are.
sam-invoke: sam-which $(if $(wildcard $(SAM)/running.json),,sam) ## one function (F=user-list), with events/<F>.json
	@exec $(SAM)/sam invoke $(F)

sam-which:
	@test -f 'events/$(F).json' || { echo 'Say which function: make sam-invoke F=me-get, or another one of events/.'; exit 1; }

sam-free:
	@test ! -e $(SAM)/running.json || { echo 'make sam-api runs already, from this folder. If it was killed: rm $(SAM)/running.json.'; exit 1; }
	@! (exec 3<>/dev/tcp/127.0.0.1/$(PORT)) 2>/dev/null || { echo 'Port $(PORT) is taken: make sam-api PORT=…'; exit 1; }

test-sam: sam ## the main path through the port of SAM
	@$(SAM)/sam test

# Functions for this machine, where those that are deployed are for arm64.
sam: $(TOOLS)/npm.done $(TOOLS)/venv.done $(TOOLS)/sam.done
	@tools/system.sh java containers
	go run ./cmd/fullmakt build --arch $(SAM_ARCH) --out $(SAM)/dist
	rm -rf $(SAM)/cdk.out
	cd infra && CDK_OUTDIR=../$(SAM)/cdk.out go run . -c env=sam -c dist=../$(SAM)/dist -c aws:cdk:disable-asset-staging=true \
		-c arch=$(SAM_ARCH:amd64=x86_64)
	go build -o $(SAM)/sam ./tools/sam

##@ Build it
generate: ## write everything that derives from the registries and profiles
	go run ./cmd/fullmakt generate

policies: ## what the functions' roles allow, for the tests that hold calls against it
	cd infra && go test -run TestXI1_PoliciesAreThoseOfTheTemplates -update .

build: ## Lambda artifacts for linux/arm64 in dist/
	go run ./cmd/fullmakt build

reproducible: build ## the same again elsewhere, from nothing, byte for byte; and a changed noun changes its own functions only
	go run ./tools/artifacts

synth: $(TOOLS)/venv.done build ## the CDK templates in infra/cdk.out, and their checks
	cd infra && go run .
	$(VENV)/bin/cfn-lint infra/cdk.out/*.template.json

##@ Deploy it into an emulated AWS
test-deploy: tools synth ## what make synth writes, by the CDK's command line, and what is there then
	go test -tags deploy -count=1 -timeout 20m ./internal/deploytest

emulator: tools ## an AWS account at 127.0.0.1 to try cdk with (EMULATOR_PORT=5577)
	@exec $(VENV)/bin/python tools/emulator $(EMULATOR_PORT)

##@ Tools
tools: $(TOOLS)/npm.done $(TOOLS)/venv.done $(TOOLS)/system.done ## what the tests need, in pinned versions, under .tools/

$(TOOLS)/npm.done: tools/package.json tools/package-lock.json
	@command -v npm >/dev/null || { echo 'npm is missing: install Node.js 20 or newer.'; exit 1; }
	mkdir -p $(TOOLS) && cp tools/package.json tools/package-lock.json $(TOOLS)/
	npm ci --prefix $(TOOLS) --ignore-scripts --no-audit --no-fund
	touch $@

$(TOOLS)/venv.done: requirements.txt
	@command -v python3 >/dev/null || { echo 'python3 is missing: install Python 3.11 or newer with venv.'; exit 1; }
	python3 -m venv $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check -r requirements.txt
	touch $@

$(TOOLS)/sam.done: tools/sam/requirements.txt
	@command -v python3 >/dev/null || { echo 'python3 is missing: install Python 3.11 or newer with venv.'; exit 1; }
	python3 -m venv $(TOOLS)/sam
	$(TOOLS)/sam/bin/pip install --quiet --disable-pip-version-check -r tools/sam/requirements.txt
	touch $@

$(TOOLS)/system.done: tools/system.sh
	mkdir -p $(TOOLS) && tools/system.sh java browser
	touch $@

$(TOOLS)/checkov.done: tools/checkov/requirements.txt
	python3 -m venv $(TOOLS)/checkov
	$(TOOLS)/checkov/bin/pip install --quiet --disable-pip-version-check -r tools/checkov/requirements.txt
	touch $@

$(GITLEAKS):
	GOBIN=$(CURDIR)/$(TOOLS)/bin go install github.com/zricethezav/gitleaks/v8@$(GITLEAKS_VERSION)

$(VULN):
	GOBIN=$(CURDIR)/$(TOOLS)/bin go install golang.org/x/vuln/cmd/govulncheck@$(VULN_VERSION)

$(LINT):
	GOBIN=$(CURDIR)/$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

clean: ## remove what was built, run and installed here
	rm -rf dist infra/cdk.out .local $(TOOLS)

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run test test-quick race bench bench-lambda bench-lambda-costs bench-lambda-quick drill requirements verify scan policies sam-api sam-invoke sam-which sam-free test-sam sam generate build reproducible synth test-deploy emulator tools clean help
