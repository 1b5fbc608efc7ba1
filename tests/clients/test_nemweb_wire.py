"""AEMO's public files: listings, zips and tables, and what of them is refused."""

from io import BytesIO
from random import Random
from zipfile import ZIP_BZIP2, ZipFile

from hypothesis import given, strategies as st
import pytest

from custom_components.power_sync.clients import nemweb_files
from custom_components.power_sync.clients.errors import InvalidDataError
from custom_components.power_sync.clients.nem_prices import Prices, assemble
from custom_components.power_sync.clients.nemweb_files import (
    DISPATCHED,
    NEXT_HOUR,
    TO_THE_HORIZON,
    TO_THE_HORIZON_LEGACY,
    Report,
    newest,
    unpack,
)
from custom_components.power_sync.clients.nemweb_wire import parse_tables

from .nem_support import assert_points_well_formed, csv_sample, nem, zipped

SAMPLES = {
    "dispatchis": DISPATCHED,
    "p5min": NEXT_HOUR,
    "predispatchis": TO_THE_HORIZON,
    "predispatch_legacy": TO_THE_HORIZON_LEGACY,
}
TEXTS = {name: csv_sample(name) for name in SAMPLES}
every_sample = pytest.mark.parametrize("name", SAMPLES)

JUNK = [
    *(
        "",
        " ",
        "x",
        '"',
        "nan",
        "inf",
        "-inf",
        "1_000",
        "0x10",
        "99999",
        "-1e9",
        "\u0663",
    ),
    *("-", "9e9", "NEM1", "nsw1", "2026/11/20 16:07:00", "2026-11-20T16:05:00Z"),
]
"""What can stand in a cell; nothing of it is a price of the market."""


def parse(name: str, text: str, region: str = "NSW1") -> Prices:
    return parse_tables(text.encode(), SAMPLES[name], region)


def half_hours(first: str, *prices: float) -> dict[object, object]:
    """Return half hours of the sample's day from a time, at $/MWh."""
    start = nem(f"2026-11-20T{first}:00")
    return {
        start + index * TO_THE_HORIZON.length: pytest.approx(price / 1000)
        for index, price in enumerate(prices)
    }


# covers P-04
@pytest.mark.parametrize(
    ("region", "price"), [("NSW1", 0.09676914), ("SA1", -0.0184), ("VIC1", 0.0549)]
)
def test_dispatched(region: str, price: float) -> None:
    assert parse("dispatchis", TEXTS["dispatchis"], region) == {
        nem("2026-11-20T16:00:00"): pytest.approx(price)
    }


def test_next_hour() -> None:
    prices = parse("p5min", TEXTS["p5min"])

    assert len(prices) == 12
    assert prices[nem("2026-11-20T16:00:00")] == pytest.approx(0.09676914)
    assert prices[nem("2026-11-20T16:55:00")] == pytest.approx(0.1513)


def test_to_the_horizon() -> None:
    assert parse("predispatchis", TEXTS["predispatchis"], "SA1") == half_hours(
        "16:00", 12.4, 75.12, 310.2, 512.0, 9800.0, 180.3, 99.1, 80.0
    )


def test_legacy_layout() -> None:
    assert parse("predispatch_legacy", TEXTS["predispatch_legacy"]) == half_hours(
        "16:00", 104.2, 131.6, 188.4
    )


@every_sample
def test_region_that_is_missing_is_refused(name: str) -> None:
    text = TEXTS[name].replace("NSW1", "NSW2")

    with pytest.raises(InvalidDataError, match="lacks NSW1"):
        parse(name, text)


@every_sample
def test_columns_are_found_by_name(name: str) -> None:
    """Versions of a table differ in the order of its columns and add some."""
    table = ",".join(SAMPLES[name].table)
    lines = []
    for line in TEXTS[name].splitlines():
        kind, _, _ = line.partition(",")
        if kind in {"I", "D"} and line.startswith(f"{kind},{table},"):
            cells = line.split(",")
            more = ["NEW"] if kind == "I" else ["7"]
            lines.append(",".join([*cells[:3], "99", *more, *reversed(cells[4:])]))
        else:
            lines.append(line)

    assert parse(name, "\n".join(lines)) == parse(name, TEXTS[name])


@every_sample
@pytest.mark.parametrize("column", ["REGIONID", "RRP", "stamp"])
def test_missing_column_is_refused(name: str, column: str) -> None:
    wanted = SAMPLES[name].stamp if column == "stamp" else column
    text = TEXTS[name].replace(f",{wanted},", ",OTHER,").replace(f",{wanted}\n", ",X\n")

    with pytest.raises(InvalidDataError, match=f"lacks the column {wanted}"):
        parse(name, text)


@every_sample
def test_column_that_is_there_twice_is_refused(name: str) -> None:
    text = TEXTS[name].replace(",RRP,EEP", ",RRP,RRP").replace(",ROP,E", ",RRP,E")

    with pytest.raises(InvalidDataError, match="lacks the column RRP"):
        parse(name, text)


@pytest.mark.parametrize("name", ["dispatchis", "p5min", "predispatchis"])
def test_price_of_an_intervention_does_not_count(name: str) -> None:
    head = "{}," + ",".join(SAMPLES[name].table) + ","
    lines = TEXTS[name].splitlines()
    columns = next(line for line in lines if line.startswith(head.format("I")))
    mark, rrp = (columns.split(",").index(name) for name in ("INTERVENTION", "RRP"))
    for line in [line for line in lines if line.startswith(head.format("D"))]:
        cells = line.split(",")
        cells[mark], cells[rrp] = "1", "15000"
        lines.insert(lines.index(line), ",".join(cells))

    assert len(lines) > len(TEXTS[name].splitlines())
    assert parse(name, "\n".join(lines)) == parse(name, TEXTS[name])


def test_only_interventions_are_no_price() -> None:
    text = TEXTS["dispatchis"].replace("145,0,96", "145,1,96")

    with pytest.raises(InvalidDataError, match="lacks NSW1"):
        parse("dispatchis", text)


@pytest.mark.parametrize("mark", ["2", "", "0.0", "N", "96.7"])
def test_unknown_intervention_is_refused(mark: str) -> None:
    text = TEXTS["dispatchis"].replace("145,0,96", f"145,{mark},96")

    with pytest.raises(InvalidDataError, match="line 3 INTERVENTION"):
        parse("dispatchis", text)


@pytest.mark.parametrize(
    "price", ["", "n/a", "nan", "inf", "1_0", "\u0661", "96.7 $", "26000", "-1100.1"]
)
def test_price_that_is_none_is_refused(price: str) -> None:
    text = TEXTS["dispatchis"].replace("0,96.76914,0", f"0,{price},0")

    with pytest.raises(InvalidDataError, match="line 3 RRP"):
        parse("dispatchis", text)


@pytest.mark.parametrize(
    ("written", "price"), [("-1000", -1.0), ("1.2e2", 0.12), (" 5. ", 0.005), (".5", 0)]
)
def test_ways_to_write_a_price(written: str, price: float) -> None:
    text = TEXTS["dispatchis"].replace("0,96.76914,0", f"0,{written},0")

    [found] = parse("dispatchis", text).values()
    assert found == pytest.approx(price, abs=0.0006)


def test_missing_cell_is_refused() -> None:
    # Otherwise the reserve price in the next column would be taken for the price.
    text = TEXTS["dispatchis"].replace("145,0,96.76914,0", "145,0,0")

    with pytest.raises(InvalidDataError, match="line 3 does not fit"):
        parse("dispatchis", text)


def test_missing_column_name_is_refused() -> None:
    text = TEXTS["dispatchis"].replace("INTERVENTION,RRP,EEP", "INTERVENTION,RRP", 1)

    with pytest.raises(InvalidDataError, match="line 3 does not fit"):
        parse("dispatchis", text)


def test_line_that_is_no_csv_is_refused() -> None:
    text = TEXTS["dispatchis"].replace("96.76914", "96.\r76914", 1)

    with pytest.raises(InvalidDataError, match="not a CSV"):
        parse("dispatchis", text)


def test_empty_cells_at_the_end_do_no_harm() -> None:
    text = TEXTS["dispatchis"].replace('09"\n', '09",,\n')

    assert parse("dispatchis", text) == parse("dispatchis", TEXTS["dispatchis"])


def test_data_before_its_columns_is_refused() -> None:
    lines = TEXTS["dispatchis"].splitlines()
    lines[1], lines[2] = lines[2], lines[1]

    with pytest.raises(InvalidDataError, match="line 2 has no columns"):
        parse("dispatchis", "\n".join(lines))


@every_sample
def test_file_that_is_cut_short_is_refused(name: str) -> None:
    text = TEXTS[name].rpartition("C,")[0]

    with pytest.raises(InvalidDataError, match="cut short"):
        parse(name, text)


def test_two_prices_of_one_interval_are_refused() -> None:
    lines = TEXTS["dispatchis"].splitlines()
    lines.insert(3, lines[2].replace("0,96.76914", "0,97"))

    with pytest.raises(InvalidDataError, match="two prices"):
        parse("dispatchis", "\n".join(lines))


@every_sample
def test_lines_may_end_and_repeat_as_they_like(name: str) -> None:
    head, *data, tail = TEXTS[name].splitlines()
    body = [line for line in data if line.startswith("I")]
    rows = [line for line in data if line.startswith("D")] * 2
    Random(5).shuffle(rows)
    text = "\r\n".join([head, *body, *rows, tail, "", ""])

    assert parse(name, text) == parse(name, TEXTS[name])


@given(st.data(), st.sampled_from(sorted(SAMPLES)), st.sampled_from(["NSW1", "SA1"]))
def test_damaged_tables_never_become_a_wrong_price(
    data: st.DataObject, name: str, region: str
) -> None:
    """Every cell removed, emptied or retyped, every line lost or moved."""
    region = "NSW1" if name == "predispatch_legacy" else region
    lines = TEXTS[name].splitlines()
    for _ in range(data.draw(st.integers(1, 4))):
        index = data.draw(st.integers(0, len(lines) - 1))
        cells = lines[index].split(",")
        cell = data.draw(st.integers(0, len(cells) - 1))
        match data.draw(st.sampled_from(["cell", "junk", "line", "swap"])):
            case "cell":
                del cells[cell]
            case "junk":
                cells[cell] = data.draw(st.sampled_from(JUNK))
            case "line":
                cells = []
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[index], lines[other] = lines[other], lines[index]
                continue
        lines[index] = ",".join(cells)
    try:
        prices = parse(name, "\n".join(lines), region)
    except InvalidDataError:
        return
    assert prices.items() <= parse(name, TEXTS[name], region).items()
    now = nem("2026-11-20T16:00:30")
    if SAMPLES[name] is DISPATCHED:
        assert_points_well_formed(assemble(prices, {}, {}, now=now), now)


@given(st.binary(max_size=200), st.sampled_from(sorted(SAMPLES)))
def test_any_bytes_are_refused(noise: bytes, name: str) -> None:
    with pytest.raises(InvalidDataError):
        parse_tables(noise, SAMPLES[name], "NSW1")
    with pytest.raises(InvalidDataError):
        unpack(noise)
    with pytest.raises(InvalidDataError):
        newest(noise, SAMPLES[name], 1)


# Zips


def test_zip() -> None:
    assert unpack(zipped(("PUBLIC_X.CSV", "C,x"))) == b"C,x"


@pytest.mark.parametrize(
    "files",
    [(), (("a.txt", "C"),), (("a.csv", "C"), ("b.csv", "C"))],
    ids=["nothing", "no CSV", "two CSVs"],
)
def test_zip_with_anything_but_one_csv_is_refused(
    files: tuple[tuple[str, str], ...],
) -> None:
    with pytest.raises(InvalidDataError, match="does not hold one CSV"):
        unpack(zipped(*files))


def test_zip_bomb_is_refused() -> None:
    bomb = zipped(("a.csv", b"0" * (nemweb_files.LARGEST_TABLES + 2)))

    assert len(bomb) < 100_000
    with pytest.raises(InvalidDataError, match="far too large"):
        unpack(bomb)


def test_size_that_a_zip_claims_is_not_believed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(nemweb_files, "LARGEST_TABLES", 1000)
    honest = zipped(("a.csv", b"0" * 5000))
    size = (5000).to_bytes(4, "little")
    liar = honest.replace(size, (10).to_bytes(4, "little"))

    assert liar != honest
    with pytest.raises(InvalidDataError):
        unpack(liar)


def test_other_compression_is_refused() -> None:
    packed = BytesIO()
    with ZipFile(packed, "w", ZIP_BZIP2) as archive:
        archive.writestr("a.csv", "C,x")

    with pytest.raises(InvalidDataError, match="unknown way"):
        unpack(packed.getvalue())


@given(st.data())
def test_damaged_zip_is_the_file_or_refused(data: st.DataObject) -> None:
    packed = bytearray(zipped(("PUBLIC_DISPATCHIS.CSV", TEXTS["dispatchis"])))
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(packed) - 1))
        packed[place] = data.draw(st.integers(0, 255))
    if data.draw(st.booleans()):
        del packed[data.draw(st.integers(0, len(packed) - 1)) :]
    try:
        found = unpack(bytes(packed))
    except InvalidDataError:
        return
    assert found == TEXTS["dispatchis"].encode()


# Listings


def page(*names: str) -> bytes:
    links = "<br>".join(
        f'Friday 12 <A HREF="/Reports/CURRENT/X/{name}">{name}</A>' for name in names
    )
    return f'<pre><A HREF="/">[To Parent Directory]</A><br>{links}</pre>'.encode()


def test_newest_goes_by_names_not_by_order() -> None:
    first, second, third, rerun = (
        f"PUBLIC_DISPATCHIS_{stamp}_{number:016d}.zip"
        for stamp, number in [
            ("202611201600", 5),
            ("202611201605", 6),
            ("202611210000", 7),
            ("202611201605", 10),
        ]
    )
    listed = page(second, third, first, rerun, second)

    assert newest(listed, DISPATCHED, 3) == [third, rerun, second]
    assert newest(listed, DISPATCHED, 9) == [third, rerun, second, first]


def test_numbers_in_names_are_compared_as_such() -> None:
    names = [f"PUBLIC_DISPATCHIS_202611201605_{number}.zip" for number in (10, 9)]

    assert newest(page(*reversed(names)), DISPATCHED, 2) == names


def test_only_files_of_the_report_count() -> None:
    own = "PUBLIC_PREDISPATCH_202611201630_20261120160152_LEGACY.zip"
    listed = page(
        "PUBLIC_PREDISPATCH_202611201700_20261120163152.zip",
        "PUBLIC_PREDISPATCHIS_202611201700_20261120163152.zip",
        "PUBLIC_PREDISPATCH_202611201700_x_LEGACY.zip",
        own,
    )

    assert newest(listed, TO_THE_HORIZON_LEGACY, 5) == [own]


def test_links_in_lower_case_count() -> None:
    listed = page("PUBLIC_P5MIN_202611201605_20261120160014.ZIP").lower()

    assert newest(listed, NEXT_HOUR, 1) == [
        "public_p5min_202611201605_20261120160014.zip"
    ]


@pytest.mark.parametrize("report", SAMPLES.values(), ids=list(SAMPLES))
def test_empty_listing_is_refused(report: Report) -> None:
    with pytest.raises(InvalidDataError, match=f"lists no {report.name} file"):
        newest(page(), report, 1)


def test_link_leads_nowhere_else() -> None:
    name = "PUBLIC_P5MIN_202611201605_20261120160014.zip"
    listed = f'<A HREF="https://elsewhere.example/../{name}">x</A>'.encode()

    assert newest(listed, NEXT_HOUR, 1) == [name]
