# The pipeline for GNU make: make -f flight_delays.mk -j 2
# A stage runs again when something it depends on is newer than what it left.
PYTHON ?= python
SHELL := /bin/sh
.DELETE_ON_ERROR:

# months, parts of the split and candidates are those of params.yaml
ASK = $(PYTHON) -c "from flight_delays.pipeline import Project; p = Project.load(); print(*$(1))"
MONTHS := $(shell $(call ASK,p.months))
TRAIN := $(shell $(call ASK,p.months_of('train')))
TEST := $(shell $(call ASK,p.months_of('test')))
CANDIDATES := $(shell $(call ASK,p.candidates))

STAGE = $(PYTHON) -m flight_delays
CODE = params.yaml flight_delays/columns.py flight_delays/stages/$(1).py
LEARN := $(TRAIN:%=data/prepared/train/%.parquet)
CHECK := $(TEST:%=data/prepared/test/%.parquet)
MODELS := $(CANDIDATES:%=models/%.skops)

.PHONY: all
all: reports/registered.json

$(MONTHS:%=data/raw/%/flights.parquet): data/raw/%/flights.parquet: $(call CODE,ingest)
	$(STAGE) ingest --month $*

data/validated/%.json data/validated/%.rejected.csv: data/raw/%/flights.parquet $(call CODE,validate)
	$(STAGE) validate --month $*

PREPARE = data/raw/%/flights.parquet data/validated/%.json data/validated/%.rejected.csv $(call CODE,prepare)
$(LEARN): data/prepared/train/%.parquet: $(PREPARE)
	$(STAGE) prepare --month $*
$(CHECK): data/prepared/test/%.parquet: $(PREPARE)
	$(STAGE) prepare --month $*

$(MODELS): models/%.skops: $(LEARN) flight_delays/model.py $(call CODE,train)
	$(STAGE) train --candidate $*

reports/metrics.json: $(CHECK) $(MODELS) flight_delays/model.py $(call CODE,evaluate)
	$(STAGE) evaluate

reports/decision.json: $(CHECK) reports/metrics.json $(call CODE,gate)
	$(STAGE) gate

reports/registered.json: $(LEARN) $(MODELS) reports/metrics.json reports/decision.json $(call CODE,register)
	$(STAGE) register

.SECONDARY:
