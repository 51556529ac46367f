# Two commands: `make demo` runs the main job on sample data, `make test` installs what the tests need and runs them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo
SERVERS ?= none
# what does not wait for each other: to install the servers, and the checks that need none
MAKEFLAGS += --jobs=2

.PHONY: demo demo-folders demo-real test docs bench soak lint installed servers clean
.DELETE_ON_ERROR:

$(VENV)/run.stamp: requirements/run.txt requirements/build.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements/run.txt -r requirements/build.txt
	$(BIN)/pip install -q --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/test.stamp: requirements/test.txt $(VENV)/run.stamp
	$(BIN)/pip install -q --require-hashes -r requirements/test.txt
	touch $@

ifeq ($(SERVERS),real)
demo: demo-real
else
demo: demo-folders
endif

demo-folders: $(VENV)/run.stamp
	@rm -rf $(DEMO) && mkdir $(DEMO)
	@$(BIN)/python fixtures/stores.py $(DEMO)/data
	@echo "== One pass: the FHIR folder and the DICOM folder come in step"
	cd $(DEMO) && ../$(BIN)/fhir-dicom sync --once
	@echo "== A second pass"
	cd $(DEMO) && ../$(BIN)/fhir-dicom sync --once
	@echo "== What crossed from FHIR, document by document"
	$(BIN)/fhir-dicom convert fixtures/fhir --to dicom -o $(DEMO)/converted --report $(DEMO)/to-dicom.json
	@echo "== What crossed from DICOM, and what came back"
	$(BIN)/fhir-dicom convert fixtures/dicom $(DEMO)/converted --to fhir -o $(DEMO)/converted --report $(DEMO)/to-fhir.json
	@echo "== Look at $(DEMO)/data/fhir (resources), $(DEMO)/data/dicom (SR), $(DEMO)/converted, and the two reports"

demo-real: installed $(VENV)/test.stamp
	$(BIN)/python -m tests.servers.demo

installed:
	bash tests/judges/install.sh
	bash tests/servers/install.sh

servers: installed $(VENV)/test.stamp
	exec $(BIN)/python -m tests.servers

lint: $(VENV)/test.stamp
	$(BIN)/ruff check bridge tests benchmarks fixtures deploy
	$(BIN)/ruff format --check -q bridge tests benchmarks fixtures deploy
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/bandit -q -ll -ii -r bridge

docs: $(VENV)/test.stamp
	$(BIN)/mkdocs build --strict -q -d .cache/site

# three at once on two cores: half of what tests do is to wait for a server, or for another process
test: installed $(VENV)/test.stamp lint docs
	$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder

bench: installed $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.translation
	$(BIN)/python -m benchmarks.sync
	$(BIN)/python -m benchmarks.workers
	$(BIN)/python -m benchmarks.delay
	$(BIN)/python -m benchmarks.ledger

soak: installed $(VENV)/test.stamp
	$(BIN)/python -m tests.trials.soak

clean:
	rm -rf $(VENV) $(DEMO) .cache build dist *.egg-info tests/servers/hapi/target
