# Short verbs; CI calls these and nothing else. They need Python 3.11 or newer, pip and make.
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

install: $(STAMP) ## make .venv with the pinned versions (quick when nothing changed)
	@:

# The stamp is younger than the lock and pyproject.toml, or the work is done again. A .venv whose Python has
# gone away (an upgraded system) is made anew.
$(STAMP): requirements.lock pyproject.toml Makefile
	@set -eu; \
	new_enough='import sys; sys.exit(sys.version_info < (3, 11))'; \
	if ! $(BIN)/python -c "$$new_enough" 2>/dev/null; then \
	  for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	    if $$name -c "$$new_enough" 2>/dev/null; then python=$$name; break; fi; \
	  done; \
	  if [ -z "$${python:-}" ]; then \
	    echo 'lumen-notify needs Python 3.11 or newer: none of python3, python3.14 .. python3.11 on PATH is one.' >&2; \
	    exit 1; \
	  fi; \
	  echo "making $(VENV) with $$python ($$($$python -V 2>&1))"; \
	  rm -rf $(VENV); \
	  if ! $$python -m venv $(VENV); then \
	    rm -rf $(VENV); \
	    echo "$$python cannot make a virtual environment: see above (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	fi; \
	echo 'installing the pinned versions of requirements.lock'; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock; \
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .; \
	touch $(STAMP)

run: install ## install, then serve a demonstration on this machine: page, token and curl lines are printed
	@$(BIN)/lumen-notify serve --demo

# In two steps, so that a broken thing is known soon. Options for pytest: make test ARGS='-k stream -x'
# (with ARGS, a step that selects nothing is no failure; without, it is: a suite has gone missing).
# Tests run on all cores; ARGS='-n 0' runs them one after another in one process, for a debugger.
test: install ## all tests: the quick ones first, then the slow ones
	$(PYTEST) -m "not slow" $(ARGS) $(if $(ARGS),|| test $$? -eq 5)
	$(PYTEST) -m slow $(ARGS) $(if $(ARGS),|| test $$? -eq 5)

quick: install ## the tests that start no server, process or browser: for while you write
	$(PYTEST) -m "not server and not slow" $(ARGS) $(if $(ARGS),|| test $$? -eq 5)

check: install ## format, lint, types, layers
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

fix: install ## format, and repair what ruff can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# About ten minutes, and only on a machine that does nothing else. Options: make bench ARGS='--only wide --runs 1'
bench: install ## compare with a bare protocol, a plain application and nchan; writes docs/performance.md
	$(BIN)/python -m bench $(ARGS)

# One file for all platforms and Python versions. It names no registry: pip asks the one that it is set up with.
# `make lock ARGS=--upgrade` takes the newest versions.
lock: ## pin the versions again after a change of pyproject.toml
	@test -x $(BIN)/python || { echo 'run `make install` first' >&2; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check 'uv>=0.9'
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --extra dev --output-file requirements.lock $(ARGS) pyproject.toml

clean: ## remove what the other verbs made, .venv included; databases stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
