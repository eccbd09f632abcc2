# The two commands a new user needs are `make demo` and `make test`.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# uv as it is installed, else fetched by pip into an environment of its own.
FIND_UV := UV="$$( command -v uv || ( $(PYTHON) -m uv --version >/dev/null 2>&1 && echo "$(PYTHON) -m uv" ) || \
	( ( test -x $(VENV)-uv/bin/pip || $(PYTHON) -m venv $(VENV)-uv ) && $(VENV)-uv/bin/pip install -q --require-hashes --requirement deploy/build.lock && echo $(VENV)-uv/bin/uv ) )"
# The lock files hold the same versions: all that developers need, and of it what a server needs and what makes a wheel.
COMPILE := $$UV pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--no-emit-find-links --no-header

# Some images set it; then every process compiles Dagster and all else anew, which takes seconds each time.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test test-fast soak attacks mutations coverage lint fmt check hooks docs lock sbom release clean

help:  ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

$(STAMP): requirements.lock pyproject.toml
	@$(FIND_UV); $$UV venv -q --allow-existing --python $(PYTHON) $(VENV) && \
	$$UV pip sync -q --python $(BIN)/python --require-hashes requirements.lock && \
	$$UV pip install -q --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)  ## make the environment, then the whole job end to end on synthetic data
	@$(BIN)/dakl demo

test-fast: $(STAMP)  ## the unit tests, in under a minute
	@$(BIN)/python -m pytest -q -n 2 tests/unit

check: lint test-fast  ## what to run before a push: lint and the unit tests

test: $(STAMP)  ## make the environment, then every test
	@$(BIN)/python -m pytest -q -n 3 --dist worksteal $(ARGS)

coverage: $(STAMP)  ## the unit tests, with what they cover (branches too) held to the floor of pyproject.toml
	@$(BIN)/python -m pytest -q -n 2 tests/unit --cov

soak: $(STAMP)  ## the long runs: fuzzing, many processes, kills, large files
	@$(BIN)/python -m pytest -q -m soak

DAKL ?= $(BIN)/dakl
attacks: $(STAMP)  ## DAKL=PATH: carry out every attack on an installed dakl, of any version, and list each as open or closed
	@$(BIN)/python -m tests.attacks --dakl $(DAKL)

mutations: $(STAMP)  ## take the protection behind each promise of docs/privacy.md away, and see its tests fail
	@$(BIN)/python -m tests.mutations

lint: $(STAMP)  ## style, formatting, types, imports, generated documentation
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python docs/generate.py --check
	$(BIN)/python deploy/supply_chain.py --check
	$(BIN)/python deploy/secret_scan.py

fmt: $(STAMP)  ## put style and formatting right
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

hooks:  ## let git check style before a commit, and `make lint` before a push
	@git config core.hooksPath .githooks

docs: $(STAMP)  ## write the generated documentation
	$(BIN)/python docs/generate.py

lock: $(STAMP)  ## renew the lock files
	@$(FIND_UV); $(COMPILE) --extra team --group dev pyproject.toml -o requirements.lock
	@$(FIND_UV); $(COMPILE) --extra team --constraint requirements.lock pyproject.toml -o deploy/requirements.lock
	@$(FIND_UV); $(COMPILE) --constraint requirements.lock --group tools -o deploy/build.lock
	@$(MAKE) --no-print-directory sbom

sbom: $(STAMP)  ## write the SBOM and the third-party notices of what a server needs
	@$(BIN)/python deploy/supply_chain.py

release: $(STAMP)  ## VERSION=1.2.3: tag that version, when the program and the CHANGELOG agree on it
	@set -euo pipefail; notes="$$($(BIN)/python deploy/release.py "$(VERSION)")"; \
	test -z "$$(git status --porcelain)" || { echo "commit your changes first: a tag is of what is committed" >&2; exit 1; }; \
	git tag --annotate --cleanup=whitespace --message "$(VERSION)"$$'\n\n'"$$notes" "v$(VERSION)"; \
	echo "made the tag v$(VERSION): publish it with \`git push origin v$(VERSION)\`"

clean:  ## throw away the environment and the demo home
	rm -rf $(VENV) $(VENV)-uv dakl_home
