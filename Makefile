# make start   build, install and start the runner
# make test    everything the tests cover
# make help    the rest

PREFIX ?= $(shell if [ "$$(id -u)" = 0 ]; then echo /usr/local; else echo "$$HOME/.local"; fi)
PROGRAM := .build/release/hapi
VENV := .venv
# The shipped program carries its Swift libraries, is not relocated at start, and has no symbols.
RELEASE := -c release --static-swift-stdlib --product hapi -Xlinker -no-pie -Xlinker -s

.PHONY: help start build install uninstall dist check test torture fuzz lint format clean setup

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

start: install ## build, install, start the runner, and say what to try next
	@scripts/start "$(PREFIX)/bin/hapi"

build: setup ## the shipped program, at .build/release/hapi
	swift build $(RELEASE)

install: build ## put hapi into PREFIX/bin (PREFIX=/usr/local as root, else ~/.local)
	@mkdir -p "$(PREFIX)/bin"
	@install -m 755 $(PROGRAM) "$(PREFIX)/bin/.hapi.new" && mv "$(PREFIX)/bin/.hapi.new" "$(PREFIX)/bin/hapi"
	@mkdir -p "$(PREFIX)/share/bash-completion/completions" "$(PREFIX)/share/zsh/site-functions" \
		"$(PREFIX)/share/fish/vendor_completions.d" "$(PREFIX)/share/man/man1"
	@$(PROGRAM) completion bash > "$(PREFIX)/share/bash-completion/completions/hapi"
	@$(PROGRAM) completion zsh > "$(PREFIX)/share/zsh/site-functions/_hapi"
	@$(PROGRAM) completion fish > "$(PREFIX)/share/fish/vendor_completions.d/hapi.fish"
	@$(PROGRAM) manual > "$(PREFIX)/share/man/man1/hapi.1"
	@echo "hapi is at $(PREFIX)/bin/hapi"

uninstall: ## remove what install has put into PREFIX; ~/.hapi stays
	@rm -f "$(PREFIX)/bin/hapi" "$(PREFIX)/share/bash-completion/completions/hapi" \
		"$(PREFIX)/share/zsh/site-functions/_hapi" "$(PREFIX)/share/fish/vendor_completions.d/hapi.fish" \
		"$(PREFIX)/share/man/man1/hapi.1"

dist: build ## a tarball, a .deb, checksums and an SBOM in .build/dist
	@scripts/dist

# What a target imports is declared: Package.swift says who may see whom.
WALLED := --explicit-target-dependency-import-check error

check: setup ## the linter, the walls and the unit tests; needs no network and no root
	$(MAKE) lint
	swift build --build-tests $(WALLED)
	swift test --skip-build --disable-xctest --skip '(Integration|Conversation|SocketIO)Tests\.'

test: setup $(VENV)/ready ## the linter, the walls, and every test
	$(MAKE) lint
	swift build --build-tests $(WALLED)
	HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" swift test --skip-build --disable-xctest

# The suites that ROUNDS makes longer.
PROOFS ?= TortureTests|ExitTests|StoreFaultTests|HostileRequestTests|HostileHubTests|LimitTests
ROUNDS ?= 200

torture: setup $(VENV)/ready ## kill the runner and its monitors at random; ROUNDS=200, SEED=... repeats
	swift build --build-tests
	HAPI_TEST_PYTHON="$(CURDIR)/$(VENV)/bin/python3" ROUNDS=$(ROUNDS) \
		swift test --skip-build --disable-xctest --filter '$(PROOFS)'

SECONDS ?= 60
SEED ?= 0

fuzz: ## random packets against the hub's protocol; SECONDS=60, SEED=... repeats
	@scripts/fuzz $(SECONDS) $(SEED)

lint: ## the formatter's rules, and the walls of the house
	scripts/walls
	swift format lint --strict --recursive --parallel Sources Tests Package.swift

format: ## apply the formatter
	swift format --in-place --recursive --parallel Sources Tests Package.swift

clean: ## remove what was built
	rm -rf .build $(VENV)

setup: ## install what building needs (libsqlite3-dev)
	@scripts/setup

$(VENV)/ready: Tests/Hub/requirements.txt
	@scripts/venv $(VENV) Tests/Hub/requirements.txt
	@touch $@
