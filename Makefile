# Fullmakt. `make` alone says what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
SHELL := bash
.SHELLFLAGS := -euo pipefail -c

PROFILE  ?= rental
ADDR     ?= 127.0.0.1:8080
TOOLS    := .tools
VENV     := $(TOOLS)/venv
LINT     := $(TOOLS)/bin/golangci-lint
LINT_VERSION    := v2.15.0
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

requirements: ## which requirements have a test, and why the others have none
	go run ./cmd/fullmakt requirements

verify: generate $(LINT) $(TOOLS)/npm.done ## generated files are true, lint, and the requirements
	@git diff --exit-code -- functions events docs profiles || { echo 'Generated files differ from what is committed: run make generate and commit.'; exit 1; }
	@test -z "$$(git status --porcelain -- functions events docs profiles)" || { git status --short -- functions events docs profiles; echo 'Generated files are not committed.'; exit 1; }
	$(LINT) run ./...
	cd infra && ../$(LINT) run ./...
	go mod tidy -diff
	cd infra && go mod tidy -diff
	$(TOOLS)/node_modules/.bin/redocly lint docs/openapi.json
	go run ./cmd/fullmakt requirements

##@ Build it
generate: ## write everything that derives from the registries and profiles
	go run ./cmd/fullmakt generate

build: ## Lambda artifacts for linux/arm64 in dist/
	go run ./cmd/fullmakt build

synth: build $(TOOLS)/venv.done ## the CDK templates in infra/cdk.out, and their checks
	cd infra && go run .
	$(VENV)/bin/cfn-lint infra/cdk.out/*.template.json

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

$(TOOLS)/system.done: tools/system.sh
	mkdir -p $(TOOLS) && tools/system.sh
	touch $@

$(LINT):
	GOBIN=$(CURDIR)/$(TOOLS)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(LINT_VERSION)

clean: ## remove what was built, run and installed here
	rm -rf dist infra/cdk.out .local $(TOOLS)

help: ## this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: run test test-quick race bench requirements verify generate build synth tools clean help
