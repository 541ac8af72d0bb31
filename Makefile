# Two commands: `make demo` and `make test`. Each sets everything up first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
export DAGSTER_HOME ?= $(CURDIR)/data/dagster
export DAGSTER_DISABLE_TELEMETRY := yes
export MLFLOW_DISABLE_TELEMETRY := true
export GX_ANALYTICS_ENABLED := false
export VIRTUAL_ENV := $(CURDIR)/$(VENV)


.PHONY: help frozen pictures demo test test-slow test-all test-soak check ui bench dashboards clean
.DEFAULT_GOAL := help

help: ## Say what can be made.
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

$(READY): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(0 if (3, 11) <= sys.version_info[:2] < (3, 14) else f"Python 3.11 to 3.13 is needed, this is {sys.version.split()[0]}: set PYTHON=python3.12, for example")'
	@echo "Setting up $(VENV) (once, a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps -e .
	@$(BIN)/python -m compileall -q -j 0 $(VENV)/lib driftwatch_assets || true
	@touch $@

$(DAGSTER_HOME)/dagster.yaml: dagster.yaml
	@mkdir -p $(DAGSTER_HOME)
	@cp dagster.yaml $@

demo: $(READY) $(DAGSTER_HOME)/dagster.yaml ## Replay the ten gas sensor batches: real ones where they lie in the landing folder, else simulated.
	@$(BIN)/driftwatch replay gas_sensors

ui: $(READY) $(DAGSTER_HOME)/dagster.yaml ## Webserver and daemon on 127.0.0.1:3000, sensors on; reports on 127.0.0.1:3070.
	@$(BIN)/driftwatch ui

test: $(READY) ## All tests but the slow ones.
	@$(BIN)/python -m pytest -q -n 2 --dist worksteal

test-slow: $(READY) ## End-to-end tests.
	@$(BIN)/python -m pytest -q -m "slow and not soak" -n 2 --dist loadscope --no-loadscope-reorder

test-all: $(READY) ## Both in one go, as CI runs them: each worker loads everything once.
	@$(BIN)/python -m pytest -q -m "not soak" -n 2 --dist loadscope --no-loadscope-reorder

test-soak: $(READY) ## Stories of many minutes, which CI does not run: outages, a kill before every write, the figures of the README.
	@$(BIN)/python -m pytest -q -m soak

check: $(READY) ## Lint, types, import contracts, definitions and YAML.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/dg check yaml
	$(BIN)/dg check defs

bench: $(READY) ## Measure the drift engine beside its peers, which get an environment of their own, pieces of work, the service under load (wrk), replays, and how soon an arrival is seen.
	$(BIN)/python -m benchmarks.drift
	$(BIN)/python -m benchmarks.calibration
	$(BIN)/python -m benchmarks.pieces
	$(BIN)/python -m benchmarks.serving
	$(BIN)/python -m benchmarks.replays
	$(BIN)/python -m benchmarks.arrivals

frozen: $(READY) ## The accuracy of a random forest that is never retrained, on the batches in the landing folder.
	@$(BIN)/python -m benchmarks.frozen_forest $(or $(DRIFTWATCH_LANDING),data/landing)/gas_sensors

dashboards: $(READY) ## Write Grafana's dashboards anew from the declarations, one a model.
	@$(BIN)/python -m deploy.grafana.build

pictures: $(READY) ## Take the pictures of the README anew, by Chromium, of a replay of simulated data.
	@DRIFTWATCH_PICTURES=docs/pictures $(BIN)/python -m pytest -q -m soak driftwatch_assets_tests/tour/test_pictures.py

clean: ## Remove what was stored while running; landed files stay.
	rm -rf data/lake data/mlflow data/dagster data/monitoring data/serving data/embedded
