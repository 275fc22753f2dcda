# make run, make melange and make test do all the set-up that they need, on a fresh machine and on a
# used one.
.DEFAULT_GOAL := help
SHELL := /bin/bash

# Wherever it may be set: a process that has to compile what it imports starts in twice the time.
export PYTHONDONTWRITEBYTECODE :=

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
# Tests wait a good part of their time: one more process than there are processors.
WORKERS ?= $(shell expr $$(nproc) + 1)

.PHONY: help run melange test lint sample clean packages-run packages-melange packages-test

help: ## Show this.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: packages-run $(VENV)/installed ## Four network services at work, until Ctrl-C (ONCE=1: until the table).
	@$(BIN)/nova-netplugins-lab demo $(if $(ONCE),--once)

melange: packages-melange $(VENV)/installed ## Melange, the IPAM service, until Ctrl-C.
	@$(BIN)/melange-api $(ARGS)

test: packages-test $(VENV)/installed ## Every test, on SQLite, PostgreSQL and MariaDB.
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS)

lint: $(VENV)/installed ## Style and types.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

sample: export PYTHONWARNINGS = ignore
sample: $(VENV)/installed ## Make etc/*.sample and the tables of docs/ anew from the code.
	$(BIN)/oslo-config-generator --config-file etc/config-generator.conf
	$(BIN)/oslo-config-generator --config-file etc/melange-config-generator.conf
	$(BIN)/oslopolicy-sample-generator --namespace nova_netplugins --output-file etc/policy.yaml.sample
	$(BIN)/oslopolicy-sample-generator --namespace melange --output-file etc/melange-policy.yaml.sample
	$(BIN)/python -m tools.reference

clean: ## Remove what was built here.
	rm -rf $(VENV) build *.egg-info .mypy_cache .pytest_cache .ruff_cache

packages-run packages-melange packages-test: packages-%:
	@tools/packages $*

# The marker is newer than what was installed from.
$(VENV)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
	  --editable '.[postgresql,mysql,test]'
	@touch $@
