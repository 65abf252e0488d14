# make demo   the index with 10,000 realistic records at http://127.0.0.1:8000/ (ONCE=1: report and exit; PORT=n)
# make test   all checks and all tests       make lint    checks only
# make serve  the index on your own data     make worker  one more worker in the foreground
# make env    only the environment           make clean   stop the services, remove var/ and .venv/
# make evaluate-matching   the shipped model on labelled sets, a verdict for each bar (EVALUATE_ARGS=--json)
# make spark  add what `--engine spark` needs (pyspark, 400 MB; a Java runtime must be there)
# make lock   compile the lock files anew from pyproject.toml

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DELETE_ON_ERROR:
.DEFAULT_GOAL := demo
.PHONY: env env-dev demo test first lint serve worker clean lock spark chromium evaluate-matching

# The first that is 3.11 or newer and really runs.
PYTHON ?= $(shell for p in python3.11 python3 python3.13 python3.12; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && command -v $$p && break; done)
BIN := .venv/bin
PORT ?= 8000
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

env: .venv/.runtime
env-dev: .venv/.dev

demo: env
	@exec $(BIN)/python manage.py demo --port $(PORT) $(if $(ONCE),--once)

serve: env
	@exec $(BIN)/python manage.py up --port $(PORT) --workers $(WORKERS)

worker: env
	@exec $(BIN)/celery -A mpi worker --concurrency $(WORKERS) --hostname more-%n@%h --loglevel INFO

# Fast failures first: checks beside the tests without a database, then all others, two files at a time: the
# stories mostly wait, and they are the longest, so they begin first.
FIRST = tests/architecture tests/matching tests/synthetic
LONG = tests/stories tests/concurrency tests/embedded
BESIDE = -n 2 --dist loadfile --no-loadscope-reorder
test: env-dev chromium
	@$(MAKE) --no-print-directory -j 2 --output-sync=target lint first
	@$(BIN)/pytest $(BESIDE) $(LONG) $(filter-out $(FIRST) $(LONG) tests/__pycache__,$(patsubst %/,%,$(wildcard tests/*/))) $(PYTEST_ARGS)

first: env-dev
	@$(BIN)/pytest -x -n 2 $(FIRST)

lint: env-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy audit matching mpi review
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run

# In memory, about ten minutes; no service is started. For less: EVALUATE_ARGS="--records 20000 --pairs 10000".
evaluate-matching: env-dev
	@$(BIN)/python -m tests.benchmarks.evaluating $(EVALUATE_ARGS)
	@$(BIN)/python manage.py evaluateoverlays

clean:
	@$(PYTHON) -m mpi.embedded remove --home var
	rm -rf var .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

COMPILE = CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --strip-extras \
	--no-emit-find-links --no-emit-index-url --no-emit-trusted-host
lock: env-dev
	$(COMPILE) --extra dev --output-file requirements-dev.lock pyproject.toml
	$(COMPILE) --constraint requirements-dev.lock --output-file requirements.lock pyproject.toml
	$(COMPILE) --extra spark --constraint requirements-dev.lock --output-file requirements-spark.lock pyproject.toml

# pyspark has no wheel; what builds it comes from the dev environment's setuptools.
spark: env
	$(BIN)/pip install -q --require-hashes -r requirements-spark.lock

# Downloads are timed apart from the rest: they depend on the network, not on this project.
define install
	@wheels=$$(mktemp -d .venv/wheels.XXXX); trap 'rm -rf "$$wheels"' EXIT; began=$$SECONDS; \
	$(BIN)/pip download -q --require-hashes --only-binary :all: --dest "$$wheels" -r $(1); \
	echo "Downloads ($(1)): $$((SECONDS - began)) s"; began=$$SECONDS; \
	$(BIN)/pip install -q --no-index --find-links "$$wheels" --require-hashes -r $(1); \
	echo "Installation: $$((SECONDS - began)) s"; touch $@
endef

.venv/.runtime: requirements.lock | $(BIN)/pip
	$(call install,requirements.lock)

.venv/.dev: requirements-dev.lock | $(BIN)/pip
	$(call install,requirements-dev.lock)
	@touch .venv/.runtime

$(BIN)/pip:
	@if [ -z "$(PYTHON)" ]; then echo "Python 3.11 or newer is needed: install it, or say make PYTHON=/path/to/python3"; exit 1; fi
	@if ! $(PYTHON) -c 'import ensurepip, venv' 2>/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
			echo "Installing python3-venv"; apt-get update -qq && \
			DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv >/dev/null; \
		else \
			echo "Python's venv module is missing here. As root: apt-get install python3-venv"; exit 1; \
		fi; \
	fi
	@rm -rf .venv; $(PYTHON) -m venv .venv

# For the browser tests only; they skip themselves, with a reason, where there is none.
chromium:
	@if ! command -v chromium >/dev/null && ! command -v google-chrome >/dev/null; then \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null && apt-get update -qq && DEBIAN_FRONTEND=noninteractive \
			apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core >/dev/null; then \
			echo "Installed Chromium."; \
		else \
			printf '%s\n' '' '*** NO CHROMIUM: the browser tests are skipped. ***' \
				'*** To run them: apt-get install chromium fonts-dejavu-core ***' ''; \
		fi; \
	fi
