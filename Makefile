.PHONY: help demo run test deep quick lint screenshots man bench fuzz truth truth-idle kills dist-check clean
PYTHON := python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# hundreds of tests start smapstop: its modules are compiled once, not at each start
unexport PYTHONDONTWRITEBYTECODE
# a file is one worker's: fixtures of modules are made once; in the order of their names, because by the number of their
# tests the slowest would come last; pytest-xdist 3.8 hangs when loadfile restarts a worker that died (its issues 784, 1378)
PYTEST := $(PY) -m pytest -n 4 --dist loadfile --no-loadscope-reorder --max-worker-restart=0

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "smapstop needs Python 3.11 or newer")'
	@echo "setting up $(VENV) (once) …"
	@# an installed pip saves the seconds that ensurepip takes
	@if $(PYTHON) -m pip --version 2>/dev/null | awk '{split($$2, v, ".")} END {exit !(v[1] >= 23)}'; \
	then $(PYTHON) -m venv --clear --without-pip $(VENV) && PIP="$(PYTHON) -m pip --python $(VENV)"; \
	else $(PYTHON) -m venv --clear $(VENV) && PIP="$(PY) -m pip"; fi; \
	$$PIP install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: $(READY) ## run the copy-on-write experiment, live
	@$(VENV)/bin/smapstop demo

run: $(READY) ## run smapstop with ARGS="…"
	@$(VENV)/bin/smapstop $(ARGS)

test: lint ## lint, then run all tests
	@$(PYTEST)

deep: $(READY) ## run the property tests with forty times as many examples
	@$(PYTEST) -m hypothesis --hypothesis-profile deep -o faulthandler_timeout=3600

quick: $(READY) ## run the tests that are quick
	@$(PYTEST) -m "not slow"

lint: $(READY) ## run ruff, mypy --strict and import-linter
	@$(VENV)/bin/ruff check smapstop tests screenshots benchmarks
	@$(VENV)/bin/ruff format --check smapstop tests screenshots benchmarks
	@$(VENV)/bin/mypy
	@report=$$($(VENV)/bin/lint-imports --no-cache 2>&1) && echo "$$report" | tail -n 1 || { echo "$$report"; exit 1; }

screenshots: $(READY) ## regenerate screenshots/ from real runs
	@$(PY) -c 'import PIL' 2>/dev/null || $(PYTHON) -m pip --python $(VENV) install -q -c constraints.txt pillow
	@$(PY) screenshots/make.py

man: $(READY) ## regenerate the man page from the options of all commands
	@$(PY) -m smapstop.cli.manpage >smapstop/smapstop.1

bench: $(READY) ## run the benchmarks; one part with PART=sampling|family|fleet|screen|tables|recording|unwinding
	@$(PY) -m benchmarks $(PART)

fuzz: $(READY) ## fuzz all targets, MINUTES=1 each; one with TARGET=smaps
	@$(PY) -c 'import atheris' 2>/dev/null || $(PYTHON) -m pip --python $(VENV) install -q -c constraints.txt atheris
	@PYTHONPATH=tests $(PY) -m fuzz $(TARGET) --minutes $(or $(MINUTES),1)

truth: $(READY) ## check the sentences about random commands, MINUTES=1; as root, from SEED=n
	@PYTHONPATH=tests $(PY) -m truth --minutes $(or $(MINUTES),1) $(if $(SEED),--seed $(SEED))

truth-idle: $(READY) ## list and check the sentences about idle servers, MINUTES=10; as root
	@PYTHONPATH=tests $(PY) -m truth.idle --minutes $(or $(MINUTES),10)

kills: $(READY) ## kill it COUNT=100 times at random moments while it records, and check what is left; from SEED=n
	@PYTHONPATH=tests $(PY) -m kills --count $(or $(COUNT),100) $(if $(SEED),--seed $(SEED))

dist-check: ## build wheel and sdist, install and run them in bare Debians; as root, SUITES="bookworm trixie"
	@.ci/dist-check $(SUITES)

clean: ## remove the environment and everything built
	rm -rf $(VENV) build dist .fuzz .mypy_cache .pytest_cache .ruff_cache
