.PHONY: help demo run test quick lint screenshots man bench fuzz dist-check clean
PYTHON := python3
VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# pytest-xdist 3.8 waits for ever when a worker died and loadfile starts it again (its issues 784 and 1378)
PYTEST := $(PY) -m pytest -n 2 --dist loadfile --max-worker-restart=0

help: ## show what can be made
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "smapstop needs Python 3.11 or newer")'
	@echo "setting up $(VENV) (once) …"
	@# ensurepip takes seconds that an already installed pip saves
	@if $(PYTHON) -m pip --version 2>/dev/null | awk '{split($$2, v, ".")} END {exit !(v[1] >= 23)}'; \
	then $(PYTHON) -m venv --clear --without-pip $(VENV) && PIP="$(PYTHON) -m pip --python $(VENV)"; \
	else $(PYTHON) -m venv --clear $(VENV) && PIP="$(PY) -m pip"; fi; \
	$$PIP install -q --disable-pip-version-check -c constraints.txt -e '.[test]'
	@touch $@

demo: $(READY) ## the copy-on-write experiment, live
	@$(VENV)/bin/smapstop demo

run: $(READY) ## smapstop with ARGS="…"
	@$(VENV)/bin/smapstop $(ARGS)

test: lint ## lint, then every test
	@$(PYTEST)

quick: $(READY) ## the tests that need no terminal
	@$(PYTEST) --ignore tests/e2e

lint: $(READY) ## ruff, mypy --strict, and the dependency rule
	@$(VENV)/bin/ruff check smapstop tests screenshots benchmarks
	@$(VENV)/bin/ruff format --check smapstop tests screenshots benchmarks
	@$(VENV)/bin/mypy
	@told=$$($(VENV)/bin/lint-imports --no-cache 2>&1) && echo "$$told" | tail -n 1 || { echo "$$told"; exit 1; }

screenshots: $(READY) ## remake screenshots/ from real runs
	@$(PY) -c 'import PIL' 2>/dev/null || $(PYTHON) -m pip --python $(VENV) install -q -c constraints.txt pillow
	@$(PY) screenshots/make.py

man: $(READY) ## remake the man page from the options of all verbs
	@$(PY) -m smapstop.cli.manpage >smapstop/smapstop.1

bench: $(READY) ## measure what smapstop costs; a part with PART=sampling|screen|tables|recording
	@$(PY) -m benchmarks $(PART)

fuzz: $(READY) ## look for inputs that break it, MINUTES=1 for each target; one with TARGET=smaps
	@$(PY) -c 'import atheris' 2>/dev/null || $(PYTHON) -m pip --python $(VENV) install -q -c constraints.txt atheris
	@PYTHONPATH=tests $(PY) -m fuzz $(TARGET) --minutes $(or $(MINUTES),1)

dist-check: ## build wheel and sdist, and use them in bare Debians; as root, SUITES="bookworm trixie"
	@.ci/dist-check $(SUITES)

clean: ## forget the environment and everything built
	rm -rf $(VENV) build dist .fuzz .mypy_cache .pytest_cache .ruff_cache
