# The targets are the whole interface: people, the README and .ci/run use the same.
.PHONY: help run demo test check format lint types cover package stress soak fuzz bench docs clean oldest mutants
.DEFAULT_GOAL := help
SHELL := /bin/sh
# What is compiled is kept: rewriting the tests' asserts costs each worker seconds.
unexport PYTHONDONTWRITEBYTECODE
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check
# Other environments than the first are made with uv, in a tenth of pip's time.
UV_VENV := $(BIN)/uv venv --quiet --clear --python $(PYTHON)
UV := $(BIN)/uv pip install --quiet --python
ARGS ?=
# A worker has whole files, so what a module starts is started once.
PARALLEL := -n auto --dist worksteal
# The releases of the Verizon SDK that work; an environment holds one of them.
SDKS := 1.0.0 1.5.1 1.7.0
LATEST_SDK := 2.0.0
.PHONY: sdks $(SDKS:%=sdk-%) sdk-$(LATEST_SDK)

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

# One stamp for each extra: `make run` installs only what serving needs.
$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: setup.cfg setup.py pyproject.toml | $(BIN)/python
	$(PIP) install --editable '.[openapi]'
	@touch $@

$(VENV)/demo.stamp: $(VENV)/run.stamp
	$(PIP) install 'sdksio-verizon-apis-sdk==$(LATEST_SDK)'
	@touch $@

# It has what running and the demo need, so their stamps are its own.
$(VENV)/dev.stamp: setup.cfg setup.py pyproject.toml | $(BIN)/python
	$(PIP) install uv
	$(UV) $(BIN)/python --editable '.[dev]'
	@touch $(VENV)/run.stamp $(VENV)/demo.stamp $@

$(VENV)/bench.stamp: $(VENV)/dev.stamp
	$(PIP) install --editable '.[bench]'
	@touch $@

run: $(VENV)/run.stamp ## start the server on http://127.0.0.1:8440 (ARGS="--auth strict" …)
	@$(BIN)/mockthingspace serve $(ARGS) || test $$? -eq 130  # Ctrl-C is no error

demo: $(VENV)/demo.stamp ## see it work through the published Verizon SDK, without credentials
	@$(BIN)/mockthingspace demo

test: $(VENV)/dev.stamp ## run the tests (ARGS="-k strict" …)
	$(BIN)/python -m pytest $(PARALLEL) $(ARGS)

check: lint types cover package ## all that must hold: lint, layers, types, coverage, package

format: $(VENV)/dev.stamp ## let ruff fix and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

lint: $(VENV)/dev.stamp ## ruff, spelling, layers
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/codespell
	$(BIN)/lint-imports

types: $(VENV)/dev.stamp ## mypy, strict
	$(BIN)/mypy

cover: $(VENV)/dev.stamp ## the tests, with the coverage gate
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest $(PARALLEL) --durations=5 $(ARGS)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

package: $(VENV)/dev.stamp ## build the wheel, try it in an empty environment
	$(BIN)/python -m pytest -m package tests/test_package.py

# For its requirements; what is tested is this folder, which comes first on the path.
# Built once, because two installations of a folder at a time get in each other's way.
$(VENV)/wheel.stamp: $(VENV)/dev.stamp
	$(BIN)/uv build --quiet --wheel --clear --out-dir $(VENV)/wheel .
	@touch $@

$(VENV)-sdk-%/test.stamp: $(VENV)/wheel.stamp
	$(UV_VENV) $(VENV)-sdk-$*
	$(UV) $(VENV)-sdk-$* $(VENV)/wheel/*.whl 'pytest>=8' 'sdksio-verizon-apis-sdk==$*'
	@touch $@

sdks: $(SDKS:%=sdk-%) sdk-$(LATEST_SDK) ## the tests through each release of the Verizon SDK that works

$(SDKS:%=sdk-%): sdk-%: $(VENV)-sdk-%/test.stamp
	$(VENV)-sdk-$*/bin/python -m pytest tests/sdk $(ARGS)

sdk-$(LATEST_SDK): $(VENV)/dev.stamp
	$(BIN)/python -m pytest tests/sdk $(ARGS)

# What setup.cfg asks for, each at its lower bound; the tests' own tools at their newest.
$(VENV)-oldest/test.stamp: $(VENV)/wheel.stamp
	$(UV_VENV) $(VENV)-oldest
	$(UV) $(VENV)-oldest --resolution lowest-direct -r setup.cfg --extra openapi
	$(UV) $(VENV)-oldest "$$(echo $(VENV)/wheel/*.whl)[dev]"
	@touch $@

oldest: $(VENV)-oldest/test.stamp ## the tests with the oldest versions that will do (PYTHON=python3.10 …)
	PYTHONPATH=. $(VENV)-oldest/bin/python -m pytest $(PARALLEL) $(ARGS)

# One version: tests/mutants replaces a function of mutmut's own.
$(VENV)-mutants/mutants.stamp: $(VENV)/dev.stamp
	$(UV_VENV) $(VENV)-mutants
	$(UV) $(VENV)-mutants --editable '.[openapi,dev]' 'mutmut==3.8.1'
	@touch $@

mutants: $(VENV)-mutants/mutants.stamp ## changes that no test notices (ARGS="--sample 100 --seed 1" …)
	PYTHONHASHSEED=0 $(VENV)-mutants/bin/python tests/mutants $(ARGS)

# An environment of its own: schemathesis brings a pytest and a werkzeug.
$(VENV)-schemathesis/fuzz.stamp: $(VENV)/dev.stamp
	$(UV_VENV) $(VENV)-schemathesis
	$(UV) $(VENV)-schemathesis 'schemathesis>=4,<5' 'openapi-spec-validator>=0.7'
	@touch $@

stress: $(VENV)/dev.stamp ## the tests ten times, shuffled, on a machine that is kept busy
	$(BIN)/python tests/stress.py $(ARGS)

soak: $(VENV)/dev.stamp ## much mixed load with faults: nothing grows
	$(BIN)/python -m pytest -m soak tests/testing/test_shared.py tests/test_soak.py

fuzz: $(VENV)/dev.stamp $(VENV)-schemathesis/fuzz.stamp ## the OpenAPI description is valid; schemathesis, from it
	$(VENV)-schemathesis/bin/python -m tests.fuzz $(BIN)/mockthingspace $(ARGS)

bench: $(VENV)/bench.stamp ## measure against pytest-httpserver and moto (needs wrk)
	$(BIN)/python -m benchmarks $(ARGS)

docs: $(VENV)/run.stamp ## write the tables of docs/ anew from the code
	$(BIN)/python tests/docs/tables.py

clean: ## remove what the others made
	rm -rf $(VENV) $(VENV)-* mutants build dist *.egg-info .coverage .coverage.* .hypothesis
	rm -rf .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
