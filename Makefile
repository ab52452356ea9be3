# The two commands of the README are `make demo` and `make test`; CI runs `make check`.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
# Nothing here may need a compiler: a package that would build C code fails at once.
PIP    := CC=/bin/false CXX=/bin/false $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
RUNTIME := $(VENV)/.runtime
DEV     := $(VENV)/.dev

.PHONY: demo test check lint types contracts bench catalogues vectors lock clean

$(RUNTIME): locks/build.lock locks/runtime.lock pyproject.toml
	$(PYTHON) scripts/check_python.py
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) --require-hashes -r locks/build.lock
	$(PIP) --require-hashes --no-build-isolation -r locks/runtime.lock
	$(PIP) --no-build-isolation --editable .
	touch $@

$(DEV): $(RUNTIME) locks/dev.lock
	$(PIP) --require-hashes --no-build-isolation -r locks/dev.lock
	touch $@

# SCENARIO=market, trade or community; KEEP=1 leaves the nodes running, JSON=1 prints what was measured as one object.
demo: $(RUNTIME)
	$(BIN)/p2pmarket demo $(if $(SCENARIO),--scenario $(SCENARIO)) $(if $(filter-out 0 no,$(KEEP)),--keep) $(if $(filter-out 0 no,$(JSON)),--json)

# Everything on all cores, in the order of tests/conftest.py; TESTS=tests/protocol/test_wire.py, or more
# such paths, in one process. A process that a hanging test ended is not replaced: its file would hang again.
ON_ALL_CORES := --numprocesses logical --dist loadfile --no-loadscope-reorder --max-worker-restart 0
test: $(DEV)
	$(BIN)/python -m pytest $(or $(TESTS),$(ON_ALL_CORES))

check: lint types contracts test

lint: $(DEV)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python scripts/check_repository.py

types: $(DEV)
	$(BIN)/mypy

contracts: $(DEV)
	$(BIN)/lint-imports

# QUICK=1 runs everything small, to see that it works.
bench: $(DEV)
	$(BIN)/python -m benchmarks $(if $(QUICK),--quick)

# Compile the German sentences after editing p2pmarket/locale/**/*.po.
catalogues: $(DEV)
	$(BIN)/python scripts/catalogues.py

vectors: $(DEV)
	$(BIN)/python scripts/vectors.py --write

lock:
	scripts/lock

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache
