"""AEMO's public files: which there are, and what is in them."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from .faults import FaultKind
from .nem_market import NemMarket
from .nem_timetable import dispatch_file_at, hour_file_at, run_at
from .nemweb_tables import Table, TableWriter
from .price_faults import RowForm, damaged
from .prices import HALF_HOUR, INTERVAL, NEM

_KEPT = 86_400
"""Seconds for which a file is listed."""


@dataclass(frozen=True, slots=True)
class PublicFile:
    """A file of one directory: the run that begins at ``start`` (unix seconds)."""

    name: str
    start: int
    published_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """Files that follow each other in a directory."""

    report: str
    step: int
    published_at: Callable[[int, int], float]
    tables: Callable[[int], list[Table]]
    suffix: str = ""


class NemwebFiles:
    """The files of ``Reports/Current``; each is made when it is asked for."""

    def __init__(self, market: NemMarket, seed: int) -> None:
        """Prepare the directories."""
        tables = TableWriter(market, seed)
        self._seed = seed
        self._series: Mapping[str, _Series] = {
            "DispatchIS_Reports": _Series(
                report="DISPATCHIS",
                step=INTERVAL,
                published_at=dispatch_file_at,
                tables=tables.dispatch,
            ),
            "P5_Reports": _Series(
                report="P5MIN",
                step=INTERVAL,
                published_at=hour_file_at,
                tables=tables.hour,
            ),
            "PredispatchIS_Reports": _Series(
                report="PREDISPATCHIS",
                step=HALF_HOUR,
                published_at=run_at,
                tables=tables.predispatch,
            ),
            "Predispatch_Reports": _Series(
                report="PREDISPATCH",
                step=HALF_HOUR,
                published_at=run_at,
                tables=tables.legacy_predispatch,
                suffix="_LEGACY",
            ),
        }

    def directory(self, name: str) -> str | None:
        """Return the proper name of a directory, None if there is none."""
        return next((own for own in self._series if own.lower() == name.lower()), None)

    def step(self, directory: str) -> int:
        """Return how many seconds lie between two files of a directory."""
        return self._series[directory].step

    def listed(self, directory: str, now: float) -> list[PublicFile]:
        """Return what a directory lists, oldest first."""
        series = self._series[directory]
        last = int(now // series.step) * series.step
        files = []
        for start in range(last - _KEPT, last + series.step, series.step):
            published = series.published_at(self._seed, start)
            if published <= now:
                name = _name(series, start, published)
                files.append(PublicFile(name, start, published))
        return files

    def content(
        self, directory: str, file: PublicFile, damage: FaultKind | None = None
    ) -> bytes:
        """Return a file, with one kind of damage done to its prices if wanted."""
        tables = self._series[directory].tables(file.start)
        if damage is not None:
            for table in tables:
                if table.end:
                    form = RowForm(prices=("RRP",), end=table.end)
                    table.rows[:] = damaged(table.rows, damage, form)
        stem = file.name.removesuffix(".zip")
        lines = _lines(self._series[directory].report, file, tables)
        packed = BytesIO()
        with ZipFile(packed, "w", ZIP_DEFLATED) as archive:
            archive.writestr(f"{stem}.CSV", "\n".join(lines) + "\n")
        return packed.getvalue()


def _name(series: _Series, start: int, published: float) -> str:
    """Return a file's name: the END of its first interval, and what makes it unique."""
    end = datetime.fromtimestamp(start + series.step, NEM)
    if series.report == "DISPATCHIS":
        unique = f"{start // INTERVAL + 535_000_000:016d}"
    else:
        unique = f"{datetime.fromtimestamp(published, NEM):%Y%m%d%H%M%S}"
    return f"PUBLIC_{series.report}_{end:%Y%m%d%H%M}_{unique}{series.suffix}.zip"


def _lines(report: str, file: PublicFile, tables: Iterable[Table]) -> list[str]:
    # Written a few seconds before it is listed.
    made = datetime.fromtimestamp(file.published_at, NEM) - timedelta(seconds=5)
    number = f"{file.start // INTERVAL + 535_000_000:016d}"
    who = f"C,NEMP.WORLD,{report},AEMO,PUBLIC"
    lines = [f"{who},{made:%Y/%m/%d,%H:%M:%S},{number},{report},{number}"]
    for table in tables:
        head = f"{table.report},{table.name},{table.version}"
        lines.append(f"I,{head},{','.join(table.columns)}")
        lines += [
            f"D,{head},{','.join(_cell(row[name]) for name in table.columns)}"
            for row in table.rows
        ]
    return [*lines, f'C,"END OF REPORT",{len(lines) + 1}']


def _cell(value: object) -> str:
    """Return a value as the files have it: only what holds a space is quoted."""
    text = "" if value is None else str(value)
    return f'"{text}"' if " " in text else text
