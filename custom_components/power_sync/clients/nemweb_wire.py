"""The tables of AEMO's public files into prices of one region.

First cell: ``C`` comment, ``I`` the columns of a table, ``D`` data. Columns are found
by name, because versions move them. Rows of other regions are ignored; one broken row
of the region spoils the file.
"""

from collections.abc import Iterator, Sequence
import csv
from datetime import datetime
import re

from .errors import InvalidDataError
from .nem_prices import Prices, add, dollars, interval_start
from .nemweb_files import Report

_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_LAST_LINE = ("C", "END OF REPORT")
_NOT_INTERVENED = "0"
_INTERVENED = "1"

type _Columns = dict[str, int]


def parse_tables(tables: bytes, report: Report, region: str) -> Prices:
    """Return the prices of a region in a file.

    Of an interval in which the operator intervened, the price counts that would have
    been without. Raises InvalidDataError naming table, row and column, or if the file
    is cut short or lacks the region.
    """
    prices: dict[datetime, float] = {}
    for row, columns, where in _rows(tables, report):
        cells = {name: row[index].strip() for name, index in columns.items()}
        if cells["REGIONID"] != region:
            continue
        if report.marked:
            mark = cells["INTERVENTION"]
            if mark not in {_NOT_INTERVENED, _INTERVENED}:
                raise InvalidDataError(f"{where} INTERVENTION is unknown")
            if mark == _INTERVENED:
                continue
        start = interval_start(
            cells[report.stamp], report.length, f"{where} {report.stamp}"
        )
        add(prices, start, dollars(_number(cells["RRP"], where), f"{where} RRP"))
    if not prices:
        raise InvalidDataError(f"{report.name} lacks {region}")
    return prices


def _rows(tables: bytes, report: Report) -> Iterator[tuple[list[str], _Columns, str]]:
    """Yield the data of a report's table with its columns and how errors call it.

    Other tables are most of a file: their lines are not even taken apart.
    """
    lines = tables.strip().split(b"\n")
    if tuple(_cells(lines[-1])[:2]) != _LAST_LINE:
        raise InvalidDataError(f"{report.name} is cut short")
    table = ",".join(report.table)
    header, data = f"I,{table},".encode(), f"D,{table},".encode()
    columns: _Columns | None = None
    width = 0
    for index, line in enumerate(lines):
        where = f"{report.name} line {index + 1}"
        if line.startswith(header):
            names = _cells(line)
            columns, width = _columns(names, report), len(names)
        elif line.startswith(data):
            row = _cells(line)
            if columns is None:
                raise InvalidDataError(f"{where} has no columns")
            # A cell that is missing moves all that follow it under a wrong name.
            if len(row) < width or any(row[width:]):
                raise InvalidDataError(f"{where} does not fit its columns")
            yield row, columns, where


def _cells(line: bytes) -> list[str]:
    """Take a line apart."""
    try:
        return next(csv.reader([line.decode("utf-8", "replace")]), [])
    except csv.Error:
        raise InvalidDataError("a NEMWEB file is not a CSV") from None


def _columns(names: Sequence[str], report: Report) -> _Columns:
    """Return where the columns are that are needed."""
    wanted = ["REGIONID", "RRP", report.stamp]
    if report.marked:
        wanted.append("INTERVENTION")
    for name in wanted:
        if names.count(name) != 1:
            raise InvalidDataError(f"{report.name} lacks the column {name}")
    return {name: names.index(name) for name in wanted}


def _number(cell: str, where: str) -> float:
    """Read a price; Python would take more for a number than AEMO writes."""
    if _NUMBER.fullmatch(cell) is None:
        raise InvalidDataError(f"{where} RRP is not a number")
    return float(cell)
