# Everything that is needed is fetched through the Go module proxy (and, for
# HAProxy, Debian's packages), built once and cached in the user's cache folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 0
GO ?= go
TOOL := $(GO) tool -modfile=test/tools/go.mod
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
LDFLAGS := -s -w

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the plugin and the webhook into bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: demo
demo: ## Move a sandbox cluster from Traefik 1.7 to 2.11 and back, under load
	$(GO) run ./test/demo

.PHONY: test
test: lint sandbox-binaries ## Run every check and every test
	$(TOOL) gotestsum --format pkgname-and-test-fails --hide-summary=output -- -p 2 -timeout 30m ./...

.PHONY: test-unit
test-unit: ## Run the tests that need no sandbox (seconds)
	$(TOOL) gotestsum --format pkgname-and-test-fails -- ./convert/...

.PHONY: explore
explore: ## Run the property tests on inputs never seen before
	$(GO) test ./convert ./convert/emit ./convert/nginx ./convert/traefikingress ./convert/traefikv1 -rapid.seed=0 -rapid.checks=3000

.PHONY: oracle
oracle: ## Let real Traefiks judge generated conversions (builds Traefik 3.6 once)
	cd test/oracle && $(GO) test -timeout 60m ./...
	cd test/certmanager && $(GO) test ./...

.PHONY: lint
lint: ## gofmt, go vet, staticcheck
	@unformatted=$$(gofmt -l $$(git ls-files -- '*.go')); \
	  if [ -n "$$unformatted" ]; then echo "not gofmt-ed:"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(TOOL) staticcheck ./...

.PHONY: sandbox-binaries
sandbox-binaries: ## Build what the sandbox runs: control plane, Traefik 1.7, Traefik 2.11 (once)
	$(GO) run ./test/sandbox/binaries/cmd/sandbox-binaries

.PHONY: sandbox
sandbox: ## Start the sandbox cluster and print its KUBECONFIG
	$(GO) run ./test/sandbox/cmd/sandbox start

.PHONY: sandbox-stop
sandbox-stop: ## End exactly what `make sandbox` started
	$(GO) run ./test/sandbox/cmd/sandbox stop

.PHONY: bench
bench: ## Benchmarks of the conversion, readable by benchstat
	$(GO) test -run '^$$' -bench . -benchmem -count 5 ./convert/...

.PHONY: bench-redirects
bench-redirects: ## Measure forms of thousands of redirects in Traefik 2.11 and 3.7
	cd test/redirects && $(GO) test -run . -bench . -benchtime 100x -timeout 60m .

.PHONY: clean
clean: ## Remove what was built in this folder (the cache stays)
	rm -rf bin
