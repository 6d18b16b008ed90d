# The front door. `make` alone lists the targets.
.DEFAULT_GOAL := help
.PHONY: help book pdf test test-browser typescript chaos bench results sweep verify serve clean lock subject readme-figure repository-url
.DELETE_ON_ERROR:

ifeq ($(origin PYTHON),undefined)
PYTHON := $(shell command -v python3.11 || command -v python3 || echo python3)
endif
PARAMETERS ?= default
CORES ?= 2
PORT ?= 8000
# Users' settings reach commands unchanged, through the environment: no shell runs them as code.
SETTINGS := PYTHON PARAMETERS CORES PORT NAME EXPERIMENT MINUTES PROFILE OUT DEVICE URL ARGS UPGRADE
$(foreach name,$(SETTINGS),$(eval override $(name) := $$(value $(name))))
export $(SETTINGS)
RUN := exec .venv/bin/python
# Idle threads spin briefly, then sleep. Endless spinning takes six times as long if another program
# uses a core; no spinning takes a third longer if none does.
export GOMP_SPINCOUNT ?= 20000
# Only the project's environment is used, however the user's Python and pip are configured.
export PYTHONNOUSERSITE := 1
export PIP_USER := 0
unexport PYTHONHOME PYTHONPATH PYTHONSAFEPATH PYTHONOPTIMIZE PYTHONWARNINGS
unexport PIP_TARGET PIP_PREFIX PIP_ROOT PIP_REQUIRE_HASHES PIP_NO_DEPS PIP_DRY_RUN

help:  ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

book: .venv/.stamp  ## execute the chapters and build _build/html (PARAMETERS=quick|default|paper, CORES=2)
	@$(RUN) book/build.py

pdf: .venv/.stamp  ## print the built book into _build/book.pdf, through Chromium
	@$(RUN) book/pdf.py

test: .venv/.stamp  ## lint, then run the tests (ARGS="-k name" goes to pytest)
	.venv/bin/python -m ruff check
	.venv/bin/python -m ruff format --check
	PYTEST_ADDOPTS="$$PYTEST_ADDOPTS $$ARGS" OMP_NUM_THREADS=1 $(RUN) -m pytest -n 2 --dist loadfile

test-browser: .venv/.stamp  ## open every built page in Chromium
	PYTEST_ADDOPTS="$$PYTEST_ADDOPTS $$ARGS" $(RUN) -m pytest -n 2 --dist load -rs -m browser tests/book/test_browser*.py

typescript: _build/node/.stamp  ## install the checker of the scripts' types, which the tests use

chaos: .venv/.stamp  ## kill commands at random times and count what is left (ARGS="book --trials 4 --seed 1")
	@set -f; $(RUN) tests/chaos/trials.py $$ARGS

bench: .venv/.stamp .venv-peers/.stamp  ## time the package against its peers in 15 minutes (NAME="ntk paths" picks some)
	@set -f; $(RUN) -m benchmarks $$NAME

results: .venv/.stamp  ## record the runs that data/results lacks (EXPERIMENT=circle, MINUTES=10, CORES=2, PROFILE=profiles/slurm)
	@$(RUN) book/start.py halfspace.companion make --workers "$$CORES" \
	  $(if $(EXPERIMENT),--experiment "$$EXPERIMENT") $(if $(MINUTES),--minutes "$$MINUTES") \
	  $(if $(PROFILE),--profile "$$PROFILE")

sweep: .venv/.stamp  ## run a chapter or an experiment over a grid (NAME=gain_beta, CORES=2, OUT=folder, PROFILE=profiles/slurm)
	@$(RUN) book/sweep.py

verify: .venv/.stamp  ## recompute one seed of a rotating sample of recorded runs (EXPERIMENT=circle, MINUTES=2, DEVICE=cpu)
	@$(RUN) book/start.py halfspace.companion verify $(if $(MINUTES),--minutes "$$MINUTES") \
	  $(if $(EXPERIMENT),--experiment "$$EXPERIMENT") $(if $(DEVICE),--device "$$DEVICE")

serve: .venv/.stamp  ## show the built book on http://localhost:8000 (PORT=8000)
	@$(RUN) book/serve.py

clean:  ## remove everything that was built except the environment
	rm -rf _build .snakemake .pytest_cache .ruff_cache .hypothesis

lock:  ## write the locks again from pyproject.toml and benchmarks/peers.in, and uv's lock (UPGRADE=--upgrade updates every pin)
	"$$PYTHON" -m venv _build/uv
	_build/uv/bin/python -m pip install --quiet --require-hashes -r book/installer.lock
	set -f; echo uv | _build/uv/bin/uv pip compile - --quiet --no-deps --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $$UPGRADE --output-file book/installer.lock
	set -f; _build/uv/bin/uv pip compile pyproject.toml --quiet --all-extras --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $$UPGRADE --output-file requirements.lock
	set -f; _build/uv/bin/uv pip compile benchmarks/peers.in --quiet --no-deps --universal \
	  --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate --no-header \
	  $$UPGRADE --output-file benchmarks/peers.lock

subject: .venv/.stamp  ## start a subject: folder, test, chapter (NAME=convex_gates)
	@$(RUN) book/subject.py "$$NAME"

readme-figure: .venv/.stamp  ## draw README's figure and badge, and the preview image
	@$(RUN) book/readme_figure.py

repository-url: .venv/.stamp  ## publish under another address (URL=https://github.com/OWNER/NAME)
	@$(RUN) book/repository_url.py "$$URL"

.venv/.stamp: requirements.lock pyproject.toml
	@exec "$$PYTHON" book/environment.py .venv requirements.lock

_build/node/.stamp: $(addprefix tests/companion/widgets/package,.json -lock.json)
	@command -v npm >/dev/null || { echo "the types' checker comes with npm: apt-get install npm" >&2; exit 1; }
	mkdir -p _build/node
	cp $^ _build/node
	cd _build/node && exec npm ci --ignore-scripts --no-audit --no-fund
	touch $@

# neural-tangents needs older versions of jax and numpy.
.venv-peers/.stamp: benchmarks/peers.lock | .venv/.stamp
	@$(RUN) book/environment.py .venv-peers benchmarks/peers.lock --peers
