# make setup        everything needed to work on the portal
# make run          the portal with its demo company, on http://localhost:$(PORT)
# make test         the tests, long series sampled
# make test-all     every test, however long
# make check        style and types
# make translations look for new messages and put them into each language's catalogue
# make lock         remake the lock files (UPGRADE=--upgrade for newer releases)
# make dist         a wheel and a source archive in dist/
# make screenshots  pictures of the pages
# make bench        measurements
# make clean        remove all that was made

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DELETE_ON_ERROR:
.NOTPARALLEL:
.DEFAULT_GOAL := help

PORT ?= 8000
PYTEST_ARGS ?= -n 2 -q
UPGRADE ?=
VENV ?= .venv
export VENV
# Where pip is told to install elsewhere, set-up would fail in the middle.
unexport PIP_USER PIP_TARGET PIP_PREFIX PIP_ROOT

BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --no-deps
LOCKED := $(PIP) --only-binary :all: --require-hashes
CATALOGUES := $(patsubst %.po,%.mo,$(wildcard portal/translations/*/LC_MESSAGES/*.po))
BUILT := static/built/portal.js
RUNTIME := $(VENV)/.runtime $(BUILT) $(CATALOGUES)
DEV := $(RUNTIME) $(VENV)/.dev

.PHONY: help setup run test test-all check format translations lock dist screenshots bench clean

help:
	@sed -n 's/^# make/make/p' Makefile

setup: $(DEV)

run: $(RUNTIME)
	@$(BIN)/portal serve --demo --port $(PORT)

test: $(DEV)
	@CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(BIN)/python -m pytest $(PYTEST_ARGS)

test-all: $(DEV)
	@CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(BIN)/python -m pytest $(PYTEST_ARGS) --everything

check: $(DEV)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy --no-error-summary

format: $(DEV)
	@$(BIN)/ruff check --quiet --fix-only .
	@$(BIN)/ruff format .

screenshots: $(DEV)
	@if [ -f .ci/screenshots.py ]; then \
		CHROMIUM="$$(.ci/chromium)" && export CHROMIUM && $(BIN)/python .ci/screenshots.py; \
	else echo "There are no screenshots to take yet."; fi

bench: $(DEV)
	@if compgen -G 'benchmarks/*.py' >/dev/null; then \
		for file in benchmarks/*.py; do $(BIN)/python "$$file"; done; \
	else echo "There are no benchmarks yet."; fi

dist: $(DEV)
	@$(BIN)/python -m build --no-isolation

clean:
	@rm -rf $(VENV) node_modules static/built build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find portal tests migrations benchmarks \( -name __pycache__ -o -name '*.mo' \) -prune -exec rm -rf {} + 2>/dev/null || true

# Each step leaves a file behind and is done again only when what it was made from is newer.

$(VENV)/.made: .ci/python
	@python="$$(.ci/python)"; echo "Making $(VENV) with $$("$$python" --version)"; "$$python" -m venv $(VENV)
	@touch $@

$(VENV)/.runtime: $(VENV)/.made requirements.lock pyproject.toml
	@echo "Installing what the portal runs on"
	@$(LOCKED) -r requirements.lock
	@$(PIP) --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo "Installing what its tests need"
	@$(LOCKED) -r requirements-dev.lock
	@touch $@

$(BUILT): package-lock.json .ci/assets.py static/portal.js $(wildcard static/css/*.css) | $(VENV)/.runtime
	@echo "Building static/built"
	@$(BIN)/python .ci/assets.py

%.mo: %.po | $(VENV)/.runtime
	@$(BIN)/pybabel -q compile -i $< -o $@

translations: $(DEV)
	@$(BIN)/python .ci/translations.py

# Lock files hold names, versions and hashes; where to fetch from is the business of each machine.

COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-header --no-annotate $(UPGRADE)

lock: $(VENV)/.dev
	@$(COMPILE) pyproject.toml --extra demo --group build -o requirements.lock
	@$(COMPILE) pyproject.toml --extra demo --extra semantic --group build --group test --group lock -c requirements.lock -o requirements-dev.lock
	@$(COMPILE) --group node -o requirements-node.lock
	@npm $(if $(UPGRADE),update,install) --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved \
		--no-audit --no-fund --loglevel=error >/dev/null
	@$(BIN)/python .ci/tidy_lock.py package-lock.json
