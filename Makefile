# `make run` runs the main job, `make test` the tests; both set up what they need in .venv.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PACKAGES := $(filter-out tests,$(patsubst %/__init__.py,%,$(wildcard */__init__.py)))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.PHONY: run test chaos coverage lint types docs notebooks validation benchmark clean

run: $(VENV)/.installed
	$(BIN)/amalgamics run examples/li-hg-llto.yaml

# Two processes, a file of tests in one of them; OPTIONS go to pytest.
test: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(OPTIONS)

# Jobs are killed, at 50 seeded moments of each kind; the table in docs/faults.md is made anew. Half an hour to hours.
chaos: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -P -m amalgamics.tests.chaos.run --long --write docs/faults.md

# The tests, and the lines that none of them reaches.
coverage:
	$(MAKE) test OPTIONS="--cov --cov-report=term --cov-report=xml"

lint: $(VENV)/.installed-test types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

# mypy sees the repository root under the package's name through a link, whatever the checkout is called.
types: $(VENV)/.installed-test
	mkdir -p $(VENV)/typing && ln -sfn $(CURDIR) $(VENV)/typing/amalgamics
	cd $(VENV)/typing && ../bin/mypy --config-file $(CURDIR)/pyproject.toml --cache-dir $(CURDIR)/.mypy_cache \
		$(addprefix -p amalgamics.,$(PACKAGES) tests)

# The site, into build/site. A link or an anchor that leads nowhere is an error.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict
	@echo "build/site/index.html"

# The notebooks of docs/notebooks are run, and what they show is stored in them.
notebooks: $(VENV)/.installed-test
	OMP_NUM_THREADS=1 $(BIN)/python -P -m amalgamics.tests.notebooks

# Computed beside published values with four potentials, written into docs/benchmarks-physics.md; hours.
validation: $(VENV)/.installed
	for potential in chgnet+d3 chgnet-r2scan+d3 7net-0+d3 7net-l3i5+d3; do \
		$(BIN)/amalgamics run examples/benchmarks.yaml --potential $$potential || exit 1; done
	$(BIN)/amalgamics benchmarks --free-atoms --update docs/benchmarks-physics.md

# matcalc is a peer to measure against, never a dependency.
benchmark: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt matcalc
	$(BIN)/python benchmarks/run.py --full

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; set PYTHON=")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml constraints.txt
	@echo "Installing into $(VENV) (a few minutes the first time)"
	$(PIP) install --constraint constraints.txt torch
	$(PIP) install --constraint constraints.txt --editable .
	touch $@

$(VENV)/.installed-test: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[test]'
	touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(PIP) install --constraint constraints.txt --editable '.[docs]'
	touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache .coverage coverage.xml
