"""Which homes an Amber account has, and which of them can be chosen."""

from typing import Any

from hypothesis import given
import pytest

from custom_components.power_sync.clients.amber_sites import (
    AmberSite,
    AmberSiteStatus,
    offered_sites,
    parse_sites,
)
from custom_components.power_sync.clients.errors import InvalidDataError
from custom_components.power_sync.core.model.prices import Channel

from .support import ANY_JSON, SITE_ID, stored


def site(site_id: str, nmi: str, status: AmberSiteStatus) -> AmberSite:
    return AmberSite(
        site_id=site_id,
        nmi=nmi,
        network="Ausgrid",
        status=status,
        channels=frozenset({Channel.IMPORT}),
        interval_minutes=30,
    )


def test_sites_of_an_account() -> None:
    first, second, closed, pending = parse_sites(stored("amber_sites"))

    assert first.site_id == SITE_ID
    assert first.channels == {Channel.IMPORT, Channel.EXPORT}
    assert first.label == "Ausgrid · NMI …0001"
    assert second.channels == set(Channel)
    assert (first.interval_minutes, second.interval_minutes) == (30, 5)
    assert closed.status is AmberSiteStatus.CLOSED
    assert pending.status is AmberSiteStatus.PENDING
    assert pending.interval_minutes == 30


def test_closed_sites_are_not_offered() -> None:
    offered = offered_sites(parse_sites(stored("amber_sites")))

    assert [site.status.value for site in offered] == ["active", "active", "pending"]
    assert offered[0].site_id == SITE_ID


@pytest.mark.parametrize("turned", [False, True])
def test_active_site_of_a_meter_is_offered_rather_than_its_pending_one(
    turned: bool,
) -> None:
    active = site("a", "1", AmberSiteStatus.ACTIVE)
    pending = site("b", "1", AmberSiteStatus.PENDING)
    sites = [pending, active] if turned else [active, pending]

    assert offered_sites(sites) == (active,)


def test_first_of_equal_sites_is_offered() -> None:
    first, second = (site(name, "1", AmberSiteStatus.ACTIVE) for name in "ab")

    assert offered_sites([first, second]) == (first,)


def test_sites_without_a_meter_number_are_all_offered() -> None:
    sites = tuple(site(name, "", AmberSiteStatus.ACTIVE) for name in "ab")

    assert offered_sites(sites) == sites


def test_repr_does_not_say_whose_home_it_is() -> None:
    said = repr(parse_sites(stored("amber_sites")))

    assert SITE_ID not in said
    assert "4000000001" not in said


@pytest.mark.parametrize(
    ("network", "nmi", "label"),
    [
        ("Ausgrid", "40001234", "Ausgrid · NMI …1234"),
        (None, "40001234", "NMI …1234"),
        ("Ausgrid", None, "Ausgrid"),
        (None, None, "Amber"),
    ],
)
def test_label(network: str | None, nmi: str | None, label: str) -> None:
    [entry, *_] = stored("amber_sites")
    entry.update(network=network, nmi=nmi)

    assert parse_sites([entry])[0].label == label


@pytest.mark.parametrize("status", ["moving", None, 5, {}])
def test_unknown_status_is_tolerated_and_offered(status: Any) -> None:
    [entry, *_] = stored("amber_sites")
    entry["status"] = status

    assert offered_sites(parse_sites([entry]))[0].status is AmberSiteStatus.UNKNOWN


def test_unknown_kind_of_channel_is_ignored() -> None:
    [entry, *_] = stored("amber_sites")
    entry["channels"].append({"type": "battery"})

    assert parse_sites([entry])[0].channels == {Channel.IMPORT, Channel.EXPORT}


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("id", None, "site 0 id"),
        ("id", "", "site 0 id"),
        ("id", 7, "site 0 id"),
        ("channels", None, "site 0 channels"),
        ("channels", [None], "site 0 channels"),
        ("channels", [{}], "site 0 channels type"),
    ],
)
def test_broken_field_is_refused_and_named(field: str, value: Any, named: str) -> None:
    [entry, *_] = stored("amber_sites")
    entry[field] = value

    with pytest.raises(InvalidDataError, match=named):
        parse_sites([entry])


def test_account_without_sites() -> None:
    assert parse_sites([]) == ()


@given(ANY_JSON)
def test_anything_else_is_refused(body: Any) -> None:
    if body == []:
        return
    with pytest.raises(InvalidDataError):
        parse_sites(body)
