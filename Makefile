# Everything a newcomer needs: make run, make test. `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

# Compiled modules are made once at installation; a shell that forbids them would make every start slow.
unexport PYTHONDONTWRITEBYTECODE
unexport VIRTUAL_ENV
# Never fetch an interpreter: the machine's own Python is used or a clear line says that it is wrong.
export UV_PYTHON_DOWNLOADS := never
# Councils' networks look into TLS with certificates of their own: trust what the machine trusts.
export UV_SYSTEM_CERTS := 1
UV_VERSION := 0.13.9

# The first Python 3.11 or 3.12 that works, whatever it is called here.
PYTHON ?= $(shell for p in python3.11 python3.12 python3; do $$p -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && echo $$p && break; done)
ifeq ($(strip $(PYTHON)),)
PYTHON := python3
endif

TOOLS := .local/tools
UV := $(TOOLS)/bin/uv
STACK := .venv/bin/python -m infra.local.stack

.PHONY: help run stop status reset psql build install preflight test preflight-test lint format bench

help: ## Show this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | awk -F'\t' '{printf "make %-10s %s\n", $$1, $$2}'

run: preflight ## Set everything up, load data, serve until Ctrl-C (DETACH=1 returns; SOURCE=live or a path)
	@$(MAKE) --no-print-directory -j2 install
	@$(STACK) up $(if $(SOURCE),--source '$(SOURCE)') $(if $(DETACH),--detach)

stop: .venv/.installed ## Stop what `make run DETACH=1` left running
	@$(STACK) down

status: .venv/.installed ## Say what is up, what is loaded and what is published
	@$(STACK) status

reset: .venv/.installed ## Forget all data, after asking
	@$(STACK) reset

psql: .venv/.installed ## Query the warehouse as an analyst: make psql SQL='select 1', or psql itself without SQL
	@$(STACK) psql $(if $(SQL),"$$SQL")

export SQL

build: .venv/.installed ## Run dbt, the gates and the publication by hand
	@.venv/bin/workforce build

preflight:
	@$(PYTHON) infra/local/preflight.py

install: .venv/.installed superset_config/.venv/.installed ## Install both locked environments

$(UV):
	@echo "Installing uv $(UV_VERSION)"
	@$(PYTHON) -m venv $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

.venv/.installed: pyproject.toml uv.lock | $(UV)
	@echo "Installing the pipeline's environment"
	@$(UV) sync --frozen --quiet --compile-bytecode --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

superset_config/.venv/.installed: superset_config/pyproject.toml superset_config/uv.lock | $(UV)
	@echo "Installing Superset's environment"
	@$(UV) sync --frozen --quiet --compile-bytecode --project superset_config --python "$$($(PYTHON) -c 'import sys; print(sys.executable)')"
	@touch $@

lint: .venv/.installed ## ruff, mypy, sqlfluff (the tests parse the dbt project)
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/sqlfluff lint --disable-progress-bar --processes 0 dbt_project infra/database

format: .venv/.installed ## Format Python and SQL
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .
	.venv/bin/sqlfluff fix --disable-progress-bar --processes 0 dbt_project infra/database

test: preflight-test install lint ## Lint and run every test: unit, integration on a real Postgres, DAGs, dashboards in a browser
	.venv/bin/pytest tests

preflight-test:
	@$(PYTHON) infra/local/preflight.py --no-ports

bench: install ## Measure the figures this project promises; writes tests/bench/RESULTS.md
	.venv/bin/python -m tests.bench
