# `make read` shows a whole contactless read; `make test` checks everything.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

TEST_PACKAGES := pcscd vsmartcard-vpcd opensc tshark libeac3 libmrtd0 chromium postgresql gcc libc6-dev swig \
	libpcsclite-dev pkg-config python3-dev python3-venv

.PHONY: read test bench clean

read: $(VENV)/.installed
	@$(BIN)/eidrig read

test: $(VENV)/.tox-installed
	@sh .ci/system-packages $(TEST_PACKAGES)
	@$(BIN)/tox run

bench: $(VENV)/.tox-installed
	@$(BIN)/tox run -e bench

$(VENV)/bin/python:
	@$(PYTHON) -m venv $(VENV) 2>/dev/null || { \
		sh .ci/system-packages python3-venv && $(PYTHON) -m venv --clear $(VENV); }

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	@echo "installing eidrig into $(VENV)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tox-installed: $(VENV)/bin/python
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "tox>=4.23"
	@touch $@

clean:
	rm -rf $(VENV) .tox build dist .coverage .hypothesis .mypy_cache .ruff_cache
