# The project's habits. `make` alone lists them. Needs only python3 (3.11 or newer, with venv) and make.

PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
BENCHMARKS := $(addprefix bench/,ingest.py production.py live.py records.py inbreeding.py saving.py)

.DEFAULT_GOAL := help
.PHONY: help run stack stack-down test test-cluster test-faults coverage lint ruff mypy imports spelling security format lock bench bench-load bench-peers migration hooks clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: .venv/run.stamp ## Start the farm with demonstration data, a broker and a simulator, on port 8081
	@exec $(BIN)/python run.py --demo $(ARGS)

stack: .venv/run.stamp ## Start everything as in production: nginx, three web processes, ingest, MariaDB, Redis, Mosquitto
	@$(BIN)/python -m scripts.stack $(if $(FOLDER),--folder $(FOLDER)) up $(ARGS)

stack-down: .venv/run.stamp ## Stop what `make stack` started; its data stay
	@$(BIN)/python -m scripts.stack $(if $(FOLDER),--folder $(FOLDER)) down

test: .venv/dev.stamp ## Run the whole suite (a part of it: make test ARGS="tests/core -k paging")
	$(BIN)/python -m pytest $(ARGS)

test-cluster: .venv/dev.stamp ## Kill nodes of a Galera cluster, Sentinels and ingests under load (minutes)
	$(BIN)/python -m pytest -m cluster tests/cluster $(ARGS)

test-faults: .venv/dev.stamp ## Kill, freeze and cut off every part of the stack under load (WRITE=1: into docs/reliability.md)
	FAULTS=$(if $(WRITE),write,1) $(BIN)/python -m pytest tests/faults $(ARGS)

coverage: .venv/dev.stamp ## Run the suite and show the lines that no test reached
	$(BIN)/python -m pytest --cov --cov-report=term-missing:skip-covered $(ARGS)

lint: ruff mypy imports spelling security ## Check style, types, imports between rooms, spelling and security

ruff: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

mypy: .venv/dev.stamp
	$(BIN)/mypy

imports: .venv/dev.stamp
	$(BIN)/lint-imports --no-logo

spelling: .venv/dev.stamp
	$(BIN)/codespell

security: .venv/dev.stamp
	$(BIN)/bandit -q -r app -c pyproject.toml
	$(BIN)/python -m pip check

format: .venv/dev.stamp ## Put the code in the house's form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lock: .venv/dev.stamp ## Pin the dependencies again (newer ones: make lock ARGS=--upgrade)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header $(ARGS) \
		pyproject.toml -o requirements.txt
	$(BIN)/uv pip compile --quiet --universal --no-emit-index-url --no-header $(ARGS) \
		-c requirements.txt --extra dev pyproject.toml -o requirements-dev.txt

bench: .venv/dev.stamp ## Run every benchmark but the load suite, one after the other
	@set -e; for program in $(BENCHMARKS); do echo "== $$program"; $(BIN)/python "$$program" $(ARGS); done

bench-load: .venv/run.stamp .venv-bench/stamp ## Put SIGLAB's load suite to the stack (minutes; how long: ARGS="--time 0.1")
	.venv-bench/bin/python bench/load.py $(ARGS)

bench-peers: .venv-bench/stamp ## Install what bench/records.py compares us with, apart from our own packages

# Against an empty database at the last migration, so that the result depends on the models alone.
migration: .venv/dev.stamp ## Write the migration of what changed in the models: make migration m="Add paddocks"
	@test -n "$(m)" || { echo 'Say what changes: make migration m="Add paddocks"' >&2; exit 2; }
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && export DATABASE_URL="sqlite:///$$folder/empty.sqlite3" \
		FLASK_APP=wsgi && $(BIN)/flask db upgrade && $(BIN)/flask db migrate -m "$(m)"

hooks: .venv/dev.stamp ## Check style and imports at every commit
	$(BIN)/pre-commit install

clean: ## Remove the virtual environment and every cache; the farm's data stay
	rm -rf .venv .venv-bench .mypy_cache .ruff_cache .import_linter_cache .pytest_cache .hypothesis .coverage htmlcov
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv .venv

.venv/run.stamp: requirements.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

# The second file holds the first one's packages too.
.venv/dev.stamp: requirements.txt requirements-dev.txt | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/run.stamp

# Django's own driver is compiled here, where the machine can; the peer does without it.
.venv-bench/stamp: bench/requirements.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	-@.venv-bench/bin/python -m pip install --quiet --disable-pip-version-check mysqlclient 2>/dev/null
	@touch $@
