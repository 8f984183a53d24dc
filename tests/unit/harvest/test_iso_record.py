"""What is read of a record of ISO 19139, and where it goes."""

from __future__ import annotations

from typing import Any

import pytest

from ckanext.mxopendata.harvest.connectors.csw import CswConnector
from ckanext.mxopendata.harvest.connectors.iso_record import to_dataset
from ckanext.mxopendata.metadata.mapping import MappedRecord, MappingSettings, map_record
from portals import iso19139 as iso


def read(**parts: str) -> dict[str, Any]:
    return to_dataset(iso.element(iso.record(**parts)))


def mapped(**parts: str) -> MappedRecord:
    return map_record(read(**parts), CswConnector.shape, MappingSettings(cvegeo="14"))


def codes(result: MappedRecord) -> set[str]:
    return {finding.code for finding in result.findings}


def test_a_uuid_is_the_same_with_and_without_its_scheme():
    assert read()["identifier"] == "0f5b2a3e-1c7d-4f0a-9b1e-2d3c4b5a6978"
    assert read(identifier=iso.text("0f5b2a3e-1c7d-4f0a-9b1e-2d3c4b5a6978")) == read()


def test_texts_may_be_anchors_or_in_several_languages():
    free = (
        "<gmd:PT_FreeText><gmd:textGroup><gmd:LocalisedCharacterString>Uso de suelo</gmd:LocalisedCharacterString>"
        "</gmd:textGroup></gmd:PT_FreeText>"
    )
    for title in (iso.anchor("Uso de suelo", "https://x.gob.mx/1"), free, iso.text("Uso de suelo") + free):
        assert read(title=title)["title"] == "Uso de suelo"
    assert read(identifier=iso.anchor("abc-1", "https://x.gob.mx/abc-1"))["identifier"] == "abc-1"


def test_dates_are_taken_by_their_kind_and_read_by_the_mapping():
    dates = iso.dated("2010", "creation") + iso.dated("15/08/2013", "publication") + iso.dated("2025-05-02", "revision")
    found = mapped(dates=dates).dataset
    assert (found["issued"], found["modified"]) == ("2013-08-15", "2025-05-02")
    assert mapped(dates=iso.dated("2010", "creation")).dataset["issued"] == "2010"
    assert mapped().dataset["modified"] == "2026-03-02T09:00:00"


@pytest.mark.parametrize(
    ("written", "term"),
    [
        ("continual", "realtime"), ("daily", "R/P1D"), ("weekly", "R/P1W"), ("fortnightly", "R/P2W"),
        ("monthly", "R/P1M"), ("quarterly", "R/P3M"), ("biannually", "R/P6M"), ("annually", "R/P1Y"),
        ("asNeeded", "irregular"), ("irregular", "irregular"), ("unknown", None),
    ],
)  # fmt: skip
def test_the_frequencies_of_the_standard(written, term):
    about = (
        "<gmd:resourceMaintenance><gmd:MD_MaintenanceInformation><gmd:maintenanceAndUpdateFrequency>"
        f"{iso.code('MD_MaintenanceFrequencyCode', written)}</gmd:maintenanceAndUpdateFrequency>"
        "</gmd:MD_MaintenanceInformation></gmd:resourceMaintenance>"
    )
    result = mapped(about=about)
    assert result.dataset.get("frequency") == term
    assert "frequency_unknown" not in codes(result)


@pytest.mark.parametrize(
    "topic",
    [
        "farming", "biota", "boundaries", "climatologyMeteorologyAtmosphere", "economy", "elevation", "environment",
        "geoscientificInformation", "health", "imageryBaseMapsEarthCover", "intelligenceMilitary", "inlandWaters",
        "location", "oceans", "planningCadastre", "society", "structure", "transportation", "utilitiesCommunication",
    ],
)  # fmt: skip
def test_every_topic_category_is_a_theme(topic):
    about = f"<gmd:topicCategory><gmd:MD_TopicCategoryCode>{topic}</gmd:MD_TopicCategoryCode></gmd:topicCategory>"
    result = mapped(about=about)
    assert len(result.dataset["theme"]) == 1
    assert "theme_unknown" not in codes(result)


def test_an_institution_is_named_rather_than_a_person():
    about = "".join(
        f"<gmd:pointOfContact>{someone}</gmd:pointOfContact>"
        for someone in (
            iso.party("Dirección de Catastro", "owner", "Ana Ruiz", "catastro@x.gob.mx", "Titular"),
            iso.party("", "pointOfContact", "Luis Soto", "luis@x.gob.mx"),
            iso.party("Dirección de Catastro", "publisher", "", "catastro@x.gob.mx", "Titular"),
        )
    )
    found = mapped(about=about).dataset
    assert found["contact"] == [
        {"name": "Luis Soto", "email": "luis@x.gob.mx"},
        {"name": "Dirección de Catastro", "position": "Titular", "email": "catastro@x.gob.mx"},
    ]
    assert found["creator"] == [{"name": "Dirección de Catastro"}]


def test_places_are_names_and_rectangles():
    place = (
        f"<gmd:descriptiveKeywords><gmd:MD_Keywords><gmd:keyword>{iso.text('Jalisco')}</gmd:keyword>"
        f"<gmd:type>{iso.code('MD_KeywordTypeCode', 'place')}</gmd:type></gmd:MD_Keywords></gmd:descriptiveKeywords>"
    )
    boxes = iso.box("-105.7", "-101.5", "18.9", "22.7") + iso.box("-103.5", "-103.2", "20.5", "20.8")
    found = mapped(about=f"{place}<gmd:extent><gmd:EX_Extent>{boxes}</gmd:EX_Extent></gmd:extent>").dataset
    assert [place.get("cvegeo") for place in found["spatial_coverage"]] == ["14", None, None]
    assert all("-10" in place["bbox"] for place in found["spatial_coverage"][1:])
    assert "tags" not in found or not found["tags"]


@pytest.mark.parametrize(
    "sides",
    [
        ("18.9", "22.7", "-105.7", "-101.5"),  # latitude for longitude
        ("-101.5", "-105.7", "18.9", "22.7"),  # east for west
        ("-105.7", "-101.5", "22.7", "18.9"),  # north for south
        ("-105,7", "-101,5", "18,9", "22,7"),  # decimal commas
    ],
)
def test_sides_in_the_place_of_others_are_mended(sides):
    spatial = read(about=f"<gmd:extent><gmd:EX_Extent>{iso.box(*sides)}</gmd:EX_Extent></gmd:extent>")["spatial"]
    assert spatial == ["-105.7,18.9,-101.5,22.7"]


def test_a_rectangle_that_nobody_can_mend_is_reported():
    about = f"<gmd:extent><gmd:EX_Extent>{iso.box('500', '600', '18', '22')}</gmd:EX_Extent></gmd:extent>"
    assert "bbox_impossible" in codes(mapped(about=about))


def test_a_period_may_have_no_end():
    periods = (
        '<gml:TimePeriod gml:id="a"><gml:beginPosition>2010-01-01</gml:beginPosition>'
        '<gml:endPosition indeterminatePosition="now"/></gml:TimePeriod>',
        '<gml:TimeInstant gml:id="b"><gml:timePosition>2015</gml:timePosition></gml:TimeInstant>',
    )
    about = "".join(
        "<gmd:extent><gmd:EX_Extent><gmd:temporalElement><gmd:EX_TemporalExtent><gmd:extent>"
        f"{period}</gmd:extent></gmd:EX_TemporalExtent></gmd:temporalElement></gmd:EX_Extent></gmd:extent>"
        for period in periods
    )
    assert mapped(about=about).dataset["temporal_coverage"] == [
        {"start": "2010-01-01"},
        {"start": "2015", "end": "2015"},
    ]


@pytest.mark.parametrize(
    "use",
    [
        iso.legal(use="license", other=iso.anchor("CC BY", "https://creativecommons.org/licenses/by/4.0/")),
        iso.legal(use="license", other=iso.text("Atribución (https://creativecommons.org/licenses/by/4.0/).")),
        iso.legal(use="otherRestrictions", other=iso.text("Creative Commons Attribution 4.0")),
        f"<gmd:resourceConstraints><gmd:MD_Constraints><gmd:useLimitation>{iso.text('CC BY 4.0')}</gmd:useLimitation>"
        "</gmd:MD_Constraints></gmd:resourceConstraints>",
    ],
)
def test_a_licence_stands_in_many_places(use):
    assert mapped(about=iso.legal(use="copyright", other=iso.text("Cite al autor")) + use).dataset["license_id"] == (
        "cc-by-4.0"
    )


def test_terms_that_are_no_licence_reach_the_reader():
    about = iso.legal(use="otherRestrictions", other=iso.text("Solo con permiso del municipio"))
    found = mapped(about=about, links=iso.online("https://x.gob.mx/a.zip", "WWW:DOWNLOAD-1.0-http--download"))
    assert found.dataset["resources"][0]["rights"] == "Solo con permiso del municipio"
    assert "licence_unknown" in codes(found)


def test_access_is_not_use():
    public = iso.legal(
        access="otherRestrictions",
        other=iso.anchor(
            "Sin limitaciones",
            "http://inspire.ec.europa.eu/metadata-codelist/LimitationsOnPublicAccess/noLimitations",
        ),
    )
    assert mapped(about=public).dataset["access_rights"] == "public"
    secret = iso.legal(access="confidential", other=iso.text("Seguridad pública"))
    found = mapped(about=secret).dataset
    assert (found["access_rights"], found["access_comment"]) == ("restricted", "Seguridad pública")
    classified = (
        "<gmd:resourceConstraints><gmd:MD_SecurityConstraints><gmd:classification>"
        f"{iso.code('MD_ClassificationCode', 'secret')}</gmd:classification></gmd:MD_SecurityConstraints>"
        "</gmd:resourceConstraints>"
    )
    assert mapped(about=classified).dataset["access_rights"] == "non_public"


def test_links_are_files_services_pages_and_explanations():
    identifier = "0f5b2a3e-1c7d-4f0a-9b1e-2d3c4b5a6978"
    mime = '<gmx:MimeFileType type="text/csv">padron.csv</gmx:MimeFileType>'
    links = (
        iso.online("https://x.gob.mx/geoserver/wms", "OGC:WMS-1.3.0-http-get-map", iso.text("uso_suelo"))
        + iso.online("https://x.gob.mx/geoserver/wfs", "OGC:WFS", iso.text("uso_suelo"))
        + iso.online("https://x.gob.mx/s?service=WCS&amp;request=GetCapabilities", "WWW:LINK-1.0-http--link")
        + iso.online("https://x.gob.mx/uso.zip", "WWW:DOWNLOAD-1.0-http--download", iso.text("Shapefile"))
        + iso.online("https://x.gob.mx/padron.csv", "WWW:DOWNLOAD-1.0-http--download", mime)
        + iso.online("https://x.gob.mx/visor", "WWW:LINK-1.0-http--link", iso.text("Visor"))
        + iso.online("https://x.gob.mx/diccionario.pdf", "WWW:LINK-1.0-http--link", function="information")
        + iso.online(f"https://x.gob.mx/geonetwork/srv/spa/catalog.search#/metadata/{identifier}", "WWW:LINK")
        + iso.online(f"https://x.gob.mx/csw?request=GetRecordById&amp;id={identifier}", "WWW:LINK")
    )
    found = mapped(links=links).dataset
    assert [
        (item["url"].rpartition("/")[2], item.get("format"), "download_url" in item) for item in found["resources"]
    ] == [
        ("wms", "WMS_SRVC", False),
        ("wfs", "WFS_SRVC", False),
        ("s?service=WCS&request=GetCapabilities", "WCS_SRVC", False),
        ("uso.zip", "ZIP", True),
        ("padron.csv", "CSV", True),
        ("visor", None, False),
    ]
    assert found["resources"][4]["name"] == "padron.csv"
    assert found["resources"][0]["conforms_to"] == ["http://www.opengis.net/def/serviceType/ogc/wms"]
    assert found["documentation"] == ["https://x.gob.mx/diccionario.pdf"]
    assert found["url"].endswith(identifier)


def test_what_has_no_field_is_named():
    rest = (
        "<gmd:dataQualityInfo><gmd:DQ_DataQuality><gmd:lineage><gmd:LI_Lineage><gmd:statement>"
        f"{iso.text('Digitalizado de planos')}</gmd:statement></gmd:LI_Lineage></gmd:lineage></gmd:DQ_DataQuality>"
        "</gmd:dataQualityInfo>"
    )
    about = (
        "<gmd:spatialResolution><gmd:MD_Resolution><gmd:equivalentScale><gmd:MD_RepresentativeFraction><gmd:denominator>"
        "<gco:Integer>50000</gco:Integer></gmd:denominator></gmd:MD_RepresentativeFraction></gmd:equivalentScale>"
        "</gmd:MD_Resolution></gmd:spatialResolution>"
    )
    assert read(about=about)["spatialResolution"] == ["1:50000"]
    left = next(finding for finding in mapped(rest=rest, about=about).findings if finding.code == "fields_left_out")
    assert left.value == "lineage, spatialResolution"


def test_reference_system_and_series():
    rest = (
        "<gmd:referenceSystemInfo><gmd:MD_ReferenceSystem><gmd:referenceSystemIdentifier><gmd:RS_Identifier><gmd:code>"
        f"{iso.text('EPSG:6372')}</gmd:code></gmd:RS_Identifier></gmd:referenceSystemIdentifier>"
        f"</gmd:MD_ReferenceSystem></gmd:referenceSystemInfo><gmd:parentIdentifier>{iso.text('urn:uuid:serie-1')}"
        "</gmd:parentIdentifier>"
    )
    found = mapped(rest=rest).dataset
    assert found["conforms_to"] == ["http://www.opengis.net/def/crs/EPSG/0/6372"]
    assert found["in_series"] == "serie-1"


def test_services_are_not_datasets():
    connector = CswConnector()
    assert connector.not_a_dataset(read(scope="service"))
    data = ("dataset", "series", "nonGeographicDataset")
    assert not any(connector.not_a_dataset(read(scope=scope)) for scope in data)
    described = iso.record().replace("gmd:MD_DataIdentification", "srv:SV_ServiceIdentification")
    service = described.replace("<gmd:MD_Metadata ", '<gmd:MD_Metadata xmlns:srv="http://www.isotc211.org/2005/srv" ')
    assert connector.not_a_dataset(to_dataset(iso.element(service)))
