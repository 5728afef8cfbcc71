# make start   build, install and start the runner
# make test    everything the tests cover
# make help    the rest

PREFIX ?= $(shell if [ "$$(id -u)" = 0 ]; then echo /usr/local; else echo "$$HOME/.local"; fi)
PROGRAM := .build/release/hapi
VENV := .venv
# The release program is linked statically except for glibc, exports no symbols, and is not position-independent
# (docs/decisions/0015). Its symbols are kept beside it.
RELEASE := -c release --static-swift-stdlib --product hapi --disable-local-rpath -Xlinker -no-pie \
	-Xlinker --build-id=sha1 -Xlinker --no-export-dynamic
ARCHIVES := .build/archives

.PHONY: help start build install uninstall transcript dist check test test-agents torture sanitize fuzz bench lint \
	format clean setup

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

start: install ## build and install, start the runner, and print the next steps
	@scripts/start "$(PREFIX)/bin/hapi"

build: setup ## the release program, .build/release/hapi, with its symbols in hapi.debug
	@scripts/static-libraries $(ARCHIVES)
	PKG_CONFIG_PATH="$(CURDIR)/$(ARCHIVES)" swift build $(RELEASE)
	@scripts/symbols $(PROGRAM)

# A program that is named (`make install PROGRAM=…`) is installed as it is.
install: $(if $(findstring command,$(origin PROGRAM)),,build) ## install hapi in PREFIX/bin (PREFIX is /usr/local as root, else ~/.local)
	@mkdir -p "$(PREFIX)/bin"
	@install -m 755 $(PROGRAM) "$(PREFIX)/bin/.hapi.new" && mv "$(PREFIX)/bin/.hapi.new" "$(PREFIX)/bin/hapi"
	@mkdir -p "$(PREFIX)/share/bash-completion/completions" "$(PREFIX)/share/zsh/site-functions" \
		"$(PREFIX)/share/fish/vendor_completions.d" "$(PREFIX)/share/man/man1"
	@$(PROGRAM) completion bash > "$(PREFIX)/share/bash-completion/completions/hapi"
	@$(PROGRAM) completion zsh > "$(PREFIX)/share/zsh/site-functions/_hapi"
	@$(PROGRAM) completion fish > "$(PREFIX)/share/fish/vendor_completions.d/hapi.fish"
	@$(PROGRAM) manual > "$(PREFIX)/share/man/man1/hapi.1"
	@echo "hapi is at $(PREFIX)/bin/hapi"

uninstall: ## remove what install has put into PREFIX, but not ~/.hapi
	@rm -f "$(PREFIX)/bin/hapi" "$(PREFIX)/share/bash-completion/completions/hapi" \
		"$(PREFIX)/share/zsh/site-functions/_hapi" "$(PREFIX)/share/fish/vendor_completions.d/hapi.fish" \
		"$(PREFIX)/share/man/man1/hapi.1"

transcript: build ## put the session in a terminal into README, made by the real program
	@scripts/transcript --write $(PROGRAM)

dist: build ## a tarball, a .deb, checksums and an SBOM in .build/dist
	@scripts/dist

# A target may import only what Package.swift declares for it.
WALLED := --explicit-target-dependency-import-check error

check: setup ## linter, import rules and unit tests; needs no network and no root
	$(MAKE) lint
	swift build --build-tests $(WALLED)
	swift test --skip-build --disable-xctest --skip '(Integration|Conversation|SocketIO)Tests\.'

test: setup $(VENV)/ready ## linter, import rules and all tests
	$(MAKE) lint
	swift build --build-tests $(WALLED)
	HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" swift test --skip-build --disable-xctest --experimental-maximum-parallelization-width 8

AGENTS := .venv-agents

test-agents: setup $(VENV)/ready $(AGENTS)/ready ## test real agents (about 500 MB from PyPI) against a scripted model
	swift build --build-tests $(WALLED)
	HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" \
		swift test --skip-build --disable-xctest --filter "Real(Claude|Codex|Vibe)Tests"

# The suites that run longer with ROUNDS.
PROOFS ?= TortureTests|ChurnTests|ExitTests|StoreFaultTests|HostileRequestTests|HostileHubTests|LimitTests
ROUNDS ?= 200

torture: setup $(VENV)/ready ## kill the runner and its monitors at random; ROUNDS=200, SEED=... to repeat a run
	swift build --build-tests
	HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" ROUNDS=$(ROUNDS) \
		swift test --skip-build --disable-xctest --filter '$(PROOFS)'

# Suites that run in the test process: a sanitizer does not see the programs that the other suites start.
UNITS ?= ^(Processes|RunnerStore|Monitor|HubProtocol|HubClient|Home|SessionProcess|Runner|SocketIO)Tests\.

sanitize: setup $(VENV)/ready ## the unit tests with ThreadSanitizer and AddressSanitizer, in separate builds
	@for kind in thread address; do \
		swift build --build-tests --scratch-path .build-$$kind --sanitize=$$kind && \
		HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" TSAN_OPTIONS="halt_on_error=1 suppressions=$(CURDIR)/Tests/thread-sanitizer.txt" ASAN_OPTIONS=detect_leaks=0 \
			swift test --skip-build --disable-xctest --scratch-path .build-$$kind --sanitize=$$kind \
			--filter '$(UNITS)' || exit 1; \
	done

SECONDS ?= 60
SEED ?= 0

fuzz: ## fuzz the hub's protocol and the lines of agents; SECONDS=60 each, SEED=... to repeat a run, TARGETS=lines
	@scripts/fuzz $(SECONDS) $(SEED) "$(TARGETS)"

bench: build ## run the benchmarks; ONLY=spawn,list_request SESSIONS=1000 ENDED=1000000
	HAPI="$(CURDIR)/$(PROGRAM)" python3 Benchmarks/bench.py

lint: ## check formatting and import rules
	scripts/walls
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

format: ## apply the formatter
	swift format --in-place --recursive --parallel Sources Tests Package.swift

clean: ## remove build products
	rm -rf .build .build-thread .build-address $(VENV) $(AGENTS)

setup: ## install what the build needs (libsqlite3-dev)
	@scripts/setup

$(AGENTS)/ready: scripts/agents
	@scripts/agents $(AGENTS)

$(VENV)/ready: Tests/Hub/requirements.txt
	@scripts/venv $(VENV) Tests/Hub/requirements.txt
	@touch $@
