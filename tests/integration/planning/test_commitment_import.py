"""Plans, inventories and counts come in by command: nothing doubled, every date kept, every rejected row said."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from ckan import model
from ckan.tests import factories

from ckanext.mxopendata.cli import mxopendata
from ckanext.mxopendata.metadata.commitment_table import read_commitments
from ckanext.mxopendata.planning.commitment_model import Commitment, CommitmentDate, CommitmentTotal

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("clean_site")]

Run = Callable[..., tuple[int, dict[str, Any]]]
PLAN = "conjunto_datos,recurso_datos,fecha_publicacion\nRutas,Por día,{date}\nParadas,,2026-05\n"


@pytest.fixture(autouse=True)
def empty(clean_site: None) -> None:
    for table in (Commitment, CommitmentTotal):
        model.Session.execute(sa.delete(table))
    model.Session.commit()


NUMBERS = count()


@pytest.fixture
def office() -> dict[str, Any]:
    number = next(NUMBERS)
    return factories.Organization(title=f"Secretaría de Movilidad {number} (SMP{number})")


@pytest.fixture
def run(cli: Any, tmp_path: Path) -> Run:
    def run(content: str | bytes, *arguments: str, name: str = "plan.csv") -> tuple[int, dict[str, Any]]:
        file = tmp_path / name
        file.write_bytes(content if isinstance(content, bytes) else content.encode())
        result = cli.invoke(mxopendata, ["plan", "import", str(file), "--json", *arguments])
        assert result.exit_code in (0, 1, 2), result.output
        return result.exit_code, json.loads(result.stdout)

    return run


def counts(document: dict[str, Any]) -> tuple[int, ...]:
    return tuple(document[name] for name in ("rows", "created", "updated", "unchanged", "rejected"))


def stored(organization_id: str) -> dict[str, Any]:
    query = sa.select(Commitment).where(Commitment.organization_id == organization_id)
    return {f"{one.title}|{one.resource}": one for one in model.Session.execute(query).scalars()}


def history(one: Any) -> list[str | None]:
    query = sa.select(CommitmentDate.promised).where(CommitmentDate.commitment_id == one.id)
    return list(model.Session.execute(query.order_by(CommitmentDate.position)).scalars())


def test_importing_again_doubles_nothing_and_keeps_every_date(run: Run, office: dict[str, Any]):
    arguments = ("--institution", office["name"])
    assert counts(run(PLAN.format(date="2026-03-01"), *arguments, "--dry-run")[1]) == (2, 2, 0, 0, 0)
    assert stored(office["id"]) == {}
    assert counts(run(PLAN.format(date="2026-03-01"), *arguments)[1]) == (2, 2, 0, 0, 0)
    assert counts(run(PLAN.format(date="2026-03-01"), *arguments)[1]) == (2, 0, 0, 2, 0)
    code, moved = run(PLAN.format(date="2026-09"), *arguments, name="plan-v2.csv")
    assert (code, counts(moved)) == (0, (2, 0, 1, 1, 0))
    routes = stored(office["id"])["Rutas|Por día"]
    assert (routes.promised, str(routes.due_from), str(routes.due_on)) == ("2026-09", "2026-09-01", "2026-09-30")
    assert (routes.source_file, routes.source_row) == ("plan-v2.csv", 2)
    assert history(routes) == ["2026-03-01", "2026-09"]
    # A file without a date takes none back.
    assert counts(run(PLAN.format(date=""), *arguments)[1]) == (2, 0, 0, 2, 0)
    assert history(stored(office["id"])["Rutas|Por día"]) == ["2026-03-01", "2026-09"]


def test_duplicates_and_contradictions_are_said(run: Run, office: dict[str, Any]):
    text = PLAN.format(date="2026-03-01") + "RUTAS,por dia,2026-03-01\nRutas,Por día,2026-04-01\n,x,2026-01\n"
    code, document = run(text, "--institution", office["id"])
    assert (code, counts(document)) == (1, (5, 2, 0, 1, 2))
    said = {item["row"]: item["code"] for item in document["findings"]}
    assert said == {4: "commitment_twice", 5: "commitment_contradicts", 6: "commitment_without_title"}
    assert "renglón 2" in next(item["message"] for item in document["findings"] if item["row"] == 5)


def test_what_a_newer_file_leaves_out_stays_and_is_said(run: Run, office: dict[str, Any]):
    run(PLAN.format(date="2026-03-01"), "--institution", office["name"])
    _, document = run("conjunto_datos,fecha_publicacion\nParadas,2026-05\n", "--institution", office["name"])
    (said,) = document["findings"]
    assert (said["code"], said["value"], len(stored(office["id"]))) == ("commitment_left_out", office["name"], 2)


def test_an_inventory_and_a_plan_meet_in_one_line(run: Run, office: dict[str, Any]):
    inventory = (
        "Responsable;Nombre del conjunto;Nombre del recurso;¿Tiene datos privados?;Razón por la cual los datos son"
        " privados\nRH;Rutas;Por día;Privado;Ley 113\nRH;Paradas;;Público;\n"
    ).encode("latin-1")
    assert counts(run(inventory, "--institution", office["name"])[1]) == (2, 2, 0, 0, 0)
    assert counts(run(PLAN.format(date="2026-03-01"), "--institution", office["name"])[1]) == (2, 0, 2, 0, 0)
    routes = stored(office["id"])["Rutas|Por día"]
    assert (routes.access_level, routes.access_reason, routes.open_to_all) == ("non_public", "Ley 113", False)
    assert (routes.in_inventory, routes.in_plan, routes.promised) == (True, True, "2026-03-01")
    assert stored(office["id"])["Paradas|"].open_to_all


def test_institutions_of_a_file_with_many(run: Run, office: dict[str, Any]):
    title, _, acronym = office["title"].rstrip(")").partition(" (")
    text = f"dep,name,desc,date\n{acronym.lower()},A,a,2016-01-01\nNadie,B,b,2016-01-01\n{title.upper()},C,c,2016-02\n"
    code, document = run(text)
    assert (code, counts(document)) == (1, (3, 2, 0, 0, 1))
    assert [(item["code"], item["row"], item["value"]) for item in document["findings"]] == [
        ("commitment_institution_unknown", 3, "Nadie")
    ]
    other = factories.Organization()
    _, document = run(text, "--institution", other["name"])
    assert counts(document) == (3, 0, 0, 0, 3)
    assert Counter(item["code"] for item in document["findings"])["commitment_of_another"] == 2


def test_what_cannot_be_imported_ends_with_2(run: Run, cli: Any, tmp_path: Path):
    assert run("a,b\n1,2\n")[0] == 2
    assert run("ds:identifier,ds:title\na,b\n")[1]["findings"][0]["code"] == "commitment_table_is_catalogue"
    assert cli.invoke(mxopendata, ["plan", "import", str(tmp_path / "no.csv")]).exit_code == 2
    (tmp_path / "si.csv").write_text(PLAN.format(date=""), encoding="utf-8")
    assert cli.invoke(mxopendata, ["plan", "import", str(tmp_path / "si.csv"), "--institution", "no"]).exit_code == 2
    missing = cli.invoke(mxopendata, ["plan", "import", str(tmp_path / "si.csv")])
    assert (missing.exit_code, "--institution" in missing.stdout) == (1, True)


def test_counts_for_a_year(run: Run, office: dict[str, Any]):
    text = f',institucion,filas_en_plan\n0,"{office["title"]}",{{number}}\n'
    assert counts(run(text.format(number=0), name="conteo-2026.csv")[1]) == (1, 1, 0, 0, 0)
    assert counts(run(text.format(number=0), name="conteo-2026.csv")[1]) == (1, 0, 0, 1, 0)
    assert counts(run(text.format(number=7), name="conteo-2026.csv")[1]) == (1, 0, 1, 0, 0)
    total = model.Session.get(CommitmentTotal, (office["id"], 2026))
    assert (total.committed, stored(office["id"])) == (7, {})
    assert run(text.format(number=7))[1]["findings"][0]["code"] == "commitment_year_assumed"


def test_ten_thousand_lines(run: Run, office: dict[str, Any]):
    rows = "".join(f"Conjunto {number},,2026-01-{number % 28 + 1:02}\n" for number in range(10_000))
    text = "conjunto_datos,recurso_datos,fecha_publicacion\n" + rows
    assert counts(run(text, "--institution", office["name"])[1]) == (10_000, 10_000, 0, 0, 0)
    assert counts(run(text, "--institution", office["name"])[1]) == (10_000, 0, 0, 10_000, 0)


def _institutions(names: dict[str, str]) -> None:
    """Many institutions at once: address → title."""
    for name, title in names.items():
        model.Session.add(model.Group(name=name, title=title, type="organization", is_organization=True))
    model.Session.commit()


@pytest.mark.payloads
def test_the_plans_of_2016_twice(run: Run, shared: Path):
    content = (shared / "payloads/mx/adela-planes-apertura-2016.csv").read_bytes()
    named = {line.institution for line in read_commitments(content).lines}
    _institutions({name[:100]: name for name in named if name != "sener"})
    code, first = run(content, name="planes-2016.csv")
    assert (code, counts(first)[0], first["rejected"]) == (1, 2535, 141)
    assert (first["created"], first["unchanged"]) == (2392, 2)
    said = Counter(item["code"] for item in first["findings"] if item["severity"] == "error")
    assert said == {"commitment_institution_unknown": 140, "commitment_contradicts": 1}
    _, second = run(content, name="planes-2016.csv")
    assert (second["created"], second["updated"], second["rejected"]) == (0, 0, 141)


@pytest.mark.payloads
def test_the_counts_of_2026_keep_zeros(run: Run, shared: Path):
    content = (shared / "payloads/mx/pnda-planes-apertura-conteo-2026.csv").read_bytes()
    titles = [total.institution for total in read_commitments(content).totals]
    _institutions({f"conteo-{number}": title for number, title in enumerate(titles)})
    code, document = run(content, name="conteo-2026.csv")
    assert (code, counts(document)) == (0, (149, 149, 0, 0, 0)), document["findings"]
    sums = model.Session.execute(sa.select(sa.func.sum(CommitmentTotal.committed))).scalar()
    zeros = sa.select(sa.func.count()).where(CommitmentTotal.committed == 0)
    assert (sums, model.Session.execute(zeros).scalar()) == (1592, 4)
    assert model.Session.execute(sa.select(sa.func.count()).select_from(Commitment)).scalar() == 0
