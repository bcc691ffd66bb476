# `make demo` and `make test` set up everything they need in .venv and run.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
# The releases that are tested together; `make test CONSTRAINTS=` takes the newest ones instead. The build backend is held
# too: of the two variables older releases of pip read the first for it, newer ones the second.
CONSTRAINTS ?= constraints.txt
export CONSTRAINTS
INSTALL := PIP_CONSTRAINT=$(CONSTRAINTS) PIP_BUILD_CONSTRAINT=$(CONSTRAINTS) $(BIN)/pip install --quiet --disable-pip-version-check

.PHONY: demo test test-long browser-test cluster-test integration-test container-test gpu-check lint docs editions man readme coverage mutation matrix release constraints bench bench-long oracle oracle-test clean

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.demo: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(INSTALL) -e '.[train]'
	touch $@

$(VENV)/.test: pyproject.toml $(CONSTRAINTS) | $(BIN)/python
	$(INSTALL) -e '.[train,test]'
	touch $@ $(VENV)/.demo

demo: $(VENV)/.demo
	$(BIN)/python examples/demo.py --output-dir demo-output

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

# Two at a time: training the smoke recipe to its floor takes one core for minutes.
test: lint
	$(BIN)/pytest -n 3 --dist worksteal --ignore=tests/browser --ignore=tests/cluster

# 10,000 damages to the files of a package: either no score changes, or a finding names it; ten kills of a calibration. Ten minutes.
test-long: $(VENV)/.test
	DCASE_ENERGY_DAMAGES=10000 DCASE_ENERGY_KILLS=10 $(BIN)/pytest -n 2 tests/property/test_damages.py tests/calibration/test_resume.py

browser-test: $(VENV)/.test
	tests/browser/run $(BIN)/python

# Jobs, arrays, time limits and studies on a real SLURM, on this machine for as long as the tests run; needs root.
cluster-test: $(VENV)/.test
	tests/cluster/run $(BIN)/python $(ARGS)

# The callbacks and loggers with Lightning, transformers, accelerate, SpeechBrain, TensorBoard, MLflow and W&B themselves,
# in build/integrations (gigabytes, where pip finds no torch without CUDA).
integration-test:
	$(PYTHON) -m venv build/integrations
	build/integrations/bin/pip install --quiet --disable-pip-version-check -e '.[train,test]' \
	  lightning transformers accelerate speechbrain tensorboard mlflow wandb
	build/integrations/bin/pytest tests/integrations

# The images of containers/, built and tried, as far as Docker or Apptainer is here.
container-test: $(VENV)/.test
	DCASE_ENERGY_BUILD=1 $(BIN)/pytest tests/docs/test_containers.py

# The whole way on a real NVIDIA GPU against NVML read directly, in two calls of at most ten minutes: the second with
# PARTS='quick epochs'. WHEELS=FOLDER (see tests/gpu/wheels.txt) for a machine without internet. Changes no setting of the GPU.
gpu-check:
	WHEELS='$(WHEELS)' PYTHON='$(PYTHON)' VENV='$(VENV)' tests/gpu/run $(PARTS)

# The site, in build/site; a warning is an error.
docs: $(VENV)/.test
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --site-dir build/site

# What is made from the files of the editions: the table that the program reads, a schema and a page for each, the page of their calibrations,
# and the schema of a ranking.
editions: $(VENV)/.test
	$(BIN)/python docs/make_shipped.py
	for folder in schemas/*/edition.toml; do name=$$(basename $$(dirname $$folder)); \
	  $(BIN)/dcase-energy schema --edition $$name --output schemas/$$name/submission.schema.json || exit 1; \
	  $(BIN)/dcase-energy explain --markdown $$name > docs/reference/editions/$$name.md || exit 1; done
	$(BIN)/python docs/make_calibrations.py
	$(BIN)/python docs/make_ranking_schema.py

# The manual pages, from the commands.
man: $(VENV)/.test
	$(BIN)/python docs/make_man.py

# From nothing to a ranking sheet by the README's blocks alone, those that take minutes too; says how long it took.
readme: $(VENV)/.demo
	$(BIN)/python -m tests.docs.blocks --also takes README.md

# Lines and branches, child processes too; the report is build/coverage/index.html.
coverage: $(VENV)/.test
	$(BIN)/python tests/coverage_report.py

# Changes the formulas, the order and the escaping one spot at a time; lists what no test notices. Five minutes.
mutation: $(VENV)/.test
	$(BIN)/pip install --quiet --disable-pip-version-check 'mutmut>=3.8,<3.9'
	$(BIN)/python tests/mutation.py

# The fast tests with the oldest and the newest Python and libraries; ARGS are pytest's, or --only oldest.
matrix:
	$(PYTHON) tests/matrix/run.py $(ARGS)

# Builds wheel and source archive, checks them, and runs the fast tests with what was built, on each Python of this
# machine; --quick in ARGS tries the first commands alone.
release:
	$(PYTHON) -m tests.matrix.release $(ARGS)

# constraints.txt anew: the newest releases that pyproject.toml allows, for each Python; nothing is installed. Minutes.
constraints:
	$(PYTHON) -m tests.matrix.constraints

# All benchmarks beside their peers, in one run; writes docs/benchmarks.md. Keep the machine free of other work.
bench: $(VENV)/.test oracle
	$(BIN)/python benchmarks/run.py --page docs/benchmarks.md

# Hours: ten epochs of the published recipe against its quick calibration.
bench-long: $(VENV)/.demo
	$(BIN)/python benchmarks/quick_calibration.py --live --recipe dcase2023 --epochs 10

# The peers that scores are compared with, pinned, in .oracle (sed_scores_eval needs a C++ compiler).
oracle:
	$(PYTHON) benchmarks/oracle.py

# Equality with the peers.
oracle-test: $(VENV)/.test oracle
	$(BIN)/pytest tests/reference/test_oracles.py

clean:
	rm -rf $(VENV) .oracle .matrix build dist demo-output
