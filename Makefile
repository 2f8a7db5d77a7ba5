# People and machines run the same targets. `make help` prints this file's own comments.
PYTHON ?= python3
VENV   := .venv
PY     := $(VENV)/bin/python
STAMP  := $(VENV)/.installed-$(shell cksum < requirements.lock | cut -d' ' -f1)

.DEFAULT_GOAL := help
.PHONY: corpus help install prepare run up deploy test test-long check benchmark decisions lock schema tables triage clean reset

help: ## print what can be made
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(STAMP) ## create .venv from requirements.lock

$(STAMP): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Incumbent needs Python 3.11 or newer; name one with `make PYTHON=python3.12 ...`.")'
	@echo "Creating $(VENV) from requirements.lock (a minute or two, once)"
	@rm -rf $(VENV)
	@$(PYTHON) -m venv $(VENV)
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes -r requirements.lock
	@$(PY) -m compileall -q -j 0 $(VENV)/lib > /dev/null 2>&1 || true
	@touch $@

prepare: install ## write the example data into the landing folder, and make the databases
	@$(PY) -m flows.run prepare

run: prepare ## run the whole loop on a year of New York flights
	@$(PY) -m flows.run

up: install ## Prefect's server with its UI, all deployments and triggers, and MLflow's UI, until Ctrl-C
	@$(PY) -m deployments.up --end-with-parent

deploy: install ## bring what is in configs/ to the Prefect server that PREFECT_API_URL names, for any number of workers
	@$(PY) -m deployments.apply

test: install ## run the tests
	@$(PY) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder -m "not long"

test-long: install ## run the tests and the long sweeps
	@$(PY) -m pytest -q -n 2

check: install ## ruff, mypy --strict, import contracts, the shape of the house
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports
	@$(PY) -m pytest -q tests/test_house.py

corpus: install ## take in every bad file, ask for every bad configuration, and print the table
	@$(PY) -m tests.corpus

benchmark: install ## measure against the bare script
	@$(PY) -m tests.benchmarks.figures

decisions: install ## replay streams through the decision rule and its rivals (half an hour of one core)
	@$(PY) -m tests.benchmarks.decisions

triage: install ## damage real batches and see what is held, here and by others (more than half an hour of one core)
	@$(PY) -m tests.benchmarks.triage

tables: install ## write docs/decision-tables.md anew, from the tests in tests/spec
	@$(PY) -m tests.spec.tables

schema: install ## write configs/pipeline.schema.json anew
	@$(PY) -m configs.loader

lock: ## resolve pyproject.toml into requirements.lock (needs uv)
	@uv pip compile pyproject.toml --extra dev --extra sql --extra profile --universal --generate-hashes --no-header --python-version 3.11 -o requirements.lock -q

clean: ## remove caches
	@rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	@find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

reset: ## remove the home (store, ledger, models, reports), after asking
	@printf 'This removes %s with all models and their history. Type yes: ' "$${INCUMBENT_HOME:-var}"; \
	read -r answer; [ "$$answer" = yes ] && rm -rf "$${INCUMBENT_HOME:-var}" && echo removed || echo kept
