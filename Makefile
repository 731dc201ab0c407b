# Everything a person or a machine does with this checkout; `make help` lists it.

PYTHON ?= python3
MINUTES ?= 60
VENV := .venv
RUN := $(VENV)/bin/python
INSTALL := PIP_CONSTRAINT=constraints.txt $(RUN) -m pip install --quiet --disable-pip-version-check
INPUTS := pyproject.toml constraints.txt
CODE := spanledger core schema mapping pricing tracking access privacy search store collector derive api mirror retention exporters web mcp_server tests $(wildcard benchmarks)

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup serve test browser screenshots lint types fix bench bench-peers soak docs wheel clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.test ## Build the environment (instant when it is there)

serve: $(VENV)/.run ## Run the collector: OTLP/gRPC on 127.0.0.1:4317, OTLP/HTTP on 127.0.0.1:4318
	@exec $(VENV)/bin/spanledger serve $(ARGS)

test: $(VENV)/.test $(VENV)/.browser ## Run every test (ARGS="-k name" for some)
	@$(RUN) -m pytest -n 3 --dist loadfile $(ARGS)

lint: $(VENV)/.lint ## Check format, style, floors and types
	@$(RUN) -m ruff format --check $(CODE)
	@$(RUN) -m ruff check $(CODE)
	@$(VENV)/bin/lint-imports --no-cache
	@$(RUN) -m mypy

browser: $(VENV)/.browser ## Install Chromium, which pages are tested in, unless it is there

screenshots: $(VENV)/.test $(VENV)/.browser ## Take the pictures of docs/screenshots again
	@$(RUN) -m tests.web.screenshots

types: $(VENV)/.lint ## Check types only
	@$(RUN) -m mypy

fix: $(VENV)/.lint ## Format, and mend what can be mended
	@$(RUN) -m ruff check --fix-only --quiet $(CODE)
	@$(RUN) -m ruff format $(CODE)

bench: $(VENV)/.test ## Measure throughput, latency, growth and footprint
	@$(RUN) -m benchmarks $(ARGS)

bench-peers: $(VENV)/.test ## Measure other collectors with the same load
	@$(RUN) -m benchmarks.peers $(ARGS)

soak: $(VENV)/.test ## Run the long tests, and a daemon for an hour (MINUTES=5 for less)
	@$(RUN) -m pytest -m soak --timeout 0 tests $(ARGS)
	@$(RUN) -m benchmarks.soak --minutes $(MINUTES) --write

docs: $(VENV)/.test ## Write the generated reference pages again
	@$(RUN) -m spanledger.reference
	@$(RUN) -m tests.runtimes
	@$(RUN) -m pytest -n 3 --dist loadfile -q --conformance write

wheel: $(VENV)/.test ## Build sdist and wheel into dist/
	@$(RUN) -m hatchling build

clean: ## Remove the environment and every cache
	@rm -rf $(VENV) .venv-otel-* tests/clients/js/node_modules tests/clients/go/build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.run: $(INPUTS) | $(VENV)/bin/python
	@echo "Building the environment in $(VENV) ..."
	@$(INSTALL) -e '.[mcp]'
	@touch $@

$(VENV)/.test: $(INPUTS) | $(VENV)/bin/python
	@echo "Building the environment in $(VENV) ..."
	@$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.run

$(VENV)/.lint: $(INPUTS) | $(VENV)/bin/python
	@echo "Building the environment in $(VENV) ..."
	@$(INSTALL) -e '.[test,lint]'
	@touch $@ $(VENV)/.test $(VENV)/.run

$(VENV)/.browser: | $(VENV)/bin/python
	@sh tests/web/browser.sh
	@touch $@

.PHONY: clients-setup
clients-setup: $(VENV)/.test ## Fetch the older Python, JavaScript and Go clients that tests send with
	@$(RUN) -m tests.clients.kits
