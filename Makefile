PYTHON := .venv/bin/python

.PHONY: demo test lint install

demo: install  ## train on drawn figures for some minutes, then cut people out
	$(PYTHON) scripts/demo.py

test: install  ## the whole suite, slow tests included
	$(PYTHON) -m pytest -m "slow or not slow" --numprocesses 2 --dist loadfile --durations 10

lint: install
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
