"""Names of the RDF vocabularies that an export speaks, as terms made once.

Terms are pyoxigraph's: the whole-catalogue file is where speed and memory matter, its IRIs are checked when they are
made, its serialisers write a stream. The pages of ckanext-dcat, 100 datasets at most, get them converted to rdflib.
"""

from __future__ import annotations

from pyoxigraph import NamedNode


class Namespace:
    """A vocabulary whose terms are attributes or items: ``DCT.title``, ``DCT["format"]``."""

    def __init__(self, base: str) -> None:
        self.base = base

    def __getitem__(self, name: str) -> NamedNode:
        return NamedNode(self.base + name)

    def __getattr__(self, name: str) -> NamedNode:
        if name.startswith("__"):
            raise AttributeError(name)
        node = self[name]
        # Called only for what is not there yet: the next time it is an ordinary attribute.
        setattr(self, name, node)
        return node


RDF = Namespace("http://www.w3.org/1999/02/22-rdf-syntax-ns#")
RDFS = Namespace("http://www.w3.org/2000/01/rdf-schema#")
XSD = Namespace("http://www.w3.org/2001/XMLSchema#")
OWL = Namespace("http://www.w3.org/2002/07/owl#")
SKOS = Namespace("http://www.w3.org/2004/02/skos/core#")
DCAT = Namespace("http://www.w3.org/ns/dcat#")
DCT = Namespace("http://purl.org/dc/terms/")
DCATAP = Namespace("http://data.europa.eu/r5r/")
FOAF = Namespace("http://xmlns.com/foaf/0.1/")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
ADMS = Namespace("http://www.w3.org/ns/adms#")
PROV = Namespace("http://www.w3.org/ns/prov#")
ORG = Namespace("http://www.w3.org/ns/org#")
LOCN = Namespace("http://www.w3.org/ns/locn#")
GEOSPARQL = Namespace("http://www.opengis.net/ont/geosparql#")
SPDX = Namespace("http://spdx.org/rdf/terms#")
ELI = Namespace("http://data.europa.eu/eli/ontology#")
DQV = Namespace("http://www.w3.org/ns/dqv#")
CNT = Namespace("http://www.w3.org/2011/content#")
CSVW = Namespace("http://www.w3.org/ns/csvw#")
HYDRA = Namespace("http://www.w3.org/ns/hydra/core#")

TYPE = RDF.type
IANA_MEDIA_TYPES = "https://www.iana.org/assignments/media-types/"
EU_AUTHORITY = "http://publications.europa.eu/resource/authority/"

PREFIXES: dict[str, str] = {
    "rdf": RDF.base,
    "rdfs": RDFS.base,
    "xsd": XSD.base,
    "owl": OWL.base,
    "skos": SKOS.base,
    "dcat": DCAT.base,
    "dct": DCT.base,
    "dcatap": DCATAP.base,
    "foaf": FOAF.base,
    "vcard": VCARD.base,
    "adms": ADMS.base,
    "prov": PROV.base,
    "org": ORG.base,
    "locn": LOCN.base,
    "geosparql": GEOSPARQL.base,
    "spdx": SPDX.base,
    "eli": ELI.base,
    "dqv": DQV.base,
    "cnt": CNT.base,
    "csvw": CSVW.base,
    "hydra": HYDRA.base,
}
