# 城暖: every command that a person needs. `make` alone prints the list.
# Settings (see .env.example) may be given in the environment or behind `make run`: make run PORT=9000 DATA_DIR=/srv/chengnuan
# (make hands both on to what it starts).

SHELL := /bin/sh
.DEFAULT_GOAL := help
ROOT := $(CURDIR)
VENV := $(ROOT)/.venv
PY := $(VENV)/bin/python
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11 python3.14; do command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null && { echo $$p; break; }; done)
PIP := $(PY) -m pip install --quiet --disable-pip-version-check --no-input --require-hashes
# Compiled kernels are kept beside the installation: the second start does not compile again.
export NUMBA_CACHE_DIR ?= $(VENV)/numba-cache
export FLASK_APP := wsgi.py

.PHONY: help setup setup-test setup-bench setup-load run test test-long check bench bench-growth load spec lock clean

help: ## 列出全部命令
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.runtime ## 准备虚拟环境（run 会自动调用）

setup-test: $(VENV)/.test

setup-bench: $(VENV)/.bench

setup-load: $(VENV)/.load

$(VENV)/.base: requirements-build.lock
	@test -n "$(PYTHON)" || { echo "没有找到 Python 3.11 到 3.14，请先安装，或用 make run PYTHON=/路径/python3.11 指定。" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) 太旧或不能用，需要 Python 3.11 到 3.14。" >&2; exit 1; }
	@echo "[1/2] 准备虚拟环境（$(PYTHON)）…"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "虚拟环境没有建成：磁盘可能已满，或者系统缺少 venv 组件（Debian/Ubuntu 上请执行 apt install python3-venv）。" >&2; exit 1; }
	@$(PIP) -r requirements-build.lock
	@touch $@

$(VENV)/.runtime: $(VENV)/.base requirements.lock
	@echo "[2/2] 安装依赖（按锁定的版本和校验和，第一次约一分钟）…"
	@$(PIP) --no-build-isolation -r requirements.lock || { echo "依赖没有装成：请检查网络和磁盘空间，然后再执行一次同样的命令。" >&2; exit 1; }
	@touch $@

$(VENV)/.test: $(VENV)/.runtime requirements-test.lock
	@echo "安装测试用的依赖（含真实的 PostgreSQL 和 Valkey）…"
	@$(PIP) --no-build-isolation -r requirements-test.lock || { echo "依赖没有装成：请检查网络和磁盘空间，然后再执行一次同样的命令。" >&2; exit 1; }
	@touch $@

$(VENV)/.bench: $(VENV)/.runtime requirements-bench.lock
	@echo "安装测速用的对照方法（tantivy、DuckDB、polars、bm25s、PostgreSQL）和画图工具…"
	@$(PIP) --no-build-isolation -r requirements-bench.lock || { echo "依赖没有装成：请检查网络和磁盘空间，然后再执行一次同样的命令。" >&2; exit 1; }
	@touch $@

$(VENV)/.load: $(VENV)/.runtime requirements-load.lock
	@echo "安装压测用的依赖（locust、真实的 PostgreSQL 和 Valkey）…"
	@$(PIP) --no-build-isolation -r requirements-load.lock || { echo "依赖没有装成：请检查网络和磁盘空间，然后再执行一次同样的命令。" >&2; exit 1; }
	@touch $@

run: setup ## 安装并启动全部服务，打印访问地址（Ctrl-C 结束）
	@exec $(PY) -m service.supervisor

test: setup-test ## 日常的全部测试（两核约 9 分钟）
	@$(PY) -m pytest -n 3 --dist worksteal -m "not long"

test-long: setup-test ## 长时间的故障、模糊和大数据测试（两核约 25 分钟）
	@$(PY) -m pytest -n 3 --dist worksteal -m long --timeout 600

check: setup-test ## 代码检查：格式、类型、导入方向、接口文档、数据库迁移
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m service.openapi --check
	@$(PY) -m service.migrations.run --check

bench: setup-bench ## 匹配引擎的速度（10 万个岗位），旁边是各种对照方法、边写边查和发布到可见的时间
	@$(PY) -m matching.bench --jobs 100000 --peers --merging --visible

bench-growth: setup-bench ## 从一万到一千万个岗位各测一遍，结果存入 docs/benchmarks，并重写表和图（约两小时）
	@for n in 10000 100000 1000000; do $(PY) -m matching.bench --jobs $$n --peers --merging --save --folder var/bench/$$n >/dev/null || exit 1; done
	@$(PY) -m matching.bench --jobs 10000000 --peers numpy_blocks,tantivy,tantivy_cells --merging --save --folder var/bench/10000000 >/dev/null
	@$(PY) -m matching.bench --plot

load: setup-load ## 整个服务在混合访问下的速度（100 万个岗位，本机回环；JOBS= SECONDS= DATABASE=sqlite 可改）
	@$(PY) -m load

spec: setup ## 重新生成 api_spec/openapi.json 和 docs/roles.md
	@$(PY) -m service.openapi

lock: ## 按 setup.cfg 重新锁定依赖版本（需要 uv）
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header setup.cfg -o requirements.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra test setup.cfg -o requirements-test.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra bench setup.cfg -o requirements-bench.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --extra load setup.cfg -o requirements-load.lock
	uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header requirements-build.in -o requirements-build.lock

clean: ## 删除虚拟环境和缓存（不删数据）
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
