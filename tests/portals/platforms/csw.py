"""A catalogue service for the web: ISO 19139 in pages, asked by POST or GET."""

from __future__ import annotations

from typing import ClassVar
from xml.sax.saxutils import escape

from lxml import etree

from portals.platforms.base import NOT_FOUND, Answer, Plain, PlatformPortal, Query

NAMESPACES = (
    'xmlns:csw="http://www.opengis.net/cat/csw/2.0.2" xmlns:gmd="http://www.isotc211.org/2005/gmd"'
    ' xmlns:gco="http://www.isotc211.org/2005/gco"'
)
PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n'


class CswPortal(PlatformPortal):
    """GeoNetwork's manners; a broken record is not well-formed.

    Attributes:
        refuses: kinds of question it answers with an exception report: ``sort``, ``post``, ``gmd:MD_Metadata``.
    """

    source_type: ClassVar[str] = "mx_csw"
    # Each record is a tree of fifty elements: 20,000 of them take the reader minutes.
    many: ClassVar[int] = 1800
    path: ClassVar[str] = "/csw"

    def __init__(self, records: list[Plain]) -> None:
        super().__init__(records)
        self.refuses: set[str] = set()

    @property
    def address(self) -> str:
        """The service's."""
        return f"{self.base}{self.path}"

    def respond(self, method: str, path: str, query: Query, body: bytes) -> Answer:
        """See :meth:`PlatformPortal.respond`."""
        if path != self.path:
            return NOT_FOUND
        if query.get("request") == ["GetCapabilities"]:
            return self.xml(f'{PROLOG}<csw:Capabilities {NAMESPACES} version="2.0.2"></csw:Capabilities>')
        if method == "POST" and "post" not in self.refuses:
            asked = etree.fromstring(body)
            question = asked.find("{*}Query")
            start, most = int(asked.get("startPosition")), int(asked.get("maxRecords"))
            type_name, is_sorted = question.get("typeNames"), question.find("{*}SortBy") is not None
        elif method == "GET" and query.get("request") == ["GetRecords"]:
            start, most = int(query["startPosition"][0]), int(query["maxRecords"][0])
            type_name, is_sorted = query["typeNames"][0], "sortBy" in query
        else:
            return self._exception("OperationNotSupported", method)
        if type_name in self.refuses or (is_sorted and "sort" in self.refuses):
            return self._exception("InvalidParameterValue", type_name)
        return self.page(start, min(most, self.page_size))

    def page(self, start: int, size: int) -> Answer:
        """The records from a place on, which is counted from 1."""
        total, shown = len(self.records), self.records[start - 1 : start - 1 + size]
        if total and start > total:
            return self._exception("InvalidParameterValue", "startPosition")
        following = start + len(shown)
        return self.xml(
            f"{PROLOG}<csw:GetRecordsResponse {NAMESPACES}><csw:SearchStatus/>"
            f'<csw:SearchResults numberOfRecordsMatched="{total}" numberOfRecordsReturned="{len(shown)}"'
            f' elementSet="full" nextRecord="{following if following <= total else 0}">'
            f"{''.join(self.record(record) for record in shown)}</csw:SearchResults></csw:GetRecordsResponse>"
        )

    def xml(self, text: str) -> Answer:
        """An XML answer in this portal's encoding, whatever its declaration says."""
        return Answer(200, "application/xml", text.encode(self.encoding, errors="replace"))

    def record(self, record: Plain) -> str:
        """One record of ISO 19139."""
        title = "Calles & avenidas <sin cerrar>" if record.broken else escape(record.title)
        keywords = "".join(f"<gmd:keyword>{_text(keyword)}</gmd:keyword>" for keyword in record.keywords)
        return f"""
<gmd:MD_Metadata>
 <gmd:fileIdentifier>{_text(record.identifier)}</gmd:fileIdentifier>
 <gmd:language><gmd:LanguageCode codeList="" codeListValue="spa"/></gmd:language>
 <gmd:hierarchyLevel><gmd:MD_ScopeCode codeList="" codeListValue="dataset"/></gmd:hierarchyLevel>
 <gmd:dateStamp><gco:Date>{record.modified}</gco:Date></gmd:dateStamp>
 <gmd:identificationInfo><gmd:MD_DataIdentification>
  <gmd:citation><gmd:CI_Citation>
   <gmd:title><gco:CharacterString>{title}</gco:CharacterString></gmd:title>
  </gmd:CI_Citation></gmd:citation>
  <gmd:abstract>{_text(record.description)}</gmd:abstract>
  <gmd:descriptiveKeywords><gmd:MD_Keywords>{keywords}</gmd:MD_Keywords></gmd:descriptiveKeywords>
 </gmd:MD_DataIdentification></gmd:identificationInfo>
 <gmd:distributionInfo><gmd:MD_Distribution><gmd:transferOptions><gmd:MD_DigitalTransferOptions>
  <gmd:onLine><gmd:CI_OnlineResource>
   <gmd:linkage><gmd:URL>{escape(record.file_url)}</gmd:URL></gmd:linkage>
   <gmd:protocol>{_text("WWW:DOWNLOAD-1.0-http--download")}</gmd:protocol>
   <gmd:name>{_text("Archivo")}</gmd:name>
  </gmd:CI_OnlineResource></gmd:onLine>
 </gmd:MD_DigitalTransferOptions></gmd:transferOptions></gmd:MD_Distribution></gmd:distributionInfo>
</gmd:MD_Metadata>"""

    def _exception(self, code: str, locator: str) -> Answer:
        return self.xml(
            f'{PROLOG}<ows:ExceptionReport xmlns:ows="http://www.opengis.net/ows" version="1.0.0">'
            f'<ows:Exception exceptionCode="{code}" locator="{escape(locator)}"><ows:ExceptionText>No se puede'
            f" ({escape(locator)})</ows:ExceptionText></ows:Exception></ows:ExceptionReport>"
        )


def _text(words: str) -> str:
    return f"<gco:CharacterString>{escape(words)}</gco:CharacterString>"
