# All tasks; CI runs nothing else. They need Python 3.11 or newer, pip and make.
.DEFAULT_GOAL := help
.PHONY: help install run test quick check fix bench lock clean
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# `logical`, for `auto` counts physical cores; at most 8, for each worker has a PostgreSQL of its own.
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

install: $(STAMP) ## create .venv with the pinned versions (quick if nothing has changed)
	@:

# Runs again if the lock file, pyproject.toml or this file is newer than the stamp. Recreates a .venv whose
# Python no longer exists, as after a system upgrade.
$(STAMP): requirements.lock pyproject.toml Makefile
	@set -eu; \
	new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
	if ! $(BIN)/python -c "$$new_enough" 2>/dev/null; then \
	  for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$name -c "$$new_enough" 2>/dev/null; then python=$$name; break; fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then \
	    echo 'lumen-notify needs Python 3.11 or newer. None of python3, python3.14 .. python3.11 on PATH is new enough.' >&2; \
	    exit 1; \
	  fi; \
	  echo "creating $(VENV) with $$python ($$($$python -V 2>&1))"; \
	  rm -rf $(VENV); \
	  if ! $$python -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "$$python cannot create a virtual environment; see above (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	fi; \
	echo 'installing the versions of requirements.lock'; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	touch $(STAMP)

run: install ## run a demo server; prints a link, a token and curl commands (LUMEN_PORT=8001 for another port)
	@$(BIN)/lumen-notify serve --demo

# In two steps, so that failures of quick tests show early. Options for pytest: make test ARGS='-k stream -x'.
# Exit status 5 (no tests selected) is a failure only without ARGS: then a test suite is missing.
# Tests run on all cores; ARGS='-n 0' runs them one after another in one process, for a debugger.
test: install ## run all tests: first the quick ones, then the slow ones
	$(PYTEST) -m "not slow" $(ARGS) $(if $(ARGS),|| test $$? -eq 5)
	$(PYTEST) -m slow $(ARGS) $(if $(ARGS),|| test $$? -eq 5)

quick: install ## run the tests that start no server, process or browser
	$(PYTEST) -m "not server and not slow" $(ARGS) $(if $(ARGS),|| test $$? -eq 5)

check: install ## check formatting, lint, types and layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fix: install ## fix lint errors if possible, and format
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Takes about ten minutes and needs an idle machine. Options: make bench ARGS='--only wide --runs 1'
bench: install ## compare with a bare protocol, a plain application and nchan; write docs/performance.md
	$(BIN)/python -m bench $(ARGS)

# One lock file for all platforms and Python versions. It names no registry, so pip uses the configured one.
# `make lock ARGS=--upgrade` selects the newest versions.
lock: ## pin the versions again after a change to pyproject.toml
	@test -x $(BIN)/python || { echo 'run `make install` first' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev --output-file requirements.lock $(ARGS) pyproject.toml

clean: ## remove all generated files, including .venv; databases stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
