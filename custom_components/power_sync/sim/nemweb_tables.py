"""The tables inside AEMO's public files."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from .nem_market import REGIONS, NemMarket
from .nem_timetable import horizon_end
from .noise import uniform
from .price_faults import Row
from .prices import HALF_HOUR, INTERVAL, NEM

_HOUR_STEPS = 12
_INTERVENED = 0.04
"""Share of the files in which the market operator has intervened."""
_PADDING = tuple(f"{name}{number}" for number in range(1, 9) for name in ("RRP", "EEP"))


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its three names, its columns in order, its rows.

    ``end`` names the column with the END of the interval that a price is for; it is
    empty in tables without prices.
    """

    report: str
    name: str
    version: str
    columns: tuple[str, ...]
    rows: list[Row]
    end: str = ""


class TableWriter:
    """Makes the tables of the run that begins at some moment (unix seconds)."""

    def __init__(self, market: NemMarket, seed: int) -> None:
        """Remember whose prices they hold."""
        self._market = market
        self._seed = seed

    def dispatch(self, start: int) -> list[Table]:
        """Return the settled prices of five minutes, and the demand."""
        end = start + INTERVAL
        common: Row = {
            "SETTLEMENTDATE": _stamp(end),
            "RUNNO": 1,
            "DISPATCHINTERVAL": _trading_number(end, INTERVAL, 3),
            "INTERVENTION": 0,
        }
        prices: list[Row] = [
            common
            | _price(self._market.spot(region, start))
            | {
                "REGIONID": region,
                "APCFLAG": 0,
                "MARKETSUSPENDEDFLAG": 0,
                "LASTCHANGED": _stamp(start + 9),
            }
            for region in REGIONS
        ]
        demands: list[Row] = [
            common
            | {
                "REGIONID": region,
                "TOTALDEMAND": self._market.demand(region, start),
                "AVAILABLEGENERATION": round(
                    self._market.demand(region, start) * 1.4, 2
                ),
            }
            for region in REGIONS
        ]
        return [
            Table(
                "DISPATCH",
                "PRICE",
                "5",
                (
                    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL"),
                    *("INTERVENTION", "RRP", "EEP", "ROP", "APCFLAG"),
                    *("MARKETSUSPENDEDFLAG", "LASTCHANGED"),
                ),
                self._intervened(prices, start),
                end="SETTLEMENTDATE",
            ),
            Table(
                "DISPATCH",
                "REGIONSUM",
                "9",
                (
                    *("SETTLEMENTDATE", "RUNNO", "REGIONID", "DISPATCHINTERVAL"),
                    *("INTERVENTION", "TOTALDEMAND", "AVAILABLEGENERATION"),
                ),
                demands,
            ),
        ]

    def hour(self, start: int) -> list[Table]:
        """Return the coming hour in twelve steps; the running one is settled."""
        run = _stamp(start + INTERVAL)
        rows: list[Row] = []
        for region in REGIONS:
            for step in range(_HOUR_STEPS):
                begin = start + step * INTERVAL
                rrp = (
                    self._market.forecast(region, begin, 5, start)
                    if step
                    else self._market.spot(region, start)
                )
                rows.append(
                    {
                        "RUN_DATETIME": run,
                        "INTERVENTION": 0,
                        "INTERVAL_DATETIME": _stamp(begin + INTERVAL),
                        "REGIONID": region,
                        "EXCESSGENERATION": 0,
                        "TOTALDEMAND": self._market.demand(region, begin),
                        "LASTCHANGED": _stamp(start + 12),
                    }
                    | _price(rrp)
                )
        solution: Row = {
            "RUN_DATETIME": run,
            "STARTINTERVAL_DATETIME": _trading_number(start + INTERVAL, INTERVAL, 3),
            "TOTALOBJECTIVE": -18220114.2,
        }
        return [
            Table("P5MIN", "CASESOLUTION", "2", tuple(solution), [solution]),
            Table(
                "P5MIN",
                "REGIONSOLUTION",
                "10",
                (
                    *("RUN_DATETIME", "INTERVENTION", "INTERVAL_DATETIME", "REGIONID"),
                    *("RRP", "ROP", "EXCESSGENERATION", "TOTALDEMAND", "LASTCHANGED"),
                ),
                self._intervened(rows, start),
                end="INTERVAL_DATETIME",
            ),
        ]

    def predispatch(self, start: int) -> list[Table]:
        """Return the half hours to the end of the last published trading day."""
        rows = [
            row
            | dict.fromkeys(_PADDING, 0)
            | {
                "PERIODID": f"{number:02d}",
                "INTERVENTION": 0,
                "LASTCHANGED": _stamp(start + 25),
                "DATETIME": end,
            }
            for number, end, row in self._half_hours(start)
        ]
        columns = (
            *("PREDISPATCHSEQNO", "RUNNO", "REGIONID", "PERIODID", "INTERVENTION"),
            *("RRP", "EEP", *_PADDING, "LASTCHANGED", "DATETIME"),
        )
        rows = self._intervened(rows, start)
        return [
            Table("PREDISPATCH", "REGION_PRICES", "2", columns, rows, end="DATETIME")
        ]

    def legacy_predispatch(self, start: int) -> list[Table]:
        """Return the same half hours in the old layout, with its made-up region."""
        rows = [row | {"PERIODID": end} for _, end, row in self._half_hours(start)]
        rows += [
            row | {"REGIONID": "NEM1", "RRP": 0, "EEP": 0}
            for row in rows
            if row["REGIONID"] == REGIONS[0]
        ]
        columns = (
            *("PREDISPATCHSEQNO", "RUNNO", "REGIONID", "PERIODID"),
            *("RRP", "EEP", "TOTALDEMAND"),
        )
        return [Table("PDREGION", "", "5", columns, rows, end="PERIODID")]

    def _half_hours(self, start: int) -> list[tuple[int, str, Row]]:
        """Return number and END of each half hour with what both layouts say of it."""
        sequence = _trading_number(start + HALF_HOUR, HALF_HOUR, 2)
        found = []
        for region in REGIONS:
            begins = range(start, horizon_end(start), HALF_HOUR)
            for number, begin in enumerate(begins, 1):
                row: Row = {
                    "PREDISPATCHSEQNO": sequence,
                    "RUNNO": 1,
                    "REGIONID": region,
                    "TOTALDEMAND": self._market.demand(region, begin),
                }
                row |= _price(self._market.forecast(region, begin, 30, start))
                found.append((number, _stamp(begin + HALF_HOUR), row))
        return found

    def _intervened(self, rows: list[Row], start: int) -> list[Row]:
        """Add, now and then, what an intervention of the operator really ran at.

        Such rows are marked; the price that counts is that of the row without.
        """
        if uniform(self._seed, 57, start) >= _INTERVENED:
            return rows
        return [
            shown
            for row in rows
            for shown in (
                row,
                row | {"INTERVENTION": 1, "RRP": round(row["RRP"] * 0.7 + 41, 5)},
            )
        ]


def _price(rrp: float) -> Row:
    return {"RRP": rrp, "EEP": 0, "ROP": rrp}


def _stamp(at: int) -> str:
    return f"{datetime.fromtimestamp(at, NEM):%Y/%m/%d %H:%M:%S}"


def _trading_number(end: int, step: int, digits: int) -> str:
    """Return the trading day and the number within it of an interval by its END.

    A trading day begins at 04:00 market time, so that 04:00 itself ends its last.
    """
    begin = datetime.fromtimestamp(end - step, NEM) - timedelta(hours=4)
    number = (begin.hour * 3600 + begin.minute * 60) // step + 1
    return f"{begin:%Y%m%d}{number:0{digits}d}"
