PYTHON ?= python3
BIN := .venv/bin
UV_COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --no-header --no-annotate --group build

.PHONY: help run venv tour test lint bench lock clean
.DEFAULT_GOAL := help

help:
	@echo "make run    SageMaker, git server, controller and API on this machine"
	@echo "make tour   the whole story by itself, in under a minute"
	@echo "make test   linters, types and tests, with coverage"
	@echo "make bench  the benchmarks, each as a ratio of its own run"
	@echo "make venv   the virtual environment alone"
	@echo "make lock   write the lock files anew (needs uv)"
	@echo "make clean  remove the virtual environment and what tools left behind"

run: venv
	@exec $(BIN)/leasehold up

tour: venv
	@exec $(BIN)/leasehold tour

venv: .venv/run.stamp

test: .venv/dev.stamp lint
	$(BIN)/pytest -n 2 --cov --cov-report=term

lint: .venv/dev.stamp
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: .venv/run.stamp
	$(BIN)/python -m benchmarks

lock:
	$(UV_COMPILE) --extra sandbox -o requirements/run.lock pyproject.toml
	$(UV_COMPILE) --extra dev -o requirements/dev.lock pyproject.toml

clean:
	rm -rf .venv .coverage .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache cdk.out build

.venv/python.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Leasehold needs Python 3.11 or newer: make PYTHON=/path/to/python3.11 ..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' || \
		{ echo "Python's venv is missing; on Debian: apt-get install python3-venv"; exit 1; }
	$(PYTHON) -m venv .venv
	@touch $@

.venv/run.stamp: requirements/run.lock pyproject.toml .venv/python.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.lock
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/dev.stamp: requirements/dev.lock .venv/run.stamp
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.lock
	@touch $@
