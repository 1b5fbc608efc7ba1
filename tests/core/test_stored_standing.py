"""What a controller must not forget, on disk. Covers B-12."""

from copy import deepcopy
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from enum import StrEnum
import json
import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.power_sync.core.curtailment import CurtailmentMemory
from custom_components.power_sync.core.episode import Episode
from custom_components.power_sync.core.journal import Echo, Entry, Finding, Journal
from custom_components.power_sync.core.model.decisions import (
    Feature,
    Lever,
    LeverValue,
    Reason,
)
from custom_components.power_sync.core.model.force import Direction, Force
from custom_components.power_sync.core.model.powerwall import (
    ExportRule,
    OperationMode,
)
from custom_components.power_sync.core.model.switches import DEFAULT_ON, Switch
from custom_components.power_sync.core.model.tariff_document import (
    read_tariff,
    write_tariff,
)
from custom_components.power_sync.core.model.tesla_tariff import (
    ALL,
    SeasonRates,
    TariffSide,
    TeslaTariff,
)
from custom_components.power_sync.core.spike_response import Rehearsal, SpikeMemory
from custom_components.power_sync.core.standing import Pushed, Standing
from custom_components.power_sync.core.tesla_tariff import daily_tariff
from custom_components.power_sync.stored.plain import from_plain, to_plain
from custom_components.power_sync.stored.standing import (
    VERSION,
    journal_from_stored,
    journal_to_stored,
    migrate_standing,
    standing_from_stored,
    standing_to_stored,
)

from .support import HOUR, MINUTE, utc

T = utc("2026-06-15 02:00")
DAMAGED = (AttributeError, KeyError, TypeError, ValueError)
"""What the controller's store takes for a damaged file."""


def ours(price: float) -> TeslaTariff:
    """Return a tariff as it is read back from disk."""
    return read_tariff(
        write_tariff(
            daily_tariff(
                [price] * 48, [0.1] * 48, name="PowerSync", utility="x", currency="AUD"
            )
        )
    )


def owners(price: float) -> TeslaTariff:
    """Return a flat tariff of somebody else."""
    side = TariffSide(
        name="Mine",
        utility="x",
        code="X",
        currency="AUD",
        seasons=(),
        energy_rates=(SeasonRates(season=ALL, rates=((ALL, price),)),),
    )
    return read_tariff(write_tariff(TeslaTariff(buy=side, sell=None)))


def on_disk(standing: Standing) -> dict[str, Any]:
    stored: dict[str, Any] = json.loads(json.dumps(standing_to_stored(standing)))
    return stored


# --- everything there can be, stored and read

moments = st.datetimes(
    min_value=datetime(2020, 1, 1),  # noqa: DTZ001 - as the strategy wants them
    max_value=datetime(2040, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
maybe_moments = st.none() | moments
prices = st.floats(-20, 20, allow_nan=False)
tariffs = st.builds(owners, prices)
VALUES: dict[Lever, st.SearchStrategy[Any]] = {
    Lever.TARIFF: tariffs,
    Lever.OPERATION_MODE: st.sampled_from(OperationMode),
    Lever.EXPORT_RULE: st.sampled_from(ExportRule),
    Lever.BACKUP_RESERVE: st.floats(0, 100),
    Lever.GRID_CHARGING: st.booleans(),
    Lever.STORM_WATCH: st.booleans(),
}


@st.composite
def journals(draw: st.DrawFn) -> Journal:
    """Return a journal with anything in it."""
    entries, echoes = {}, {}
    for lever in draw(st.sets(st.sampled_from(Lever))):
        value = VALUES[lever]
        entries[lever] = draw(
            st.builds(
                Entry,
                owner=st.none() | value,
                previous=st.none() | value,
                sent=value,
                confirmed=st.booleans(),
                feature=st.sampled_from(Feature),
                since=moments,
                sent_at=moments,
            )
        )
    for lever in draw(st.sets(st.sampled_from(Lever))):
        value = VALUES[lever]
        echo = st.builds(Echo, value=value, owner=st.none() | value, until=moments)
        echoes[lever] = tuple(draw(st.lists(echo, max_size=3)))
    return Journal(entries=entries, echoes=echoes)


episodes = st.builds(
    Episode,
    since=maybe_moments,
    overruled=st.booleans(),
    counted_from=maybe_moments,
    counted_until=maybe_moments,
    calm=st.booleans(),
    calm_before=st.booleans(),
    closed_until=maybe_moments,
    ended=st.none() | st.sampled_from(Reason),
)
standings = st.builds(
    Standing,
    journal=journals(),
    switches=st.frozensets(st.sampled_from(Switch)),
    force=st.none()
    | st.builds(
        Force,
        direction=st.sampled_from(Direction),
        started_at=moments,
        until=moments,
        reserve=st.none() | st.floats(0, 100),
    ),
    spike=st.builds(
        SpikeMemory,
        episode=episodes,
        rehearsal=st.none()
        | st.builds(Rehearsal, price=prices, until=moments, acts=st.booleans()),
    ),
    curtailment=st.builds(
        CurtailmentMemory,
        episode=episodes,
        never_since=maybe_moments,
        lifting=st.booleans(),
        lifted_at=maybe_moments,
    ),
    pushed=st.none() | st.builds(Pushed, tariff=tariffs, until=moments),
    owner_tariff_until=maybe_moments,
    mode_yielded=st.booleans(),
    last_good_at=maybe_moments,
    last_sync_at=maybe_moments,
)


@settings(max_examples=150, deadline=None)
@given(standings)
def test_what_is_stored_is_read(standing: Standing) -> None:
    assert standing_from_stored(on_disk(standing)) == standing


def test_nothing_is_left_out() -> None:
    stored = on_disk(Standing())

    assert set(stored) == {field.name for field in fields(Standing)}
    assert standing_from_stored(stored) == Standing()


def test_a_tariff_of_ours_is_still_ours() -> None:
    journal = Journal().begun(
        Lever.TARIFF, owners(0.2), ours(0.3), Feature.PRICE_SYNC, T
    )

    read = journal_from_stored(json.loads(json.dumps(journal_to_stored(journal))))

    assert read == journal
    assert read.finding(Lever.TARIFF, ours(0.3), T) is Finding.ARRIVED
    assert read.finding(Lever.TARIFF, ours(0.4), T) is Finding.NOTHING


EACH: dict[Lever, LeverValue] = {
    Lever.TARIFF: owners(0.3),
    Lever.OPERATION_MODE: OperationMode.BACKUP,
    Lever.EXPORT_RULE: ExportRule.PV_ONLY,
    Lever.BACKUP_RESERVE: 20.0,
    Lever.GRID_CHARGING: True,
    Lever.STORM_WATCH: False,
}
FULL = Standing(
    journal=Journal(
        entries={
            lever: Entry(
                owner=value,
                previous=value,
                sent=value,
                confirmed=True,
                feature=Feature.SPIKE_RESPONSE,
                since=T,
                sent_at=T,
            )
            for lever, value in EACH.items()
        },
        echoes={
            Lever.BACKUP_RESERVE: (Echo(value=50.0, owner=20.0, until=T),),
            Lever.TARIFF: (Echo(value=owners(0.4), owner=owners(0.3), until=T),),
        },
    ),
    switches=frozenset(Switch),
    force=Force(direction=Direction.CHARGE, started_at=T, until=T + HOUR, reserve=80.0),
    spike=SpikeMemory(
        episode=Episode(
            since=T, counted_from=T, counted_until=T + 5 * MINUTE, closed_until=T
        ),
        rehearsal=Rehearsal(price=3.0, until=T + HOUR, acts=True),
    ),
    curtailment=CurtailmentMemory(
        episode=Episode(ended=Reason.FEED_IN_BACK),
        never_since=T,
        lifting=True,
        lifted_at=T,
    ),
    pushed=Pushed(tariff=owners(0.5), until=T + HOUR),
    owner_tariff_until=T + HOUR,
    mode_yielded=True,
    last_good_at=T,
    last_sync_at=T,
)


def test_what_is_on_disk() -> None:
    """The form is a promise to those who update."""
    stored = on_disk(FULL)
    tariff = write_tariff(owners(0.3))

    assert VERSION == 2
    assert stored["journal"]["entries"]["tariff"] == {
        "owner": tariff,
        "previous": tariff,
        "sent": tariff,
        "confirmed": True,
        "feature": "spike_response",
        "since": "2026-06-15T02:00:00+00:00",
        "sent_at": "2026-06-15T02:00:00+00:00",
    }
    assert stored["journal"]["echoes"]["backup_reserve"] == [
        {"value": 50.0, "owner": 20.0, "until": "2026-06-15T02:00:00+00:00"}
    ]
    assert {
        lever: entry["sent"]
        for lever, entry in stored["journal"]["entries"].items()
        if lever != "tariff"
    } == {
        "operation_mode": "backup",
        "export_rule": "pv_only",
        "backup_reserve": 20.0,
        "grid_charging": True,
        "storm_watch": False,
    }
    assert stored["switches"] == sorted(Switch)
    assert stored["force"] == {
        "direction": "charge",
        "started_at": "2026-06-15T02:00:00+00:00",
        "until": "2026-06-15T03:00:00+00:00",
        "reserve": 80.0,
    }
    assert stored["spike"]["rehearsal"] == {
        "price": 3.0,
        "until": "2026-06-15T03:00:00+00:00",
        "acts": True,
    }
    assert stored["spike"]["episode"]["since"] == "2026-06-15T02:00:00+00:00"
    assert stored["curtailment"]["episode"]["ended"] == "feed_in_back"
    assert stored["pushed"] == {
        "tariff": write_tariff(owners(0.5)),
        "until": "2026-06-15T03:00:00+00:00",
    }
    assert stored["owner_tariff_until"] == "2026-06-15T03:00:00+00:00"
    assert stored["mode_yielded"] is True


def test_moments_are_read_in_any_zone() -> None:
    stored = on_disk(FULL)
    stored["last_good_at"] = "2026-06-15T12:00:00+10:00"

    read = standing_from_stored(stored).last_good_at

    assert read == T
    assert read is not None
    assert read.tzinfo is UTC


# --- damage

type _Path = tuple[str | int, ...]
JUNK: tuple[object, ...] = (
    None,
    True,
    7,
    -1.5,
    math.nan,
    math.inf,
    10**400,
    "junk",
    "",
    "9999-12-31T23:59:59-12:00",
    "0001-01-01T00:00:00+12:00",
    "2026-06-15T02:00:00",
    [],
    [7],
    {},
    {"junk": 7},
)


def paths(value: object, above: _Path = ()) -> list[_Path]:
    """Return the places in a document that are not inside of a tariff."""
    found = [above] if above else []
    match value:
        case {"energy_charges": _}:
            pass
        case dict():
            for key, below in value.items():
                found += paths(below, (*above, key))
        case list():
            for index, below in enumerate(value):
                found += paths(below, (*above, index))
    return found


def parent(document: Any, path: _Path) -> Any:
    """Return what holds a place in a document."""
    for step in path[:-1]:
        document = document[step]
    return document


def reads_as(document: dict[str, Any]) -> Standing | None:
    """Return what a document is read as, None if it is known to be damaged."""
    try:
        return standing_from_stored(document)
    except DAMAGED:
        return None


PLACES = paths(on_disk(FULL))


def test_the_places_of_a_document() -> None:
    assert len(PLACES) > 90
    assert ("journal", "entries", "tariff", "sent") in PLACES
    assert ("journal", "echoes", "backup_reserve", 0, "until") in PLACES


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_field_of_another_kind_is_damage_or_what_it_says(path: _Path) -> None:
    """Whatever is taken at all is written again just as it was read."""
    for junk in JUNK:
        document = on_disk(FULL)
        parent(document, path)[path[-1]] = deepcopy(junk)

        read = reads_as(document)

        if read is not None:
            again = on_disk(read)
            # What reads back with its zeros, its defaults or as another number.
            place = parent(again, path)[path[-1]]
            is_filled = isinstance(junk, dict) and isinstance(place, dict)
            assert place == junk or is_filled, f"{junk!r} became {place!r}"
            if type(junk) is bool or type(place) is bool:
                assert place is junk


DEFAULTS = ("spike", "curtailment", "force")
"""What may be without fields that have a default, so that new ones can be added."""


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_a_field_that_is_missing_is_damage(path: _Path) -> None:
    document = on_disk(FULL)
    del parent(document, path)[path[-1]]

    read = reads_as(document)

    if path[0] in DEFAULTS and len(path) > 1:
        required = {"direction", "started_at", "until", "price", "acts"}
        assert (read is None) == (path[-1] in required)
    elif path[0] == "switches" and len(path) > 1:
        assert read is not None
        assert len(read.switches) == len(Switch) - 1
    elif path[:2] in {("journal", "entries"), ("journal", "echoes")} and (
        len(path) == 3 or path[-1] == 0
    ):
        assert read is not None, "a lever that is not ours, an echo that is over"
    else:
        assert read is None


@pytest.mark.parametrize("document", JUNK, ids=repr)
def test_a_document_that_is_none(document: Any) -> None:
    with pytest.raises(DAMAGED):
        standing_from_stored(document)
    with pytest.raises(DAMAGED):
        migrate_standing(1, document)
    with pytest.raises(DAMAGED):
        journal_from_stored(document)


def test_a_field_that_nobody_knows_is_damage_where_it_might_matter() -> None:
    document = on_disk(FULL)
    document["force"]["backwards"] = True

    with pytest.raises(KeyError):
        standing_from_stored(document)


# --- what an older version has written

OLD: dict[str, Any] = {
    "journal": {
        "tariff": {
            "owner": write_tariff(owners(0.2)),
            "previous": write_tariff(ours(0.29)),
            "sent": write_tariff(ours(0.3)),
            "confirmed": True,
            "feature": "price_sync",
            "since": "2026-06-15T02:00:00+00:00",
        },
        "operation_mode": {
            "owner": "autonomous",
            "previous": "autonomous",
            "sent": "self_consumption",
            "confirmed": False,
            "feature": "safety",
            "since": "2026-06-15T03:00:00+00:00",
        },
    },
    "sync_enabled": True,
    "last_good_at": "2026-06-15T01:00:00+00:00",
    "last_sync_at": "2026-06-15T00:59:00.123456+00:00",
    "manual_until": None,
    "mode_yielded": False,
}


def test_version_1() -> None:
    """Covers B-12: an update does not forget what is owed."""
    assert standing_from_stored(migrate_standing(1, OLD)) == Standing(
        journal=Journal(
            entries={
                Lever.TARIFF: Entry(
                    owner=owners(0.2),
                    previous=ours(0.29),
                    sent=ours(0.3),
                    confirmed=True,
                    feature=Feature.PRICE_SYNC,
                    since=T,
                    sent_at=T,
                ),
                Lever.OPERATION_MODE: Entry(
                    owner=OperationMode.AUTONOMOUS,
                    previous=OperationMode.AUTONOMOUS,
                    sent=OperationMode.SELF_CONSUMPTION,
                    confirmed=False,
                    feature=Feature.SAFETY,
                    since=T + HOUR,
                    sent_at=T + HOUR,
                ),
            }
        ),
        switches=DEFAULT_ON,
        last_good_at=T - HOUR,
        last_sync_at=T - HOUR - MINUTE + timedelta(microseconds=123456),
    )


def test_version_1_of_a_home_that_had_done_nothing() -> None:
    old = {
        **OLD,
        "journal": {},
        "sync_enabled": False,
        "last_good_at": None,
        "last_sync_at": None,
        "mode_yielded": True,
    }

    assert standing_from_stored(migrate_standing(1, old)) == Standing(
        switches=frozenset(), mode_yielded=True
    )
    with_manual = {**old, "manual_until": "2026-06-15T03:00:00+00:00"}
    assert standing_from_stored(migrate_standing(1, with_manual)).pushed is None


def test_version_1_with_a_tariff_pushed_by_hand() -> None:
    old = deepcopy(OLD) | {
        "sync_enabled": False,
        "manual_until": "2026-06-16T02:00:00+00:00",
    }
    old["journal"]["tariff"]["feature"] = "manual"
    old["journal"]["tariff"]["owner"] = None

    standing = standing_from_stored(migrate_standing(1, old))

    assert standing.pushed == Pushed(tariff=ours(0.3), until=T + 24 * HOUR)
    assert standing.switches == frozenset()
    entry = standing.journal.entry(Lever.TARIFF)
    assert entry is not None
    assert entry.owner is None
    assert entry.feature is Feature.MANUAL


FLAGS = {"confirmed", "mode_yielded", "sync_enabled"}


def test_it_is_not_changed_while_it_is_read() -> None:
    old = deepcopy(OLD)
    migrate_standing(1, old)

    assert old == OLD


@pytest.mark.parametrize("version", [0, 2, 3])
def test_other_versions_are_unknown(version: int) -> None:
    with pytest.raises(ValueError, match=f"no version {version}"):
        migrate_standing(version, OLD)


@pytest.mark.parametrize("path", paths(OLD), ids=lambda path: ".".join(map(str, path)))
def test_damage_of_version_1(path: _Path) -> None:
    """Nothing but what the store takes for damage is ever raised."""
    for junk in JUNK:
        old = deepcopy(OLD) | {"manual_until": "2026-06-15T03:00:00+00:00"}
        parent(old, path)[path[-1]] = deepcopy(junk)
        try:
            standing_from_stored(migrate_standing(1, old))
        except DAMAGED:
            continue
        assert path[-1] not in FLAGS | {"since", "feature"} or (junk is True)
    old = deepcopy(OLD)
    del parent(old, path)[path[-1]]
    if path in {("journal", "tariff"), ("journal", "operation_mode")}:
        standing = standing_from_stored(migrate_standing(1, old))
        assert len(standing.journal.entries) == 1
    else:
        with pytest.raises(DAMAGED):
            standing_from_stored(migrate_standing(1, old))


# --- plain dataclasses


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True, kw_only=True)
class Inner:
    count: int = 0
    on: bool = False


@dataclass(frozen=True, kw_only=True)
class Outer:
    name: str
    size: float
    colour: Colour = Colour.RED
    at: datetime | None = None
    inner: Inner | None = None


def test_plain_dataclasses() -> None:
    outer = Outer(name="x", size=1.5, at=T, inner=Inner(count=3, on=True))
    plain = {
        "name": "x",
        "size": 1.5,
        "colour": "red",
        "at": "2026-06-15T02:00:00+00:00",
        "inner": {"count": 3, "on": True},
    }

    assert to_plain(outer) == plain
    assert from_plain(Outer, plain) == outer
    # Moments come back in UTC, wherever they were written.
    elsewhere = replace(outer, at=T.astimezone(timezone(timedelta(hours=10))))
    read = from_plain(Outer, to_plain(elsewhere))
    assert read == outer
    assert read.at is not None
    assert read.at.tzinfo is UTC


def test_what_is_missing_takes_its_default() -> None:
    assert from_plain(Outer, {"name": "x", "size": 2}) == Outer(name="x", size=2.0)
    assert type(from_plain(Outer, {"name": "x", "size": 2}).size) is float
    with pytest.raises(TypeError):
        from_plain(Outer, {"name": "x"})


@pytest.mark.parametrize(
    "change",
    [
        {"name": 3},
        {"name": None},
        {"size": "1"},
        {"size": True},
        {"size": None},
        {"size": math.nan},
        {"size": -math.inf},
        {"size": 10**400},
        {"colour": "blue"},
        {"colour": None},
        {"colour": []},
        {"at": 7},
        {"at": "soon"},
        {"at": "2026-06-15T02:00:00"},
        {"at": "9999-12-31T23:59:59-12:00"},
        {"at": "0001-01-01T00:00:00+12:00"},
        {"inner": {"count": 1.0}},
        {"inner": {"count": True}},
        {"inner": {"on": 1}},
        {"inner": {"on": None}},
        {"inner": {"off": True}},
        {"inner": []},
        {"unknown": 1},
    ],
    ids=repr,
)
def test_what_is_not_as_it_was_written(change: dict[str, Any]) -> None:
    with pytest.raises(DAMAGED):
        from_plain(Outer, {"name": "x", "size": 1.5} | change)


@pytest.mark.parametrize("value", [object(), [1], {"a": 1}, (), Outer])
def test_what_is_not_plain(value: object) -> None:
    with pytest.raises(TypeError, match=f"{type(value).__name__} is not plain"):
        to_plain(value)
