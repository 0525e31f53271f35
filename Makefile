# Ten words. Each sets up what it needs in .venv, once; a second call costs nothing.
SHELL := /bin/bash
VENV := .venv
BIN := $(VENV)/bin
INPUTS := pyproject.toml constraints.txt
PYTEST := $(BIN)/python -m pytest
PACKAGE := src/alphaloop
.DEFAULT_GOAL := help
.PHONY: help install demo test test-all lint golden docs bench lock clean
export PYTHON

help:  ## this list
	@sed -nE 's/^([a-z-]+):[^#]*## /\1\t/p' Makefile | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

$(VENV)/.core $(VENV)/.dev $(VENV)/.bench: $(VENV)/.%: $(INPUTS)
	@scripts/install $*

install: $(VENV)/.dev  ## everything a developer needs, into .venv
	@:

demo: $(VENV)/.core  ## the whole loop, offline
	@$(BIN)/alphaloop demo

test: $(VENV)/.dev  ## unit tests, laws, docs; minutes
	@$(PYTEST) -m "not slow and not peer"

test-all: $(VENV)/.dev  ## the same, with the slow ones and the comparisons with other libraries
	@$(PYTEST)

lint: $(VENV)/.dev  ## style, types, floors, sizes; all of them, so that one does not hide the next
	@failed=0; \
	$(BIN)/ruff check . || failed=1; \
	$(BIN)/ruff format --check -q . || { echo "unformatted: run .venv/bin/ruff format ."; failed=1; }; \
	$(BIN)/mypy --strict $(PACKAGE) scripts || failed=1; \
	$(BIN)/lint-imports --no-logo || failed=1; \
	$(PYTEST) tests/house/test_sizes.py || failed=1; \
	exit $$failed

golden: $(VENV)/.dev  ## rewrite the golden files; read the diff before you commit it
	@$(PYTEST) tests/golden --golden-rewrite

docs: $(VENV)/.dev  ## docs/reference from the docstrings, and a run of all code in the docs
	@$(BIN)/python scripts/reference.py
	@$(BIN)/python scripts/features_page.py
	@$(PYTEST) tests/docs

bench: $(VENV)/.bench  ## measure speed and memory, side by side with peers
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(BIN)/python "$$file" || exit 1; done

lock:  ## solve the dependencies again into constraints.txt (needs uv)
	@env -u PIP_FIND_LINKS UV_FIND_LINKS= uv pip compile -q --upgrade --universal --all-extras --no-header \
	  --no-annotate pyproject.toml -o constraints.txt

clean:  ## remove .venv, caches and built files; never your .alphaloop
	@rm -rf $(VENV) build dist htmlcov .coverage .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
	@find docs/reference -name '*.md' -delete 2>/dev/null || true
