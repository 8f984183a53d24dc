# Todo se hace desde aquí: `make` sin más dice qué hay. Los mismos objetivos corren en CI.
PYTHON ?= python3
export PORT ?=
# De cuántos conjuntos y cuáles mediciones / how many datasets, which benchmarks.
SIZE ?=
ONLY ?=
export PYTHONPATH := $(CURDIR)/docker
# El intérprete del entorno virtual, para los objetivos que trabajan sobre el código.
INSTALLATIONS := $(or $(MXOPENDATA_INSTALLATIONS),$(MXOPENDATA_HOME),.local)
BIN := $(INSTALLATIONS)/venv/bin
LOCAL := $(PYTHON) -m local
PACKAGE := ckanext-mxopendata/ckanext/mxopendata
CATALOGUES := $(PACKAGE)/i18n
DOMAIN := ckanext-mxopendata
UNIT_ONLY := -p no:ckan -p no:ckan_fixtures

.DEFAULT_GOAL := help
.PHONY: help python up demo seed bench bench-page stop clean install test lint fmt types unit integration metadata operators e2e faults guest wheel removal i18n docs pictures pins upgrade-fixture

help: ## Esta ayuda / this help
	@awk 'BEGIN {FS = ":.*## "} /^[a-z0-9 -]+:.*## / {gsub(/ /, "|", $$1); printf "  make %-12s %s\n", $$1, $$2}' \
	  $(MAKEFILE_LIST) | sed 's/|/ | /g'
	@echo
	@echo "  PORT=5001              otro puerto para el sitio / another port for the site (5000)"
	@echo "  MXOPENDATA_HOME=…      dónde vive la instalación / where the installation lives (.local)"
	@echo "  CKAN_SQLALCHEMY_URL, CKAN_SOLR_URL, CKAN_REDIS_URL"
	@echo "                         servidores que ya existen / servers that exist already"

python:
	@command -v $(PYTHON) >/dev/null || { \
	  echo "✘ Falta Python 3.10 o más nuevo: apt-get install python3 python3-venv" >&2; \
	  echo "  Python 3.10 or newer is missing: apt-get install python3 python3-venv" >&2; exit 2; }

up: python ## Servicios y un CKAN vacío con la suite / services and an empty CKAN with the suite
	@$(LOCAL) up

demo: python ## Un portal con datos: cosecha, exporta y mide / a portal with data: harvest, export, figures
	@$(LOCAL) demo

seed: python ## make seed SIZE=1000: conjuntos generados, solo para medir / generated datasets, for benchmarks only
	@$(LOCAL) seed $(SIZE)

bench: python ## Mide lo nuestro y lo de serie: build/bench.json / measure ours and stock (ONLY=name, SIZE=n)
	@$(LOCAL) bench $(ONLY) $(SIZE)

bench-page: ## docs/benchmarks.md de build/bench.json / docs/benchmarks.md from build/bench.json
	@PYTHONPATH=tests $(BIN)/python -m benchmarks.report $(or $(MXOPENDATA_BUILD),build)/bench.json docs/benchmarks.md

stop: python ## Detiene todo lo que se inició aquí / end every process started here
	@$(LOCAL) stop

clean: python ## Detiene y borra la instalación y lo construido / stop, then remove the installation and build products
	@$(LOCAL) clean

install: python ## Solo el entorno virtual y Solr / only the virtual environment and Solr
	@$(LOCAL) install

test: python ## Todas las pruebas; no deja nada corriendo / every test; leaves nothing running
	@$(LOCAL) test

lint types unit integration metadata operators e2e faults guest wheel removal: install ## Una sola línea de pruebas / one lane of the tests
	@$(LOCAL) lane $@

i18n: install ## Extrae las frases, actualiza y compila el catálogo en español / extract, update and compile the catalogue
	@mkdir -p build $(CATALOGUES)/es/LC_MESSAGES
	@$(BIN)/pybabel -q extract -F babel.cfg --no-location --sort-output -w 120 -o build/$(DOMAIN).pot $(PACKAGE)
	@test -e $(CATALOGUES)/es/LC_MESSAGES/$(DOMAIN).po || \
	  $(BIN)/pybabel -q init -i build/$(DOMAIN).pot -d $(CATALOGUES) -D $(DOMAIN) -l es
	@$(BIN)/pybabel -q update -i build/$(DOMAIN).pot -d $(CATALOGUES) -D $(DOMAIN) -l es --no-fuzzy-matching --ignore-obsolete -w 120
	@$(BIN)/pybabel -q compile -d $(CATALOGUES) -D $(DOMAIN) -l es
	@$(BIN)/python -m pytest -q $(UNIT_ONLY) tests/unit/front_door/test_translations.py

docs: install ## Escribe las páginas que salen del código / write the pages that are made from the code
	@$(BIN)/python docs/generate.py

pictures: install ## Las imágenes de docs/, de la demostración en marcha / the pictures of docs/, of the running demonstration
	@PYTHONPATH=tests $(BIN)/python -m e2e.pictures

fmt: install ## Da formato al código / format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

pins: python ## Vuelve a fijar las versiones probadas / pin the tested versions again
	@$(LOCAL) pins

upgrade-fixture: python ## Muestra de las tablas de esta versión, para probar actualizaciones / this version's tables, to test upgrades
	@$(LOCAL) upgrade-fixture
