# Two commands: `make demo` runs the main job on sample data, `make test` installs what the tests need and runs them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO := .demo

.PHONY: demo test docs bench lint judges clean
.DELETE_ON_ERROR:

$(VENV)/run.stamp: requirements/run.txt pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install -q --require-hashes -r requirements/run.txt
	$(BIN)/pip install -q --no-deps -e .
	touch $@

$(VENV)/test.stamp: requirements/test.txt $(VENV)/run.stamp
	$(BIN)/pip install -q --require-hashes -r requirements/test.txt
	touch $@

demo: $(VENV)/run.stamp
	rm -rf $(DEMO)
	@echo "== FHIR to DICOM: vital signs and laboratory values become Structured Reports"
	$(BIN)/fhir-dicom convert fixtures/fhir --to dicom -o $(DEMO)/dicom --report $(DEMO)/to-dicom.json
	@echo "== DICOM to FHIR: an ECG report becomes a Bundle, and those from above come back"
	$(BIN)/fhir-dicom convert fixtures/dicom $(DEMO)/dicom --to fhir -o $(DEMO)/fhir --report $(DEMO)/to-fhir.json
	@echo "== Look at $(DEMO)/dicom (SR), $(DEMO)/fhir (Bundles) and the reports $(DEMO)/to-dicom.json, to-fhir.json"

judges:
	bash tests/judges/install.sh

lint: $(VENV)/test.stamp
	$(BIN)/ruff check bridge tests benchmarks fixtures
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/test.stamp
	$(BIN)/mkdocs build --strict -q -d .cache/site

test: judges $(VENV)/test.stamp lint docs
	$(BIN)/python -m pytest -n 2 --dist loadfile

bench: $(VENV)/test.stamp
	$(BIN)/python -m benchmarks.translation

clean:
	rm -rf $(VENV) $(DEMO) .cache build dist *.egg-info
