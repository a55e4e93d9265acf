# Every command of the project. CONTRIBUTING.md says what each is for. They need Go, make and git; check also needs a C compiler,
# for the race detector.
FUZZTIME ?= 30s
# One way to compile, so that nothing is compiled twice: not in another folder, nor for the programs that tests and release-check build.
export GOFLAGS ?= -trimpath
# A program with the race detector need not sleep for a second at its end.
export GORACE ?= atexit_sleep_ms=0
# Runs a command with the foreign programs that tests need, which it finds or installs.
SERVERS = GOWORK=off go -C tools run ./servers "$(CURDIR)"
# Runs go test in modules, all of them in spite of failures, and is never silent for long.
GOTEST = go -C tools run ./gotest "$(CURDIR)"
# The race detector makes tests several times as slow, and compiles all anew, so it runs where code of ours runs at once: in the root module, the
# adapters, the passkeys and the stores, and in these packages of integration. The modules of PLAIN, and the rest of integration, run without it.
# The checks of unsafe pointers stay out of SQLite, which is C in Go: there they double the time, and find nothing of ours; nor does the detector,
# as SQLite's memory is not Go's. Hashing is compiled without the detector too, which makes it ten times as slow. No package with generic code may
# be: the linker keeps one copy of an instance for the whole program, and atomic operations in it would order nothing.
RACED = contract/proofs,bunstore,redisstore
# The slowest package begins first, so that no core idles at the end.
REST = integration:!$(RACED),+sqlstore
PLAIN = cmd/latchkey command examples openapi openapi/viewer providers providers/gothprovider senders/smtpsender integration/openapi benchmarks tools
RACE = -race -gcflags=modernc.org/...=-d=checkptr=0 -gcflags="modernc.org/sqlite/lib=-d=checkptr=0 -race=false" $(foreach package,argon2 blake2b blowfish scrypt,-gcflags=golang.org/x/crypto/$(package)=-race=false)
TIMING = $(SERVERS) go -C integration test -p 1 ./timing ./growth -run '^$$' -bench . -benchtime 1x -timeout 90m
# Compiled beforehand, since go run is silent meanwhile.
TOOLS = GOWORK=off tools/still 'compiling tools' go -C tools build -o /dev/null ./servers ./gotest
BENCH ?= .
ROUNDS ?= 40

.PHONY: help quick test check format docs subjects tidy lint race release-check vulns bench fuzz long bare timing

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

quick: ## the tests that need no server, in about two minutes
	@$(TOOLS)
	@GOWORK=off $(GOTEST) work

test: ## all tests
	@$(TOOLS)
	@$(SERVERS) $(GOTEST) work integration integration/mongostore integration/openapi benchmarks tools

# What CI runs, the quick parts first. Nothing is compiled for its own sake: lint reads the modules together, as the workspace has them, and
# race compiles and tests each on its own; either hides mistakes that the other shows. No test runs twice.
check: format docs subjects tidy lint vulns race release-check ## what CI runs

format: ## files are as gofmt has them
	@unformatted=$$(gofmt -l .) && test -z "$$unformatted" || { echo "gofmt -w:" $$unformatted >&2; exit 1; }

# Links of the Markdown files resolve, and their marked code blocks are the code that is tested.
docs: ## links resolve, and code in Markdown files is tested code
	@GOWORK=off go -C tools run ./doccheck "$(CURDIR)"

# Subjects of commits are short, since a commit that tools/subjects/base.txt names.
subjects: ## subjects of commits are short
	@GOWORK=off go -C tools run ./subjects "$(CURDIR)"

tidy: ## go.mod and go.sum are as go mod tidy has them
	@tools/each go mod tidy -diff

lint: ## the linter has no complaint, prose is as it should be, siblings stay apart
	@GOWORK=off go -C tools run ./prose "$(CURDIR)"
	@GOWORK=off go -C tools run ./siblings "$(CURDIR)"
	@lint=$$(GOWORK=off tools/still 'compiling the linter' go -C tools tool -n golangci-lint) && failed=; \
	set -- "$$lint" run --config="$(CURDIR)/.golangci.yml" && \
	tools/still 'in the workspace: golangci-lint' "$$@" $$(sed -n 's,^\t\(\..*\),\1/...,p' go.work) || failed=1; \
	tools/each --apart "$$@" ./... && [ -z "$$failed" ]

# Each module on its own. Without vet, which lint has run over the same files.
race: ## all tests, with the race detector where it counts
	@$(TOOLS)
	@$(SERVERS) sh -c '\
	$(GOTEST) !integration $(PLAIN:%=!%) "integration:$(RACED)" -- $(RACE) -vet=off -timeout 20m || failed=1; \
	$(GOTEST) "$(REST)" $(PLAIN) -- -vet=off -timeout 20m && [ -z "$$failed" ]'

# Known vulnerabilities that the code can reach. Without the network, one line says that this was left out.
vulns: ## govulncheck, where its database can be reached
	@GOWORK=off go -C tools run ./vulns "$(CURDIR)"

# A program outside the workspace can get each released module, and compiles nothing but that module's dependencies.
release-check: ## a consumer gets each module, and nothing besides
	@GOWORK=off tools/still 'checking the release' go -C tools run ./releasecheck "$(CURDIR)"

# Beside the peers, with the goals; about five minutes, on a machine that does nothing else. RECORD=docs/performance.md keeps the table.
bench: ## benchmarks beside the goals, on an idle machine
	@$(SERVERS) go -C benchmarks run ./table -bench '$(BENCH)' -rounds $(ROUNDS) $(if $(RECORD),-document '$(CURDIR)/$(RECORD)') $(if $(RAW),-raw '$(RAW)')

fuzz: ## every fuzz target for FUZZTIME
	tools/fuzz $(FUZZTIME)

# What an issue ends with, beside check: tests in full counts, fuzzing, the measurements, and make test on a bare machine; some hours. One that
# fails does not stop the others. The race detector is check's: without it the many rounds run at the speed of a server.
long: ## what an issue ends with: full counts, fuzzing, timing, bare; hours
	@failed=; \
	LATCHKEY_TEST_LONG=1 $(SERVERS) $(GOTEST) -- -vet=off -tags long -count=1 -timeout 2h || failed="$$failed tests"; \
	$(SERVERS) $(GOTEST) "$(REST)" $(PLAIN) -- $(RACE) -vet=off -timeout 1h || failed="$$failed race"; \
	tools/fuzz 1000000x || failed="$$failed fuzz"; \
	$(TIMING) || failed="$$failed timing"; \
	tools/bare make test || failed="$$failed bare"; \
	[ -z "$$failed" ] || { echo "FAILED:$$failed" >&2; exit 1; }

# make test in a clean clone, as a user with empty caches, on a Debian with Go, make and git alone; needs root and debootstrap.
bare: ## make test on a Debian with Go, make and git alone
	@tools/bare make test

# Measures what the clock reveals, what one client can take from others and what grows, and fails where that is too much; half an hour, on a
# machine that does nothing else.
timing: ## what the clock reveals and what grows, on an idle machine
	@$(TIMING)
