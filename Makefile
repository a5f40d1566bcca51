# All tasks; CI runs nothing else. They need Python 3.11 or newer, pip and make.
.DEFAULT_GOAL := help
.PHONY: help install generators run test quick check fix bench build lock clean
MAKEFLAGS += --no-print-directory

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
INSTALLED := $(VENV)/.installed
GENERATORS := $(VENV)/generators
# Installs into the environment of a folder of programs, by the pip of .venv once it has one, else by that of the Python
# that made it.
PIP_INTO = "$$($(BIN)/python -c 'import importlib.util, sys; print(sys.executable if importlib.util.find_spec("pip") else sys._base_executable)')" \
  -m pip --quiet --disable-pip-version-check --python $(1)/python install
PIP = $(call PIP_INTO,$(BIN))
# `logical`, for `auto` counts physical cores; at most 8, for each worker has a PostgreSQL of its own.
PYTEST := $(BIN)/python -m pytest --numprocesses logical --maxprocesses 8 --dist worksteal

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 16

# The server alone, in half a minute. Runs again if the lock file or this file is newer than the stamp. Recreates a
# .venv whose Python no longer exists, as after a system upgrade.
#
# Not built and installed, which would need a build backend: a path file and a script of two lines are the same as an
# editable install. `make install` replaces them. --no-deps, since the lock file is complete; --no-compile, since most
# modules are never imported; without pip in .venv if Python has pip itself.
$(RUNTIME): requirements.lock Makefile
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
	  if $$python -m pip --version >/dev/null 2>&1; then without=--without-pip; else without=; fi; \
	  if ! $$python -m venv $$without $(VENV); then \
	    rm -rf $(VENV); \
	    echo "$$python cannot create a virtual environment; see above (on Debian and Ubuntu: apt install python3-venv)." >&2; \
	    exit 1; \
	  fi; \
	fi; \
	echo 'installing the versions of requirements.lock'; \
	$(PIP) --no-deps --no-compile --require-hashes --requirement requirements.lock; \
	packages=$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))'); \
	echo '$(CURDIR)' >"$$packages/lumen_notify.pth"; \
	printf '#!/bin/sh\nexec "%s" -P -m lumen_notify "$$@"\n' '$(CURDIR)/$(BIN)/python' >$(BIN)/lumen-notify; \
	chmod +x $(BIN)/lumen-notify; \
	touch $(RUNTIME)

# All that tests and tools need.
$(INSTALLED): $(RUNTIME) requirements-dev.lock pyproject.toml
	@set -eu; \
	echo 'installing the versions of requirements-dev.lock'; \
	$(PIP) --no-deps --require-hashes --requirement requirements-dev.lock; \
	$(PIP) --no-deps --no-build-isolation --editable .; \
	touch $(INSTALLED)

# Client generators and validators of deploy/, which need other versions of what .venv has. Only their tests use them.
$(GENERATORS)/.installed: tests/generators/requirements.lock $(RUNTIME)
	@set -eu; \
	echo 'installing the versions of tests/generators/requirements.lock'; \
	rm -rf $(GENERATORS); \
	$(BIN)/python -m venv --without-pip $(GENERATORS); \
	$(call PIP_INTO,$(GENERATORS)/bin) --no-deps --require-hashes --requirement $<; \
	touch $@

generators: $(GENERATORS)/.installed ## install the client generators and validators that some tests run
	@:

install: $(INSTALLED) ## create .venv with the pinned versions (quick if nothing has changed)
	@:

run: $(RUNTIME) ## run a demo server with two users who chat; prints a link (LUMEN_PORT=8001 for another port)
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

# The same bytes at each build of a commit: its date stands for all dates. Outside of a clone, a constant does.
build: install ## build wheel and sdist of this commit into dist/
	@rm -rf dist
	@epoch=$$(git log -1 --format=%ct 2>/dev/null || true); \
	env $${epoch:+SOURCE_DATE_EPOCH=$$epoch} $(BIN)/python -m hatchling build --target sdist --target wheel

# Lock files for all platforms and Python versions: what `make run` installs, what `make install` adds, the generators.
# They name no registry, so pip uses the configured one. `make lock ARGS=--upgrade` selects the newest versions.
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: ## pin the versions again after a change to pyproject.toml
	@test -e $(INSTALLED) || { echo 'run `make install` first' >&2; exit 1; }
	@$(PIP) 'uv>=0.9'
	$(LOCK) --extra http2 --extra kafka --extra nats --extra otel --extra push --extra rabbitmq --extra redis \
		--output-file requirements.lock $(ARGS) pyproject.toml
	$(LOCK) --all-extras --constraint requirements.lock --output-file requirements-dev.lock $(ARGS) pyproject.toml
	$(LOCK) --output-file tests/generators/requirements.lock $(ARGS) tests/generators/requirements.in

clean: ## remove all generated files, including .venv; databases stay
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
