# One obvious command for each task. `make` alone lists them.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
ENGINES := .venv-engines
# What NeMo Curator's download stages import: all that it asks for is PyTorch with CUDA too, which they do not need.
# Later Rays wait for their agents fifteen seconds and no more, which a busy machine does not keep to
# (https://github.com/ray-project/ray/issues/65983).
OF_NEMO_CURATOR := 'ray[data,default]<2.53' beautifulsoup4 cattrs comment-parser fsspec ftfy jinja2 justext loguru lxml lxml-html-clean mwparserfromhell obstore pandas \
	portpicker pulp pycld2 requests resiliparse tabulate trafilatura warcio
COMPILED := setup.py $(wildcard $(addprefix src/pagemill/extraction/choosing/,*.pyx */*.pyx))
# What an earlier installation compiled: where that cannot be done again, it must not stay.
BUILT := build $(patsubst %.pyx,%.c,$(filter %.pyx,$(COMPILED))) $(patsubst %.pyx,%.*.so,$(filter %.pyx,$(COMPILED)))
SOURCES := src tests bench

# The first Python that is new enough and can make environments.
define find-python
for python in $(PYTHON) python3.11 python3.12 python3.13 python3; do \
	if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	then echo $$python; exit 0; fi; done; \
echo 'Pagemill needs Python 3.11 or newer with its venv module (on Debian: apt install python3-venv).' >&2; exit 1
endef

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: serve
serve: $(VENV)/.runtime ## Set up what is missing and start the service on 127.0.0.1:8080
	@echo 'Starting Pagemill; the first start makes its database (10 seconds) ...' >&2
	@exec $(BIN)/pagemill serve $(if $(filter command,$(origin PORT)),--port $(PORT)) $(ARGS)

.PHONY: test
test: $(VENV)/.development ## Set up what is missing and run every check: lint, types, imports, tests
	$(BIN)/python -m compileall -q src tests  # so that no process of a test has to, where writing bytecode is off
	$(BIN)/ruff check $(SOURCES)
	$(BIN)/ruff format --check $(SOURCES)
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/pytest --numprocesses 4 --dist worksteal -m 'not long' $(ARGS)

.PHONY: long
long: $(VENV)/.development ## Run the tests that take minutes each
	$(BIN)/pytest -m long $(ARGS)

SECONDS ?= 120

.PHONY: fuzz
fuzz: $(VENV)/.development ## Give hostile bytes to what reads them, for SECONDS=120; SEED= repeats a run
	@exec $(BIN)/python -m tests.fuzz $(SECONDS) $(SEED)

.PHONY: chaos
chaos: $(VENV)/.development ## Hurt a service at random: SEED=n repeats, RUNS=200 kills alone (PAGES, MINUTES)
	$(BIN)/python -m tests.chaos $(if $(PAGES),--pages $(PAGES)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(SEED),--seed $(SEED)) $(if $(RUNS),--runs $(RUNS))

.PHONY: chaos-crawl
chaos-crawl: $(VENV)/.development ## Crawl 10,000 pages twice, the second time under kills, and compare (PAGES, MINUTES, SEED)
	$(BIN)/python -m tests.chaos.crawl $(if $(PAGES),--pages $(PAGES)) $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(SEED),--seed $(SEED))

.PHONY: soak
soak: $(VENV)/.development ## Load a service for MINUTES=30 and write down whether its memory grows
	$(BIN)/python -m tests.chaos.soak $(if $(MINUTES),--minutes $(MINUTES))

.PHONY: otel
otel: $(VENV)/.runtime ## Install OpenTelemetry, for traces
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/otel.txt

.PHONY: bulk
bulk: $(VENV)/.runtime ## Install what `pagemill extract` needs for WARC and Parquet
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/bulk.txt

.PHONY: test-engines
test-engines: $(VENV)/.development ## Install Ray, Spark, Dask, datatrove and NeMo Curator beside .venv, and extract pages in each
	@test -d $(ENGINES) || $(BIN)/python -m venv $(ENGINES)
	@$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check '.[ray,spark,dask,datatrove]' \
		hypothesis psutil pytest pytest-asyncio pytest-timeout $(OF_NEMO_CURATOR)
	@$(ENGINES)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps nemo-curator cosmos-xenna
	$(ENGINES)/bin/python -m pytest --noconftest -m engines tests/bulk/test_engines.py $(ARGS)

.PHONY: wheels
wheels: $(VENV)/.runtime ## Build a wheel into dist/, for machines without a C compiler; it serves Python 3.11 and later
	@rm -rf build
	@$(BIN)/python -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir dist .
	@rm -rf build
	@ls dist/*.whl

.PHONY: format
format: $(VENV)/.development ## Format the code and mend what ruff can
	$(BIN)/ruff check --fix $(SOURCES)
	$(BIN)/ruff format $(SOURCES)

.PHONY: lock
lock: ## Resolve the dependencies anew into requirements/*.txt (needs uv)
	@for name in runtime build dev; do \
		input=requirements/$$name.in; [ $$name = runtime ] && input=pyproject.toml; \
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
			$$input --output-file requirements/$$name.txt || exit 1; done
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra otel -c requirements/runtime.txt pyproject.toml --output-file requirements/otel.txt
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra bulk -c requirements/runtime.txt pyproject.toml --output-file requirements/bulk.txt

.PHONY: clean
clean: ## Remove the environment and every cache
	rm -rf $(BUILT) src/*.egg-info $(VENV) $(ENGINES) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache

$(VENV)/bin/python:
	@python=$$($(find-python)) && echo "Making a Python environment in $(VENV), with $$python (10 seconds) ..." && \
		$$python -m venv $(VENV)

$(VENV)/.runtime: $(VENV)/bin/python requirements/runtime.txt requirements/build.txt pyproject.toml $(COMPILED)
	@echo "Downloading and installing $$(grep -c == requirements/runtime.txt) packages with pip" \
		'(1 minute; longer by a slow line or on a busy machine) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes \
		-r requirements/runtime.txt -r requirements/build.txt
	@rm -rf $(BUILT)
	@echo 'Compiling and installing Pagemill itself (20 seconds) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -c 'import pagemill.extraction.choosing.features.word_table, pagemill.extraction.choosing.model.tree_sums, pagemill.extraction.choosing.tree_walk' 2>/dev/null || \
		echo 'No C compiler, or no Python headers: nothing is compiled, and choosing content takes longer.'
	@echo 'Looking for a Chromium, for pages that need a browser (1 minute where it has to be downloaded) ...'
	@scripts/install-chromium
	@touch $@

$(VENV)/.development: $(VENV)/.runtime requirements/dev.txt
	@echo 'Downloading and installing what the tests need (1 minute) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@
