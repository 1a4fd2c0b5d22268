# Everything that is needed is fetched through the Go module proxy (and, for
# HAProxy, Debian's packages), built once and cached in the user's cache folder.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

export CGO_ENABLED ?= 0
GO ?= go
TOOL := $(GO) tool -modfile=test/tools/go.mod
LDFLAGS := -s -w -buildid=
FUZZTIME ?= 10s

.PHONY: help
help: ## Show this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## Build the plugin and the webhook into bin/
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/ ./cmd/...

.PHONY: completion
completion: ## Write the script with which kubectl completes the plugin into bin/
	@mkdir -p bin
	$(GO) run -trimpath ./cmd/kubectl-ingress_migrate completion kubectl > bin/kubectl_complete-ingress_migrate
	@chmod +x bin/kubectl_complete-ingress_migrate

.PHONY: demo
demo: ## Move a sandbox cluster from Traefik 1.7 to 2.11 and back, under load
	$(GO) run ./test/demo

.PHONY: e2e
e2e: ## Migrate sandbox clusters there and back under load (E2E="-pairs v1-v2 -nodes 3" is a part of it)
	$(GO) run ./test/e2e $(E2E)

.PHONY: test
test: lint cross-check sandbox-binaries oracle-binaries schemas chart ## Run every check and every test
	$(TOOL) gotestsum --format pkgname-and-test-fails --hide-summary=output -- -p 2 -timeout 30m ./...
	$(call judge,ingressoracle,pkgname-and-test-fails,-p 1 ./...)
	$(call judge,oracle,pkgname-and-test-fails,-p 1 -skip '/nginx-cases' ./...)

.PHONY: report-check
report-check: ## Open the HTML report in a headless Chromium, with axe-core (fetched once, needs npm)
	cd test/report && $(GO) test -count 1 ./...

.PHONY: test-unit
test-unit: ## Run the tests that need no sandbox (seconds)
	$(TOOL) gotestsum --format pkgname-and-test-fails -- ./convert/...

.PHONY: explore
explore: ## Run the property tests on inputs never seen before
	$(GO) test ./convert ./convert/emit ./convert/nginx ./convert/traefikingress ./convert/traefikv1 -rapid.seed=0 -rapid.checks=3000

# Each oracle is a module of its own in test/. The tests of its first package,
# and of ingressoracle/opinion, take -oracle.pairs, for each dialect and target, and
# -oracle.seed, where 0 draws one and tells it. They fail at unreported differences; testdata/found has their stories.
ORACLES := oracle ingressoracle
PAIRS ?= 20000
SEED ?= 0

# judge runs one oracle: $(1) is its module, $(2) gotestsum's format, $(3) are
# packages and flags.
define judge
	@echo "test/$(1): what it judges with is compiled once, which takes minutes"
	cd test/$(1) && $(GO) tool -modfile=../tools/go.mod gotestsum --format $(2) -- -timeout 90m $(3)

endef

.PHONY: chaos
chaos: sandbox-binaries ## Try the webhook with 500 Ingresses at once, and many changes of its authority
	$(GO) test ./test/webhook -count 1 -v -timeout 60m -args -burst 500 -rotations 10 -settle 15s

.PHONY: faults
faults: sandbox-binaries ## Have every fault befall every write of a cutover, in every strategy (hours)
	$(GO) test ./test/faults -count 1 -v -timeout 12h -args -faults.all

.PHONY: fuzz
fuzz: ## Fuzz every parser and the conversion, FUZZTIME (10s) each
	@for file in $$(grep -rl --include='*_test.go' '^func Fuzz' convert plugin webhook | sort); do \
	  for target in $$(sed -n 's/^func \(Fuzz[A-Za-z]*\)(.*/\1/p' $$file); do \
	    echo "$$file $$target"; \
	    $(GO) test ./$$(dirname $$file) -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME); \
	  done; \
	done

.PHONY: schemas
schemas: ## Hold stories and generated objects against Traefik's types, CRDs, an API server
	cd test/schemas && $(GO) test ./...

.PHONY: chart
chart: sandbox-binaries ## Let Helm render and install the chart, against what webhook install makes (UPDATE=1 makes it)
	cd test/chart && $(GO) test ./...

.PHONY: oracle
oracle: oracle-binaries ## Let real Traefiks judge 20,000 generated pairs per dialect and target (SEED=1 repeats a run)
	$(foreach o,$(ORACLES),$(call judge,$(o),standard-verbose,-count 1 . -args -oracle.pairs=$(PAIRS) -oracle.seed=$(SEED)))
	$(call judge,ingressoracle,standard-verbose,-count 1 ./opinion -args -oracle.pairs=$(PAIRS) -oracle.seed=$(SEED))
	$(call judge,ingressoracle,standard-verbose,-modfile=traefik36.mod -tags traefik36 -count 1 . -args -oracle.pairs=$(PAIRS) -oracle.seed=$(SEED))
	cd test/oracle && $(GO) test -count 1 ./startup
	cd test/certmanager && $(GO) test ./...

.PHONY: oracle-binaries
oracle-binaries: ## Build what judges: Traefik 1.7, 2.11 and 3.6, ingress-nginx (once)
	$(GO) run ./test/sandbox/binaries/cmd/sandbox-binaries traefik1 traefik2 traefik3 ingress-nginx

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
bench: ## Benchmarks of conversion and plugin, readable by benchstat
	$(GO) test -run '^$$' -bench . -benchmem -benchtime 3x -count 5 -timeout 60m ./convert/... ./test/bench

.PHONY: bench-scale
bench-scale: ## Measure status and plan beside kubectl, and the webhook, on 1,000 nodes and 20,000 Ingresses
	$(GO) test -run '^$$' -bench . -benchtime 3x -timeout 60m ./test/scale

.PHONY: bench-webhook
bench-webhook: sandbox-binaries ## Compare applies that the webhook judges with those that one allows unseen
	$(GO) test -run '^$$' -bench . -benchtime 1x -timeout 60m ./webhook/... ./test/webhook

.PHONY: bench-redirects
bench-redirects: ## Measure forms of thousands of redirects in Traefik 2.11 and 3.7
	cd test/redirects && $(GO) test -run . -bench . -benchtime 100x -timeout 60m .

# The platforms of krew's plugins; make test looks at those that differ in source.
PLATFORMS := linux/amd64 linux/arm64 darwin/amd64 darwin/arm64 windows/amd64 windows/arm64
OTHERS := darwin/arm64 windows/amd64

.PHONY: cross-check
cross-check: ## Compile what the plugin is made of for macOS and Windows
	@for p in $(OTHERS); do echo "go vet for $$p"; \
	  CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./cmd/kubectl-ingress_migrate; done

.PHONY: race
race: ## Run unit tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 30m ./cmd/... ./convert/... ./manifests/... ./webhook/... $$($(GO) list ./plugin/... | sed 1d)
	CGO_ENABLED=1 $(GO) test -race -run 'TestScripts|TestVerifyScripts' ./plugin

.PHONY: cross
cross: ## Build the plugin for every platform, and the webhook for Linux
	@for p in $(PLATFORMS); do echo "$$p"; \
	  CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/$$p/ ./cmd/kubectl-ingress_migrate; done
	for arch in amd64 arm64; do CGO_ENABLED=0 GOOS=linux GOARCH=$$arch $(GO) build -trimpath -ldflags '$(LDFLAGS)' -o bin/linux/$$arch/ ./cmd/ingress-migrate-webhook; done

.PHONY: release-check
release-check: image-check ## Make a release, twice, publish nothing; krew validates and installs it, kubectl runs it (RELEASE="-dir DIR" goes on where a run ended)
	$(GO) run ./test/release $(RELEASE)

.PHONY: image-check
image-check: ## Let ko build the webhook's image, twice, from a registry on loopback
	cd test/image && $(GO) test -count 1 -timeout 60m ./...

.PHONY: release-tag
release-tag: ## Fail unless manifests and chart are those of a release (TAG=v1.2.3)
	@$(GO) run ./test/release/cmd/release-tag -tag '$(TAG)'

.PHONY: krew-manifest
krew-manifest: ## Print krew's manifest of a release (TAG=v1.2.3) from dist/checksums.txt
	@$(GO) run ./test/release/cmd/krew-manifest -tag '$(TAG)'

.PHONY: clean
clean: ## Remove what was built in this folder (the cache stays)
	rm -rf bin
