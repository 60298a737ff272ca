PYTHON := .venv/bin/python

.PHONY: demo test test-long lint install

demo: install  ## train on drawn figures for some minutes, then cut people out
	$(PYTHON) scripts/demo.py

test: install  ## the suite, slow tests included
	$(PYTHON) -m pytest -m "not long" --numprocesses 2 --dist loadfile --durations 10

test-long: install  ## runs that are killed again and again
	$(PYTHON) -m pytest -m long

lint: install
	$(PYTHON) -m ruff check --no-cache .
	$(PYTHON) -m ruff format --check --no-cache .

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
