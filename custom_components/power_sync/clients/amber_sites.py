"""The sites of an Amber account, and which of them to offer.

Source: Amber's OpenAPI 2.0.0, ``GET /sites``.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from ..core.model.prices import Channel
from .errors import InvalidDataError
from .json_fields import JsonObject, finite, json_list, json_object, text

CHANNELS = {
    "general": Channel.IMPORT,
    "feedIn": Channel.EXPORT,
    "controlledLoad": Channel.CONTROLLED_LOAD,
}
"""Amber's names of the meter channels."""


class AmberSiteStatus(StrEnum):
    """Where a site stands with Amber."""

    ACTIVE = "active"
    PENDING = "pending"
    """The move to Amber is under way; there are no prices yet."""
    CLOSED = "closed"
    UNKNOWN = "unknown"
    """Something Amber had not documented; it may well have prices."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AmberSite:
    """One metered home of an Amber account.

    ``site_id`` and ``nmi`` (the meter's number, empty if Amber does not say) tell
    whose home it is and therefore stay out of the ``repr``.
    """

    site_id: str = field(repr=False)
    nmi: str = field(repr=False)
    network: str
    status: AmberSiteStatus
    channels: frozenset[Channel]
    interval_minutes: int

    @property
    def label(self) -> str:
        """Return how to show the site in a list, such as ``Ausgrid · NMI …2872``."""
        parts = [self.network] if self.network else []
        if self.nmi:
            parts.append(f"NMI …{self.nmi[-4:]}")
        return " · ".join(parts) or "Amber"


def parse_sites(body: object) -> tuple[AmberSite, ...]:
    """Return all sites of an answer, closed ones included.

    Raises InvalidDataError naming the site (by position) and the field.
    """
    return tuple(
        _parse_site(json_object(entry, f"site {index}"), f"site {index}")
        for index, entry in enumerate(json_list(body, "the list of sites"))
    )


def offered_sites(sites: Iterable[AmberSite]) -> tuple[AmberSite, ...]:
    """Return the sites a user can choose: none closed, each meter once.

    Of several sites with one meter the active one counts, else the first. Pending
    sites are among them: they have no prices yet.
    """
    chosen: dict[str, AmberSite] = {}
    for site in sites:
        if site.status is AmberSiteStatus.CLOSED:
            continue
        # Without a meter number nothing shows that two sites are the same home.
        meter = site.nmi or f"site {site.site_id}"
        rival = chosen.get(meter)
        if rival is None or (
            site.status is AmberSiteStatus.ACTIVE
            and rival.status is not AmberSiteStatus.ACTIVE
        ):
            chosen[meter] = site
    return tuple(chosen.values())


def _parse_site(entry: JsonObject, where: str) -> AmberSite:
    """Read one site; only what requests depend on must be right."""
    site_id = text(entry.get("id"), f"{where} id")
    if not site_id:
        raise InvalidDataError(f"{where} id is empty")
    nmi, network, status = entry.get("nmi"), entry.get("network"), entry.get("status")
    return AmberSite(
        site_id=site_id,
        nmi=nmi if isinstance(nmi, str) else "",
        network=network if isinstance(network, str) else "",
        status=_status(status),
        channels=_channels(entry.get("channels"), where),
        interval_minutes=5 if finite(entry.get("intervalLength")) == 5 else 30,
    )


def _status(value: object) -> AmberSiteStatus:
    """Read the status; new ones are tolerated."""
    return next(
        (s for s in AmberSiteStatus if s.value == value), AmberSiteStatus.UNKNOWN
    )


def _channels(value: object, where: str) -> frozenset[Channel]:
    """Read which channels are billed; new kinds are ignored."""
    channels = set()
    for entry in json_list(value, f"{where} channels"):
        channel = json_object(entry, f"{where} channels").get("type")
        name = text(channel, f"{where} channels type")
        if name in CHANNELS:
            channels.add(CHANNELS[name])
    return frozenset(channels)
