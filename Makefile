# What people do with a checkout. `make` lists it; each target makes the environment it needs.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
RUN    := $(VENV)/.run-installed
DEV    := $(VENV)/.dev-installed
JUMP   := $(VENV)/.jumpstart-installed
DEPLOY := $(VENV)/.deploy-installed
# A lock names every package, so there is nothing to resolve: pip would look for a newer version of
# what another package wants with an extra, and find no hash for it.
PIP    := $(BIN)/pip --disable-pip-version-check install --quiet --no-deps
LOCK   := uv pip compile --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-emit-find-links --no-header --no-annotate

# What is compiled is kept: the tests start hundreds of processes, and each would do it again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help run tour venv test whole browsertest quick pure jumpstart jumpstart-tests mutants \
        bench soak fuzz notebook package deploytest deploy-test lock clean

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 12

run: venv ## run everything on this machine: leasehold up; PORT=N for its gateway
	@exec $(BIN)/leasehold up $(if $(PORT),--port $(PORT)) $(ARGS)

tour: venv ## watch it work by itself, in half a minute
	@exec $(BIN)/leasehold tour

venv: $(RUN) ## make .venv with what a run needs

test: $(DEV) ## lint, types, layers, tests with coverage: some minutes
	$(lint)
	$(call beside_types,$(BIN)/pytest -n 3 --cov -m "not whole")

whole: $(DEV) ## the tests of whole programs: killed, in trouble, in long stories
	$(BIN)/pytest -n 3 -m whole

# Each process has a browser of its own, and two of them have two processors.
browsertest: $(DEV) ## drive the console in Debian's headless Chromium: two minutes
	$(BIN)/pytest -n 2 tests/browser

quick: $(DEV) ## lint, types, layers, and the tests that start nothing: a minute
	$(lint)
	$(call beside_types,$(BIN)/pytest -q -m pure)

pure: $(DEV) ## the tests that start nothing, and nothing else
	$(BIN)/pytest -q -m pure

# Of its own, for the SDK is 1 GB, and wants older packages than some that the tests above need.
jumpstart: ## try locks with the SageMaker SDK, in a venv of its own: 1 GB
	@$(MAKE) --no-print-directory jumpstart-tests VENV=$(VENV)-jumpstart

jumpstart-tests: $(JUMP)
	$(BIN)/pytest tests/jumpstart

mutants: $(DEV) ## break what decides in many small ways: do tests notice? MODULES=...
	$(BIN)/python -m tests.mutants $(MODULES)

bench: $(DEV) ## measure extends, concurrent callers, the planner and the cheap tick
	$(BIN)/python -m benchmarks

soak: $(DEV) ## hours of chaos, kills, stale answers; count open files
	LEASEHOLD_SOAK=1 $(BIN)/pytest tests/test_chaos.py tests/test_kills.py tests/test_open_files.py \
	  tests/test_throttled.py \
	  tests/controller/test_stale.py tests/controller/test_crash.py --timeout 14400

fuzz: $(DEV) ## look for requests and documents that break a parser, each a minute
	$(BIN)/python -m tests.fuzz

notebook: $(DEV) ## run the example notebook, and keep what it answers
	LEASEHOLD_KEEP_NOTEBOOK=1 $(BIN)/pytest tests/examples

package: $(DEPLOY) ## build the Lambda functions' packages into build/lambda; ARGS=...
	@$(BIN)/leasehold package $(ARGS)

deploytest: $(DEV) ## deploy, change, destroy by the CDK (needs Node)
	npm ci --silent
	$(BIN)/pytest -n 2 tests/deployment

deploy-test: deploytest

lock: ## resolve the dependencies anew into requirements/ (needs uv)
	$(LOCK) --group build --extra sandbox -o requirements/run.lock pyproject.toml
	$(LOCK) --group build --extra dev -o requirements/dev.lock pyproject.toml
	$(LOCK) --group build --group jumpstart --extra sandbox --extra jumpstart --extra github-app \
	  -o requirements/jumpstart.lock pyproject.toml
	$(LOCK) --group build --extra sandbox --extra infra --extra oidc -c requirements/dev.lock -o requirements/deploy.lock pyproject.toml
	$(LOCK) -o requirements/bench.lock requirements/bench.in
	$(LOCK) -c requirements/dev.lock -o requirements/lambda-functions.lock requirements/lambda-functions.in

clean: ## remove .venv, caches and build products; .leasehold stays
	rm -rf $(VENV) $(VENV)-jumpstart build dist cdk.out .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp is written last, so an installation that was interrupted is done again.
$(RUN): requirements/run.lock pyproject.toml
	$(call install,$<,a minute)
	@touch $@

$(DEPLOY): requirements/deploy.lock pyproject.toml
	$(call install,$<,a minute)
	@touch $@

$(DEV): requirements/dev.lock pyproject.toml
	$(call install,$<,a minute)
	@touch $@ $(RUN) $(DEPLOY)

$(JUMP): requirements/jumpstart.lock pyproject.toml
	$(call install,$<,some minutes)
	@touch $@

define install
@$(call make_venv)
@echo 'Installing $(1) into $(VENV), which takes $(2) ...'
$(PIP) --require-hashes -r $(1)
$(PIP) --no-build-isolation -e .
endef

define lint
$(BIN)/ruff check
$(BIN)/ruff format --check
$(BIN)/lint-imports
endef

# mypy works while the tests run, and says what it has to say after them.
define beside_types
@echo '$(BIN)/mypy & $(1)'
@types=$$(mktemp) && { $(BIN)/mypy >"$$types" 2>&1 & }; checking=$$!; \
trap 'kill $$checking 2>/dev/null; rm -f "$$types"' EXIT; trap 'exit 130' INT TERM; \
$(1); tested=$$?; wait $$checking; checked=$$?; cat "$$types"; exit $$((tested || checked))
endef

define make_venv
command -v git >/dev/null || \
  { echo "git is missing: install it, for the ledger is a repository." >&2; exit 1; }; \
command -v $(PYTHON) >/dev/null || \
  { echo "$(PYTHON) is missing: install Python 3.11 or newer, or name it: make PYTHON=..." >&2; exit 1; }; \
$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "$(PYTHON) is $$($(PYTHON) -V 2>&1), and 3.11 is the oldest that works: make PYTHON=python3.11" >&2; exit 1; }; \
$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
  { echo "$(PYTHON) cannot make a venv: install its venv package (Debian: apt-get install python3-venv)." >&2; exit 1; }; \
test -x $(BIN)/python && $(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  $(PYTHON) -m venv --clear $(VENV)
endef
