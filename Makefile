# Everything starts from plain python3 (3.11+), make and pip; `make demo` and `make test` set up alone.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
WORKERS ?= 2
export PIP_DISABLE_PIP_VERSION_CHECK = 1

.PHONY: demo test check bench docs picture clean weights

demo: $(VENV)/.base  ## set up and run the main job on the built-in model
	$(BIN)/topdraw demo

test: $(VENV)/.dev  ## set up and run all tests
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadgroup --cov --cov-report=term $(ARGS)

check: $(VENV)/.dev  ## formatting, lint, types, import contract, docs in sync
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python tools/docs.py --check

bench: $(VENV)/.dev  ## every benchmark; one JSON line per ratio
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.dev  ## regenerate the pages made from code (docs/cli.md, docs/names.md)
	$(BIN)/python tools/docs.py

picture: $(VENV)/.dev  ## the README's picture, from a fresh demo
	$(BIN)/topdraw demo --out runs/picture
	$(BIN)/python tools/screenshot.py runs/picture/report.html docs/demo.png --height 1000 --scale 1

weights: $(VENV)/.dev  ## retrain the built-in model and its reward models (about half an hour)
	$(BIN)/python -m tools.train_builtin
	$(BIN)/python -m tools.widen_builtin --stage builtin
	$(BIN)/python -m tools.widen_builtin --stage small
	$(BIN)/python -m tools.train_reward

clean:
	rm -rf $(VENV) build dist src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(VENV)/bin/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "topdraw needs Python 3.11 or newer, this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.base: pyproject.toml | $(VENV)/bin/python
	@echo "Installing topdraw into $(VENV), once ..."
	$(BIN)/python -m pip install -q -e .
	@touch $@

# PyTorch goes first and by exact version: any other spec would pull gigabytes of GPU packages.
$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	@echo "Installing topdraw and what its tests need into $(VENV), once; this takes minutes ..."
	$(BIN)/python -m pip install -q torch==2.13.0
	$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@ $(VENV)/.base
