"""AEMO's public files: which a directory lists, and what is packed in one.

Source: <https://nemweb.com.au/Reports/Current/>. A listing is a web page with links;
a file is a zip with one CSV in it.
"""

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
import re
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
import zlib

from .errors import InvalidDataError
from .nem_prices import DISPATCH, HALF_HOUR

LARGEST_FILE = 8 * 2**20
"""Bytes of a page or zip; the largest in use are under one MiB."""
LARGEST_TABLES = 32 * 2**20
"""Bytes of what is in a zip: some MiB as a rule, and a Raspberry Pi must survive it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A kind of file, and where the prices in it are.

    ``table`` are the second and third cell of its rows, ``stamp`` is the column with
    the END of the interval, and ``marked`` says that rows tell whether the operator
    had intervened.
    """

    directory: str
    name: str
    table: tuple[str, str]
    stamp: str
    length: timedelta
    suffix: str = ""
    marked: bool = True


DISPATCHED = Report(
    directory="DispatchIS_Reports",
    name="DISPATCHIS",
    table=("DISPATCH", "PRICE"),
    stamp="SETTLEMENTDATE",
    length=DISPATCH,
)
"""One settled interval, listed 20 to 25 s after it begins."""

NEXT_HOUR = Report(
    directory="P5_Reports",
    name="P5MIN",
    table=("P5MIN", "REGIONSOLUTION"),
    stamp="INTERVAL_DATETIME",
    length=DISPATCH,
)
"""A forecast of twelve intervals, every five minutes."""

TO_THE_HORIZON = Report(
    directory="PredispatchIS_Reports",
    name="PREDISPATCHIS",
    table=("PREDISPATCH", "REGION_PRICES"),
    stamp="DATETIME",
    length=HALF_HOUR,
)
"""A forecast of half hours, every half hour."""

TO_THE_HORIZON_LEGACY = Report(
    directory="Predispatch_Reports",
    name="PREDISPATCH",
    table=("PDREGION", ""),
    stamp="PERIODID",
    length=HALF_HOUR,
    suffix="_LEGACY",
    marked=False,
)
"""The same forecast in the layout before."""


def newest(page: bytes, report: Report, count: int) -> list[str]:
    """Return the names of the newest files that a directory lists, newest first.

    Names tell the age, not their order on the page. Only the name of a link counts,
    so a page can lead nowhere else. Raises InvalidDataError if no link fits.
    """
    link = re.compile(
        rf'href="[^"]*?(public_{report.name}_(\d{{12}})_(\d{{1,20}})'
        rf'{report.suffix}\.zip)"',
        re.ASCII | re.IGNORECASE,
    )
    found = {
        (stamp, int(number), name)
        for name, stamp, number in link.findall(page.decode("utf-8", "replace"))
    }
    if not found:
        raise InvalidDataError(f"NEMWEB lists no {report.name} file")
    return [name for _, _, name in sorted(found, reverse=True)[:count]]


def unpack(packed: bytes) -> bytes:
    """Return the CSV in a zip; raises InvalidDataError if there is not just one.

    What is packed is read no further than ``LARGEST_TABLES``, whatever its size is
    said to be.
    """
    try:
        with ZipFile(BytesIO(packed)) as archive:
            entries = [
                entry
                for entry in archive.infolist()
                if entry.filename.lower().endswith(".csv")
            ]
            if len(entries) != 1:
                raise InvalidDataError("a NEMWEB file does not hold one CSV")
            if entries[0].compress_type not in {ZIP_STORED, ZIP_DEFLATED}:
                raise InvalidDataError("a NEMWEB file is packed in an unknown way")
            with archive.open(entries[0]) as file:
                tables = file.read(LARGEST_TABLES + 1)
    # What zipfile raises for bytes that are no archive, are cut short, or encrypted.
    except BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError:
        raise InvalidDataError("a NEMWEB file is not a zip") from None
    if len(tables) > LARGEST_TABLES:
        raise InvalidDataError("a NEMWEB file is far too large")
    return tables
