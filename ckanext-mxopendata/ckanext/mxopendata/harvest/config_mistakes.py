"""What is wrong with a source's configuration, in the words of who wrote it, with what was probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from ckanext.mxopendata.metadata.crosswalk import fields_of
from ckanext.mxopendata.metadata.findings import Finding
from ckanext.mxopendata.metadata.names import slug
from ckanext.mxopendata.metadata.text import fold
from ckanext.mxopendata.metadata.vocabularies import vocabulary

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

# What people write → the key, where that is not merely a misspelling.
_KEYS = {
    "nombre": "name",
    "titulo": "title",
    "direccion": "url",
    "liga": "url",
    "tipo": "type",
    "plataforma": "type",
    "notas": "notes",
    "activa": "enabled",
    "encendida": "enabled",
    "habilitada": "enabled",
    "institucion": "institution",
    "dependencia": "institution",
    "organization": "institution",
    "organizacion": "institution",
    "frecuencia": "schedule",
    "frequency": "schedule",
    "programa": "schedule",
    "clave": "cvegeo",
    "cve ent": "cvegeo",
    "cve mun": "cvegeo",
    "licencia": "license",
    "licence": "license",
    "license id": "license",
    "fijos": "fixed",
    "campos": "field_map",
    "valores": "values",
    "incluir": "include",
    "excluir": "exclude",
    "ausencia": "absence",
    "siglas": "acronym",
    "orden de gobierno": "gov_type",
    "descripcion": "description",
}
# What people write → the value, whatever the key: no two keys have one in common.
_VALUES = {
    "geonetwork": "mx_csw",
    "pycsw": "mx_csw",
    "data json": "mx_datajson",
    "rdf": "mx_dcat",
    "hub": "mx_arcgis_hub",
    "arcgis": "mx_arcgis_server",
    "ods": "mx_opendatasoft",
    "huwise": "mx_opendatasoft",
    "diario": "DAILY",
    "diaria": "DAILY",
    "semanal": "WEEKLY",
    "quincenal": "BIWEEKLY",
    "mensual": "MONTHLY",
    "siempre": "ALWAYS",
    "archivar": "archive",
    "eliminar": "delete",
    "conservar": "keep",
    "alta": "high",
    "media": "medium",
    "baja": "low",
}
_TYPES = {
    "boolean": "true (sí) o false (no), sin comillas",
    "string": "un texto",
    "number": "un número",
    "integer": "un número entero",
    "object": "claves con su valor, una en cada renglón y con sangría",
    "array": "una lista",
}
_NAMED_BY_FIELD = ("defaults", "fixed", "field_map", "values")


def against(content: Any, rules: Mapping[str, Any]) -> list[Finding]:
    """What of a configuration a JSON Schema does not allow.

    Args:
        content: as JSON or YAML says it.
        rules: the schema.
    """
    # Here, since it takes longer to import than the rest of the room and few processes check a configuration.
    import jsonschema

    validator = jsonschema.Draft202012Validator(rules)
    errors = sorted(validator.iter_errors(content), key=lambda error: [str(step) for step in error.absolute_path])
    return [finding for error in errors for finding in _explain(error)]


def in_meaning(content: Mapping[str, Any]) -> list[Finding]:
    """What of a configuration is well-formed and means nothing: a licence, a place or a field that does not exist.

    Args:
        content: of a configuration file that its schema allows.
    """
    found = [*_licence(content.get("license")), *_place("cvegeo", content.get("cvegeo"))]
    institution = content.get("institution")
    if isinstance(institution, Mapping):
        found += _place("institution.cvegeo", institution.get("cvegeo"))
    for key in _NAMED_BY_FIELD:
        found += [finding for name in content.get(key) or {} for finding in _field(key, str(name))]
    return found


def _explain(error: ValidationError) -> Iterator[Finding]:
    place = ".".join(str(step) for step in error.absolute_path)
    expected: Any = error.validator_value
    if error.validator == "required" and isinstance(error.instance, Mapping):
        for key in expected:
            if key not in error.instance:
                yield Finding("config_key_missing", field=f"{place}.{key}".lstrip("."))
    elif error.validator == "additionalProperties" and isinstance(error.instance, Mapping):
        known = error.schema.get("properties", {}) if isinstance(error.schema, Mapping) else {}
        for key in error.instance:
            if key not in known:
                yield _unknown_key(f"{place}.{key}".lstrip("."), str(key), known)
    elif error.validator == "enum":
        yield _not_allowed(place, str(error.instance), [str(item) for item in expected])
    elif error.validator == "oneOf" and (inner := _of_its_kind(error)):
        for each in inner:
            yield from _explain(each)
    else:
        yield _wrong(error, place)


def _of_its_kind(error: ValidationError) -> list[ValidationError]:
    """The mistakes within the one of several forms that was meant: an object that should have been a text is none."""
    context = error.context or []
    others = {each.schema_path[0] for each in context if each.validator in {"type", "const"} and not each.path}
    inner = [each for each in context if each.schema_path[0] not in others]
    return inner if len({each.schema_path[0] for each in inner}) == 1 else []


def _unknown_key(place: str, key: str, known: Iterable[str]) -> Finding:
    names = sorted(known)
    near = _near(key, names, _KEYS)
    details = {"known": ", ".join(names)}
    if near:
        return Finding("config_key_misspelt", field=place, details={**details, "near": near})
    return Finding("config_key_unknown", field=place, details=details)


def _not_allowed(place: str, value: str, allowed: list[str]) -> Finding:
    near = _near(value, allowed, _VALUES) or _near(f"mx_{slug(value).replace('-', '_')}", allowed, {})
    if place.endswith("gov_type") and (term := vocabulary("orders_of_government").find(value)):
        near = term.id
    details = {"allowed": ", ".join(allowed)}
    if near:
        return Finding("config_value_misspelt", field=place, value=value, details={**details, "near": near})
    return Finding("config_value_not_allowed", field=place, value=value, details=details)


def _wrong(error: ValidationError, place: str) -> Finding:
    value = str(error.instance)
    expected: Any = error.validator_value
    rules = error.schema if isinstance(error.schema, Mapping) else {}
    key = place.rpartition(".")[2]
    if key == "cvegeo" and isinstance(error.instance, int):
        return Finding("config_number_for_text", field=place, value=value)
    if key == "name" and error.validator == "pattern" and (near := slug(value)):
        return Finding("config_name_wrong", field=place, value=value, details={"near": near})
    if key in {"url", "portal", "portal_url"} and error.validator == "pattern":
        address = value.strip()
        if "://" not in address and "." in address and " " not in address:
            return Finding("config_address_wrong", field=place, value=value, details={"near": f"https://{address}"})
    rule = rules.get("description") or ""
    if error.validator == "type":
        kinds = [expected] if isinstance(expected, str) else list(expected)
        rule = f"{' o '.join(_TYPES.get(kind, kind) for kind in kinds)}. {rule}".strip()
    return Finding(
        "config_value_wrong",
        field=place or None,
        value=value,
        details={"rule": rule or f"{error.validator}: {expected}"},
    )


def _licence(value: Any) -> Iterator[Finding]:
    licences = vocabulary("licences")
    if value is None or licences.find(value):
        return
    active = licences.active()
    spellings = {fold(text): term.id for term in active for text in (*term.aliases, term.label_es, term.id)}
    near = _near(str(value), list(spellings), {})
    details = {"allowed": ", ".join(term.id for term in active)}
    if near:
        found = {**details, "near": spellings[near]}
        yield Finding("config_value_misspelt", field="license", value=str(value), details=found)
    else:
        yield Finding("config_value_not_allowed", field="license", value=str(value), details=details)


def _place(field: str, value: Any) -> Iterator[Finding]:
    key = str(value or "")
    # A locality has nine digits; only its municipality is known here.
    if key and key[:5] not in vocabulary("states" if len(key) == 2 else "municipalities").terms:
        yield Finding("config_place_unknown", field=field, value=key)


def _field(key: str, name: str) -> Iterator[Finding]:
    known = {*fields_of("dataset"), *(fields_of("resource") if key in {"field_map", "values"} else ())}
    if name in known:
        return
    near = _near(name, sorted(known), {})
    place = f"{key}.{name}"
    if near:
        details = {"near": near, "known": ", ".join(sorted(known))}
        yield Finding("config_key_misspelt", field=place, details=details)
    else:
        yield Finding("config_field_unknown", field=place)


def _near(written: str, known: list[str], meant: Mapping[str, str]) -> str:
    """What somebody probably meant; empty where nothing is like it."""
    folded = fold(written)
    if meant.get(folded) in known:
        return meant[folded]
    by_form = {fold(name): name for name in known}
    close = get_close_matches(folded, list(by_form), 1, 0.7)
    return by_form[close[0]] if close else ""
