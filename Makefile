PYTHON := .venv/bin/python

.PHONY: demo test test-long lowest coverage lint install chromium

demo: install  ## cut people out, teach the weights twenty drawings in two minutes, cut the same people out again
	$(PYTHON) scripts/demo.py

test: install chromium  ## the suite, slow tests included; in order of files, or the slowest would come last, beside an idle core
	$(PYTHON) -m pytest -m "not long" --numprocesses 2 --dist loadfile --no-loadscope-reorder --durations 10

test-long: install  ## runs that are killed again and again, whole trainings, and Ray clusters
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[dev,dev-bulk]'
	$(PYTHON) -m pytest -m long

LOWEST := .venv-lowest/bin/python
lowest:  ## the fast tests, in the lowest versions that pyproject.toml allows
	python3 -m venv .venv-lowest
	$(LOWEST) -m pip install --quiet uv
	.venv-lowest/bin/uv pip compile --quiet --resolution lowest-direct --extra dev --no-annotate --no-header --python $(LOWEST) pyproject.toml --output-file .venv-lowest/lowest.txt
	.venv-lowest/bin/uv pip install --quiet --constraint .venv-lowest/lowest.txt --python $(LOWEST) --editable '.[dev]'
	PATH="$(CURDIR)/.venv-lowest/bin:$$PATH" $(LOWEST) -m pytest

coverage:  ## make test, and then the lines that it never ran; counting them takes half as long again
	PYTEST_ADDOPTS=--cov $(MAKE) test

chromium:  ## the browser that the web page is tested in; without it those tests fail and say so
	@command -v chromium chromium-browser google-chrome >/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	else echo "No Chromium here: install it (apt-get install chromium), or the tests of the web page fail"; fi

lint: install
	$(PYTHON) -m ruff check --no-cache .
	$(PYTHON) -m ruff format --check --no-cache .
	$(PYTHON) -m mypy

install: .venv/installed

.venv/installed: pyproject.toml constraints.txt
	python3 -m venv .venv
	$(PYTHON) -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	touch $@
