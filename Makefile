# What a developer or an operator types. Everything happens in .venv; nothing else is installed.

.DEFAULT_GOAL := help
.PHONY: help demo up chaos bench test lint format lock clean

BIN := .venv/bin
INSTALLED := .venv/.installed

# The first Python that is new enough; PYTHON=... on the command line goes first.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo "$$name"; break; }; \
	done)

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(INSTALLED) ## real cases climb the whole ladder before your eyes, in about two minutes
	$(BIN)/liandong demo

up: $(INSTALLED) ## start everything on this machine and keep it running until Ctrl-C
	$(BIN)/liandong up

bench: $(INSTALLED) ## what a case costs, beside a bare Temporal workflow and DBOS (about twelve minutes)
	$(BIN)/python -m trials.bench --page docs/bench.md --json build/bench.json

chaos: $(INSTALLED) ## kill everything in turn and together under load, and see whether a promise breaks (five minutes)
	$(BIN)/python -m trials.chaos --page docs/chaos.md --json build/chaos.json

test: lint ## lint, types, import contracts and all tests
	$(BIN)/pytest

lint: $(INSTALLED) ## style, types and import contracts, changing nothing
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/basedpyright
	$(BIN)/lint-imports

format: $(INSTALLED) ## put the code into the house style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

# Universal: one lock for every system and every Python that pyproject.toml admits.
LOCK := uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url

lock: ## pin the dependencies anew (needs uv)
	@command -v uv >/dev/null || { echo "make lock needs uv: python3 -m pip install uv" >&2; exit 1; }
	$(LOCK) --all-extras pyproject.toml -o requirements.lock
	printf 'hatchling\n' | $(LOCK) --constraint requirements.lock pyproject.toml - -o requirements-server.lock

clean: ## forget the virtual environment and the caches
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis .import_linter_cache .grimp_cache .benchmarks

$(INSTALLED): requirements.lock pyproject.toml
	@test -n "$(PYTHON)" || { echo "Liandong needs Python 3.11 or newer, and finds none." \
		"On Debian and Ubuntu: apt install python3 python3-venv. Another one: make PYTHON=/path/to/python3" >&2; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Liandong needs Python 3.11 or newer; $(PYTHON) is older, or is no Python." >&2; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || \
		{ echo "$(PYTHON) comes without venv. On Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@$(BIN)/python -c 'import sys, pip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || \
		"$(PYTHON)" -m venv --clear .venv
	@echo "Installing what requirements.lock names into .venv …"
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
