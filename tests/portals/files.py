"""What the portals' downloads hold: small tables of invented figures, in the format their link promises."""

from __future__ import annotations

import csv
import io
import json
import random
import struct
import zipfile
from datetime import date
from xml.sax.saxutils import escape

from portals.dirt import Hand
from portals.governments import NOTICE, Government
from portals.records import File, Record, records

ROWS = 24
CENTRE = {
    "14": (20.67, -103.35),
    "19": (25.67, -100.31),
    "21": (19.04, -98.2),
    "31": (20.97, -89.62),
    "30": (19.54, -96.91),
}
Table = tuple[list[str], list[list[str]]]


def files(government: Government, as_of: date) -> dict[str, tuple[Record, File]]:
    """The portal's files by their path, those with a broken link too."""
    return {
        file.path: (record, file)
        for position, record in enumerate(records(government, as_of))
        for file in Hand(government, record, position).files()
    }


def content(government: Government, record: Record, file: File) -> bytes:
    """The bytes of one file; the same each time."""
    table = _table(government, record, file)
    return {
        "CSV": _csv,
        "JSON": _json,
        "XLSX": _xlsx,
        "PDF": _pdf,
        "GEOJSON": _geojson,
        "SHP": _shapefile,
    }[file.format](table)


def dictionary(record: Record) -> bytes:
    """The data dictionary of a record's tables: a row for each column."""
    rows = []
    for column in record.columns:
        name, _, values = column.partition("=")
        kind = {"#": "entero", "$": "decimal (pesos)", "%": "porcentaje"}.get(name[-1], "texto")
        described = f"Uno de: {', '.join(values.split('/'))}." if values else f"Valor de {name.rstrip('#$%')}."
        rows.append([name.rstrip("#$%"), kind, described])
    return _csv((["campo", "tipo", "descripcion"], rows))


def _table(government: Government, record: Record, file: File) -> Table:
    chance = random.Random(file.id)
    header = [column.partition("=")[0].rstrip("#$%") for column in record.columns]
    return header, [
        [_cell(column, row, government, file, chance) for column in record.columns] for row in range(1, ROWS + 1)
    ]


def _cell(column: str, row: int, government: Government, file: File, chance: random.Random) -> str:
    if "=" in column:
        return chance.choice(column.partition("=")[2].split("/"))
    latitude, longitude = CENTRE[government.cvegeo[:2]]
    simple = {
        "anio": str(file.modified.year),
        "mes": str((row - 1) % 12 + 1),
        "fecha": file.modified.replace(day=(row - 1) % 28 + 1).isoformat(),
        "lugar": government.places[row % len(government.places)],
        "latitud": f"{latitude + chance.uniform(-0.1, 0.1):.5f}",
        "longitud": f"{longitude + chance.uniform(-0.1, 0.1):.5f}",
    }
    if column in simple:
        return simple[column]
    if column.endswith("$"):
        return f"{chance.uniform(1_000, 900_000):.2f}"
    if column.endswith("%"):
        return f"{chance.uniform(5, 100):.1f}"
    if column.endswith("#"):
        return str(chance.randrange(1, 900))
    return f"{government.acronym}-{row:04d}"


def _csv(table: Table) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(table[0])
    writer.writerows(table[1])
    return text.getvalue().encode("utf-8")


def _json(table: Table) -> bytes:
    rows = [dict(zip(table[0], row, strict=True)) for row in table[1]]
    return json.dumps({"aviso": NOTICE, "datos": rows}, ensure_ascii=False, indent=1).encode("utf-8")


def _points(table: Table) -> list[tuple[float, float, dict[str, str]]]:
    rows = [dict(zip(table[0], row, strict=True)) for row in table[1]]
    return [(float(row.pop("longitud")), float(row.pop("latitud")), row) for row in rows]


def _geojson(table: Table) -> bytes:
    features = [
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [x, y]}, "properties": row}
        for x, y, row in _points(table)
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False).encode("utf-8")


def _zip(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            # A fixed moment: the same file must have the same bytes tomorrow.
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), data)
    return out.getvalue()


def _xlsx(table: Table) -> bytes:
    def cell(text: str) -> str:
        return f'<c t="inlineStr"><is><t>{escape(text)}</t></is></c>'

    rows = "".join(f"<row>{''.join(map(cell, row))}</row>" for row in [table[0], *table[1]])
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    package = "http://schemas.openxmlformats.org/package/2006"
    sheet_type = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    xml = '<?xml version="1.0" encoding="UTF-8"?>'
    parts = {
        "[Content_Types].xml": f'{xml}<Types xmlns="{package}/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{sheet_type}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{sheet_type}.worksheet+xml"/></Types>',
        "_rels/.rels": f'{xml}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{xml}<workbook xmlns="{main}" xmlns:r="{office}">'
        '<sheets><sheet name="datos" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{xml}<Relationships xmlns="{package}/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
        "xl/worksheets/sheet1.xml": f'{xml}<worksheet xmlns="{main}"><sheetData>{rows}</sheetData></worksheet>',
    }
    return _zip({name: text.encode("utf-8") for name, text in parts.items()})


def _pdf(table: Table) -> bytes:
    lines = [NOTICE, "  ".join(table[0]), *("  ".join(row) for row in table[1])]
    escaped = (line.replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)") for line in lines)
    drawn = "BT /F1 10 Tf 50 780 Td 14 TL " + " ".join(f"({line}) Tj T*" for line in escaped) + " ET"
    stream = drawn.encode("cp1252", "replace")
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    out = io.BytesIO()
    out.write(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(bodies, 1):
        offsets.append(out.tell())
        out.write(b"%d 0 obj\n%s\nendobj\n" % (number, body))
    start = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(bodies) + 1))
    out.writelines(b"%010d 00000 n \n" % offset for offset in offsets)
    out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(bodies) + 1, start))
    return out.getvalue()


def _shapefile(table: Table) -> bytes:
    """Points in the three files a reader needs (ESRI Shapefile Technical Description, July 1998)."""
    points = _points(table)
    xs, ys = [x for x, _, _ in points], [y for _, y, _ in points]
    box = struct.pack("<8d", min(xs), min(ys), max(xs), max(ys), 0, 0, 0, 0)

    def head(words: int) -> bytes:
        return struct.pack(">7i", 9994, 0, 0, 0, 0, 0, words) + struct.pack("<2i", 1000, 1) + box

    # Lengths are counted in words of two bytes: a point's content is 10 of them, with its head 14.
    shapes = b"".join(
        struct.pack(">2i", number, 10) + struct.pack("<i2d", 1, x, y) for number, (x, y, _) in enumerate(points, 1)
    )
    index = b"".join(struct.pack(">2i", 50 + 14 * number, 10) for number in range(len(points)))
    names = [name for name in table[0] if name not in ("latitud", "longitud")]
    width = 60
    attributes = struct.pack("<4BIHH20x", 3, 126, 1, 1, len(points), 33 + 32 * len(names), 1 + width * len(names))
    for name in names:
        attributes += struct.pack("<11sc4xBB14x", name[:10].encode("ascii"), b"C", width, 0)
    attributes += b"\r"
    for _, _, row in points:
        attributes += b" " + b"".join(row[name].encode("utf-8")[:width].ljust(width) for name in names)
    return _zip(
        {
            "datos.shp": head(50 + 14 * len(points)) + shapes,
            "datos.shx": head(50 + 4 * len(points)) + index,
            "datos.dbf": attributes + b"\x1a",
            "datos.cpg": b"UTF-8",
        }
    )
