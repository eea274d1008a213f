# Two commands matter to a newcomer: `make demo` and `make test`. `make help` lists the rest.
# Both put what they need into .venv, once; `make PYTHON=/path/to/python3.12 ...` says which Python.

VENV := .venv
BIN  := $(VENV)/bin
DEMO := territories/la-souterraine
OUT  := runs/demo
SEED := 1
DATA := ../shared/data
# Of `make load`: which part of a day, how many of its seconds pass in one, further options.
PACE := day
COMPRESS := 60
LOAD :=
STACK :=

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test test-long load bench bench-stack kernels lint format proto clean

help: ## Say what there is.
	@sed -n 's/^\([a-z-]*\):[^#]*## /  make \1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 20

demo: $(VENV)/installed ## Simulate a day on the demo territory and say where its report is.
	@$(BIN)/navette simulate $(DEMO) --seed $(SEED) --out $(OUT) --force

test: $(VENV)/installed-test ## Check style, types and layers, then run the tests but for the long ones.
	@$(MAKE) --no-print-directory --jobs 2 lint kernels
	@$(BIN)/python -m pytest --numprocesses auto --maxprocesses 4 --dist loadfile

test-long: $(VENV)/installed-real ## Run the tests that take long: real Kafka, PostgreSQL and browser, whole days.
	@NAVETTE_REAL=1 $(BIN)/python -m pytest -m long --numprocesses 2 --dist loadfile

lint: $(VENV)/installed-test ## Check style, types and layers only.
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

kernels: $(VENV)/installed-test ## Compile what tests run, as far as it changed.
	@$(BIN)/python -m tests.warm_up

format: $(VENV)/installed-test ## Put the code into its one shape.
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

load: $(VENV)/installed-real ## Send the riders of a day, PACE=day COMPRESS=60, to a real stack; report in runs/load.
	@$(BIN)/python -m loadtests.run --pace $(PACE) --compress $(COMPRESS) --out runs/load $(LOAD)

bench: $(VENV)/installed-benchmark ## Run every benchmark on the measured data in DATA.
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; \
		$(BIN)/python -m "benchmarks.$$(basename "$$file" .py)" --data "$(DATA)" || exit 1; done

bench-stack: $(VENV)/installed-real ## Ask the real stack, and a bare echo, ever more often until they saturate.
	@$(BIN)/python -m benchmarks.stack.climb $(STACK)

proto: $(VENV)/installed-test ## Generate services/wire/generated from proto/ anew.
	@$(BIN)/python -m grpc_tools.protoc -Iproto --python_out=services/wire/generated \
		--pyi_out=services/wire/generated proto/navette/v1/events.proto

clean: ## Remove .venv, caches and the demo's output.
	@rm -rf $(VENV) $(OUT) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp a step; each is as old as the pyproject.toml that it was made from.
$(VENV)/installed: pyproject.toml $(VENV)/made
	@echo "Installing Navette into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/installed-test: pyproject.toml $(VENV)/made
	@echo "Installing Navette and what its tests need into $(VENV) (a minute or two, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $(VENV)/installed $@

$(VENV)/installed-real: pyproject.toml $(VENV)/made
	@echo "Installing Navette, its tests' needs and real servers into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test,real,load,deploy]'
	@touch $(VENV)/installed $(VENV)/installed-test $@

$(VENV)/installed-benchmark: pyproject.toml $(VENV)/made
	@echo "Installing Navette and the peers it is compared with into $(VENV) (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[benchmark]'
	@touch $(VENV)/installed $@

$(VENV)/made:
	@PYTHON='$(PYTHON)' sh .ci/make-venv $(VENV)
	@echo '$(CURDIR)' > $@

# An environment that was moved, or whose Python was removed, is made anew.
ifneq ($(shell $(BIN)/python -c "" 2>/dev/null && cat $(VENV)/made 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/made
endif
