"""The eight governments of the demonstration: three states and five municipalities of five states."""

from __future__ import annotations

from dataclasses import dataclass

NOTICE = "Datos de demostración generados por un programa: no son cifras oficiales."


@dataclass(frozen=True)
class Government:
    """A government, the protocol its portal speaks and the habits of the people who fill it.

    ``platform`` is ``ckan``, ``datajson`` (POD 1.1 at ``/data.json``) or ``adela`` (at ``/catalogo.json``); ``dates``
    names the order in which dates are written: ``iso``, ``dmy`` (15/08/2024), ``dmy-`` (15-08-2024), ``mdy`` (as DKAN
    writes them: "Jue, 08/15/2024 - 12:47") or ``month`` ("agosto 2024"); ``rows_max`` is the most a CKAN gives in one
    answer.
    """

    name: str
    title: str
    acronym: str
    gov_type: str
    cvegeo: str
    place: str
    of_place: str
    platform: str
    datasets: int
    dates: str
    configuration: str
    places: tuple[str, ...]
    encoding: str = "utf-8"
    rows_max: int = 1000

    @property
    def host(self) -> str:
        """Domain of the contact mailboxes: an example domain, nobody receives anything there."""
        return f"{self.name}.example.mx"

    @property
    def area_prefix(self) -> str:
        """States have secretariats, municipalities have directorates."""
        return "Secretaría de" if self.gov_type == "state" else "Dirección de"


GOVERNMENTS: tuple[Government, ...] = (
    Government(
        name="jalisco",
        title="Gobierno del Estado de Jalisco",
        acronym="GEJ",
        gov_type="state",
        cvegeo="14",
        place="Jalisco",
        of_place="de Jalisco",
        platform="ckan",
        datasets=60,
        dates="iso",
        configuration="jalisco/gobierno-del-estado.yaml",
        places=(
            "Guadalajara",
            "Zapopan",
            "San Pedro Tlaquepaque",
            "Tonalá",
            "Puerto Vallarta",
            "Tepatitlán de Morelos",
        ),
    ),
    Government(
        name="guadalajara",
        title="Gobierno Municipal de Guadalajara",
        acronym="GDL",
        gov_type="municipal",
        cvegeo="14039",
        place="Guadalajara",
        of_place="de Guadalajara",
        platform="datajson",
        datasets=35,
        dates="mdy",
        configuration="jalisco/guadalajara.yaml",
        places=("Centro", "Minerva", "Huentitán", "Oblatos", "Olímpica", "Tetlán", "Cruz del Sur"),
    ),
    Government(
        name="zapopan",
        title="Gobierno Municipal de Zapopan",
        acronym="ZPN",
        gov_type="municipal",
        cvegeo="14120",
        place="Zapopan",
        of_place="de Zapopan",
        platform="datajson",
        datasets=28,
        dates="dmy",
        configuration="jalisco/zapopan.yaml",
        places=("Centro", "Las Águilas", "Nuevo México", "Tesistán", "Santa Ana Tepetitlán", "Arenales Tapatíos"),
        encoding="utf-8-sig",
    ),
    Government(
        name="nuevo-leon",
        title="Gobierno del Estado de Nuevo León",
        acronym="GENL",
        gov_type="state",
        cvegeo="19",
        place="Nuevo León",
        of_place="de Nuevo León",
        platform="ckan",
        datasets=55,
        dates="dmy",
        configuration="nuevo-leon/gobierno-del-estado.yaml",
        places=("Monterrey", "Guadalupe", "Apodaca", "San Nicolás de los Garza", "General Escobedo", "Santa Catarina"),
        rows_max=25,
    ),
    Government(
        name="monterrey",
        title="Gobierno Municipal de Monterrey",
        acronym="MTY",
        gov_type="municipal",
        cvegeo="19039",
        place="Monterrey",
        of_place="de Monterrey",
        platform="ckan",
        datasets=35,
        dates="iso",
        configuration="nuevo-leon/monterrey.yaml",
        places=("Centro", "Cumbres", "Mitras", "Obispado", "Contry", "San Bernabé", "Independencia"),
    ),
    Government(
        name="puebla",
        title="Gobierno del Estado de Puebla",
        acronym="GEP",
        gov_type="state",
        cvegeo="21",
        place="Puebla",
        of_place="de Puebla",
        platform="ckan",
        datasets=45,
        dates="dmy-",
        configuration="puebla/gobierno-del-estado.yaml",
        places=("Puebla", "Tehuacán", "San Martín Texmelucan", "Atlixco", "San Pedro Cholula", "Teziutlán"),
    ),
    Government(
        name="merida",
        title="Ayuntamiento de Mérida",
        acronym="AMID",
        gov_type="municipal",
        cvegeo="31050",
        place="Mérida",
        of_place="de Mérida",
        platform="datajson",
        datasets=22,
        dates="month",
        configuration="yucatan/merida.yaml",
        places=("Centro", "Ciudad Caucel", "Francisco de Montejo", "Itzimná", "Cholul", "Chuburná de Hidalgo"),
        encoding="latin-1",
    ),
    Government(
        name="xalapa",
        title="Ayuntamiento de Xalapa",
        acronym="AXAL",
        gov_type="municipal",
        cvegeo="30087",
        place="Xalapa",
        of_place="de Xalapa",
        platform="adela",
        datasets=22,
        dates="iso",
        configuration="veracruz/xalapa.yaml",
        places=("Centro", "Las Ánimas", "Xalapa 2000", "El Sumidero", "Progreso Macuiltépetl", "Indeco"),
    ),
)


def government(name: str) -> Government:
    """The government of that name; ``KeyError`` names the ones there are."""
    for candidate in GOVERNMENTS:
        if candidate.name == name:
            return candidate
    raise KeyError(f"{name}: not one of {', '.join(known.name for known in GOVERNMENTS)}")
