# `make demo` and `make test` set up everything they need in .venv and run.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: demo test lint bench bench-long clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[train]'
	touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check -e '.[train,test]'
	touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py --output-dir demo-output

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

test: lint
	$(BIN)/pytest

bench: $(VENV)/.demo
	$(BIN)/python benchmarks/run.py

# Hours: ten epochs of the published recipe against its quick calibration.
bench-long: $(VENV)/.demo
	$(BIN)/python benchmarks/quick_calibration.py --live --recipe dcase2023 --epochs 10

clean:
	rm -rf $(VENV) build dist demo-output
