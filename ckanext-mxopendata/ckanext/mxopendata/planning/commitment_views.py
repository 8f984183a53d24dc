"""Pages of what institutions promised: the list, a promise with its whole history, and the matching with datasets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from flask import Blueprint
from werkzeug.wrappers import Response

import ckan.plugins.toolkit as tk

from ckanext.mxopendata.downloads import json_response, refuse_in_words, table_response
from ckanext.mxopendata.language import current_language
from ckanext.mxopendata.metadata.vocabularies import vocabulary
from ckanext.mxopendata.planning.commitments import STATUSES
from ckanext.mxopendata.planning.logic.commitments import MAXIMUM_PAGE, MAXIMUM_REASON

bp = Blueprint("mxopendata_commitments", __name__)
ON_A_PAGE = 50
# Word of the address → what the action takes.
_FILTERS = {
    "institucion": "institution",
    "entidad": "state",
    "estado": "status",
    "cuenta": "counted",
    "acceso": "access_level",
    "vence": "due",
    "reservados": "closed",
}
_COLUMNS = {
    "institucion": "institution",
    "nombre_institucion": "institution_title",
    "conjunto": "title",
    "recurso": "resource",
    "area": "area",
    "nivel_de_acceso": "access_level",
    "motivo": "access_reason",
    "fecha_prometida": "promised",
    "vence": "due_on",
    "situacion": "status",
    "a_tiempo": "timing",
    "publicado": "published_on",
    "conjunto_publicado": "dataset",
    "archivo": "source_file",
    "renglon": "source_row",
}


refuse_in_words(bp)


@bp.route("/compromisos", strict_slashes=False)
def index() -> str:
    """What institutions promised; filtered by the address."""
    page = _page()
    found = _act("mxopendata_commitment_list", **_filters(), offset=(page - 1) * ON_A_PAGE, limit=ON_A_PAGE)
    return tk.render(
        "mxopendata/planning/commitments.html",
        {
            "found": found,
            "page": page,
            "pages": math.ceil(found["count"] / ON_A_PAGE),
            "parameters": {word: tk.request.args[word] for word in _FILTERS if tk.request.args.get(word)},
            "states": [(term.id, term.label(current_language())) for term in vocabulary("states").active()],
            "statuses": STATUSES,
            "extensions": ("csv", "xlsx", "json"),
        },
    )


@bp.route("/compromisos.<any(csv,xlsx,json):extension>")
def index_file(extension: str) -> Response:
    """The same list as a file, all of it."""
    # The first page is read now, so that a wrong address is refused before the answer has begun.
    first = _act("mxopendata_commitment_list", **_filters(), limit=MAXIMUM_PAGE)
    if extension == "json":
        return json_response({**first, "results": list(_all(first))})
    rows = ([line[name] for name in _COLUMNS.values()] for line in _all(first))
    return table_response("compromisos", list(_COLUMNS), rows, extension, "compromisos")


@bp.route("/compromisos/<commitment_id>")
def commitment(commitment_id: str) -> str:
    """A promise: who, what, for when, every change of the date, and what came of it."""
    found = _act("mxopendata_commitment_show", id=commitment_id)
    may_change = tk.h.check_access("mxopendata_commitment_withdraw", {"id": commitment_id})
    shown = {"commitment": found, "may_change": may_change, "maximum": MAXIMUM_REASON}
    return tk.render("mxopendata/planning/commitment.html", shown)


@bp.route("/compromisos/<commitment_id>", methods=["POST"])
def change(commitment_id: str) -> Response:
    """Withdraw a promise with its reason, or promise it again."""
    if tk.request.form.get("decision") == "restore":
        _act("mxopendata_commitment_restore", id=commitment_id)
        tk.h.flash_success(tk._("It is promised again."))
    else:
        try:
            _act("mxopendata_commitment_withdraw", id=commitment_id, reason=tk.request.form.get("reason", ""))
            tk.h.flash_success(tk._("It was withdrawn; the page keeps saying so, and why."))
        except tk.ValidationError as error:
            tk.h.flash_error("; ".join(error.error_summary.values()))
    return tk.redirect_to("mxopendata_commitments.commitment", commitment_id=commitment_id)


@bp.route("/organization/<name>/coincidencias", methods=["GET"])
def matches(name: str) -> str:
    """Which datasets may keep the promises of an institution, for its administrators to decide."""
    proposed = _act("mxopendata_commitment_match_list", institution=name)
    page = _page()
    first = (page - 1) * ON_A_PAGE
    return tk.render(
        "mxopendata/planning/matches.html",
        {
            "group_dict": _act("organization_show", id=name),
            "group_type": "organization",
            "proposed": proposed[first : first + ON_A_PAGE],
            "count": len(proposed),
            "page": page,
            "pages": math.ceil(len(proposed) / ON_A_PAGE),
        },
    )


@bp.route("/organization/<name>/coincidencias", methods=["POST"])
def decide(name: str) -> Response:
    """Confirm or refuse one of them."""
    given = {"id": tk.request.form.get("commitment", ""), "dataset": tk.request.form.get("dataset", "")}
    if tk.request.form.get("decision") == "confirm":
        _act("mxopendata_commitment_match_confirm", **given)
        tk.h.flash_success(tk._("The dataset keeps the promise from now on."))
    else:
        _act("mxopendata_commitment_match_refuse", **given)
        tk.h.flash_success(tk._("The pair will not be proposed again."))
    return tk.redirect_to("mxopendata_commitments.matches", name=name)


def _all(first: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from first["results"]
    for offset in range(MAXIMUM_PAGE, first["count"], MAXIMUM_PAGE):
        yield from _act("mxopendata_commitment_list", **_filters(), offset=offset, limit=MAXIMUM_PAGE)["results"]


def _filters() -> dict[str, Any]:
    given = tk.request.args
    found: dict[str, Any] = {name: given[word] for word, name in _FILTERS.items() if given.get(word)}
    # Whatever the address says of it, the word is there.
    return {**found, "closed": True} if "closed" in found else found


def _page() -> int:
    text = tk.request.args.get("pagina", "")
    return max(1, int(text)) if text.isascii() and text.isdecimal() and len(text) < 7 else 1


def _act(action: str, **data_dict: Any) -> Any:
    return tk.get_action(action)({}, data_dict)
