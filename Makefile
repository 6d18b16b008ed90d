# The front door. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help book test test-browser bench results verify serve clean lock readme-figure repository-url
.DELETE_ON_ERROR:

PYTHON ?= $(shell command -v python3.11 || command -v python3 || echo python3)
PARAMETERS ?= default
CORES ?= 2
PORT ?= 8000
BIN := .venv/bin
# Let idle threads spin for an instant, then sleep: endless spinning costs a factor of six where another
# program takes a core, none at all costs a third where no other does.
export GOMP_SPINCOUNT ?= 20000

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: .venv/.stamp  ## execute the chapters and build _build/html (PARAMETERS=quick|default|paper, CORES=2)
	@$(BIN)/python book/build.py --parameters $(PARAMETERS) --cores $(CORES)

test: .venv/.stamp  ## lint, then run the tests (ARGS="-k name" goes to pytest)
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/python -m pytest $(ARGS)

test-browser: .venv/.stamp  ## open every built page in Chromium
	$(BIN)/python -m pytest -m browser tests/test_browser.py $(ARGS)

bench: .venv/.stamp .venv-peers/.stamp  ## time the package against its peers, a quarter of an hour (NAME="ntk paths" picks some)
	@$(BIN)/python -m benchmarks $(NAME)

results: .venv/.stamp  ## record the runs that data/results lacks (EXPERIMENT=circle, MINUTES=10, CORES=2)
	@$(BIN)/python -m halfspace.experiments make --workers $(CORES) \
	  $(if $(EXPERIMENT),--experiment "$(EXPERIMENT)") $(if $(MINUTES),--minutes $(MINUTES))

verify: .venv/.stamp  ## recompute a seed of some recorded runs, other ones each day (EXPERIMENT=circle, MINUTES=2, DEVICE=cpu)
	@$(BIN)/python -m halfspace.experiments verify $(if $(MINUTES),--minutes $(MINUTES)) \
	  $(if $(EXPERIMENT),--experiment "$(EXPERIMENT)") $(if $(DEVICE),--device $(DEVICE))

serve: .venv/.stamp  ## show the built book on http://localhost:8000 (PORT=8000)
	@test -f _build/html/index.html || { echo "There is no book yet: run make book first."; exit 1; }
	@echo "The book is on http://localhost:$(PORT) until Ctrl-C."
	@$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html $(PORT)

clean:  ## remove everything that was built, the environment excepted
	rm -rf _build .snakemake .pytest_cache .ruff_cache .hypothesis

lock:  ## make the locks anew from pyproject.toml and benchmarks/peers.in (UPGRADE=--upgrade moves every pin)
	$(PYTHON) -m venv _build/uv
	_build/uv/bin/pip install --quiet uv
	_build/uv/bin/uv pip compile pyproject.toml --quiet --all-extras --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $(UPGRADE) --output-file requirements.lock
	_build/uv/bin/uv pip compile benchmarks/peers.in --quiet --no-deps --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $(UPGRADE) --output-file benchmarks/peers.lock

readme-figure: .venv/.stamp  ## take README's figure out of the executed chapter
	@$(BIN)/python book/readme_figure.py

repository-url: .venv/.stamp  ## publish under another address (URL=https://github.com/OWNER/NAME)
	@$(BIN)/python book/repository_url.py "$(URL)"

.venv/.stamp: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info; v[:2] == (3, 11) or sys.exit(f"Python 3.11 is needed, but {sys.executable} is Python {v[0]}.{v[1]}: name another one with make PYTHON=/path/to/python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements.lock
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation -e .
	@touch $@

# neural-tangents needs a jax and a numpy of its own, older ones.
.venv-peers/.stamp: benchmarks/peers.lock | .venv/.stamp
	$(BIN)/python -m venv --clear .venv-peers
	.venv-peers/bin/python -m pip install --disable-pip-version-check --no-deps -r $<
	@touch $@
