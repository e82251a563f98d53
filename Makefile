# The commands of the kit. `make` alone lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
PY := .venv/bin/python
# said on the command line, not left in the environment by something else
ifneq ($(origin ARGS),command line)
ARGS :=
endif
ifneq ($(origin SUBMISSIONS),command line)
SUBMISSIONS :=
endif
# test processes; 0 is none besides pytest's own
WORKERS ?= 2
# the conda environment of environment.yml holds the same packages and needs no .venv
ifeq ($(CONDA_DEFAULT_ENV),ml-pipelines)
PY := python
endif
# Python without the user's settings of it; the rest of the surroundings is sorted out by the kit itself
KIT := $(PY) -E -s -X utf8 -m workshop
CHECKED := $(PY) -E -s workshop/surroundings.py run $(PY)

.PHONY: help
help:  ## List the commands
	@echo 'Usage: make COMMAND [ARGS="..."]'
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-12s %s\n", $$1, $$2 }' Makefile
	@echo 'The first command sets up .venv; after that no network is needed.'

.PHONY: setup
setup:  ## Make .venv from requirements.lock
ifeq ($(PY),python)
	@$(PY) -E -s -c 'import shutil, sysconfig; shutil.copy("workshop/startup.pth", sysconfig.get_path("purelib"))'
else
	@sh workshop/setup.sh $(firstword $(MAKECMDGOALS))
endif

.PHONY: run
run: setup  ## Run the pipeline with every engine and compare (ARGS="--lessons": all lessons; ARGS="--help")
	@$(KIT) run $(ARGS)

.PHONY: style
style: setup
	@$(CHECKED) -m ruff check .
	@$(CHECKED) -m ruff format --check .
	@$(CHECKED) -m mypy

.PHONY: test
test: style  ## Check everything: style, types, notebooks, engines (ARGS=--all: also the lessons proved before)
	@$(PY) -E -s -m pytest -n $(WORKERS) $(ARGS)

FAST := $(addprefix tests/test_,build.py command_line.py environment.py figures.py front_door.py instructor_guide.py lecture_points.py measured.py mutants.py params_file.py places.py proofs.py quiz.py results.py rooms.py) \
	$(addprefix sample_project/tests/test_,bts.py features.py model.py params.py structure.py)

.PHONY: test-fast
test-fast: style  ## Check style, types, code, notebooks and both languages, without engines and browser: 90 seconds
	@$(PY) -E -s -m pytest -n $(WORKERS) -m 'not engine and not browser and not slow' $(FAST) $(ARGS)

.PHONY: mutants
mutants: setup  ## Try mutants of the solutions on the checks (ARGS="--lesson 04"; ARGS="--help")
	@$(KIT) mutants $(ARGS)

.PHONY: lab
lab: setup  ## Open JupyterLab at the start page (ARGS="--lang en")
	@$(KIT) lab $(ARGS)

.PHONY: build
build: setup  ## Build the notebooks from lessons/
	@$(KIT) build $(ARGS)

.PHONY: grade
grade: setup  ## Grade submitted exercises: make grade SUBMISSIONS=folder (see docs/grading.md)
	@$(KIT) grade $(if $(SUBMISSIONS),"$$SUBMISSIONS") $(ARGS)

.PHONY: quiz
quiz: setup  ## Check the questions and export them for Moodle into build/quiz (ARGS="--lang ru")
	@$(KIT) quiz export $(ARGS)

.PHONY: slides
slides: setup  ## Build the lecture's slides, HTML and PDF, from the last run (ARGS="--lang ru --no-pdf")
	@$(KIT) slides $(ARGS)

.PHONY: site
site: setup  ## Build the site into site/build: lessons, slides, guide; no network needed to read it
	@$(KIT) site $(ARGS)

.PHONY: bench
bench: setup  ## Measure engines and memory into bench/ (about half an hour)
	@$(KIT) bench $(ARGS)

.PHONY: ui-airflow
ui-airflow: setup  ## Start Airflow with its UI on this machine only; Ctrl-C stops it
	@$(KIT) ui airflow $(ARGS)

.PHONY: ui-prefect
ui-prefect: setup  ## Start Prefect with its UI on this machine only; Ctrl-C stops it
	@$(KIT) ui prefect $(ARGS)

.PHONY: doctor
doctor:  ## Say what is missing on this machine and how to mend it (ARGS="--lang en")
	@$(or $(PYTHON),python3) -E -s workshop/doctor.py $(ARGS)

OPTIONS := --quiet --universal --generate-hashes --python-version 3.11 --no-header
# the project's own locks: the versions of the kit's, of fewer packages
LOCK := ../.venv/bin/python -E -s ../workshop/surroundings.py setup ../.venv/bin/uv pip compile $(OPTIONS)

.PHONY: lock
lock: setup  ## Resolve pyproject.toml into requirements.lock anew (ARGS=--upgrade: newest versions)
	@.venv/bin/python -E -s workshop/surroundings.py setup .venv/bin/uv pip compile $(OPTIONS) pyproject.toml -o requirements.lock $(ARGS)
	@cd sample_project && $(LOCK) --all-extras -c ../requirements.lock pyproject.toml -o requirements.lock
	@cd sample_project && $(LOCK) --extra kubeflow -c requirements.lock pyproject.toml -o requirements-image.lock

.PHONY: clean
clean:  ## Remove runs/, work/, what was built from them and proofs, keep .venv and your solutions in work/exercises
	rm -rf .proved runs bench/work build slides/build site/build
	@[ ! -d work ] || find work -mindepth 1 -maxdepth 1 ! -name exercises -exec rm -rf {} +
