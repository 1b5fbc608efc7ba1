"""Things that go wrong on demand."""

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Service(StrEnum):
    """The simulated services."""

    AMBER = "amber"
    AMBER_SOCKET = "amber_socket"
    """The address where Amber pushes prices; its REST service is another."""
    AEMO = "aemo"
    COMED = "comed"
    NEMWEB = "nemweb"
    TESLA = "tesla"
    """Teslemetry, the way to Tesla that needs nothing but a token."""
    FLEET = "fleet"
    """Tesla's own Fleet API, and proxies that speak like it."""
    TESSIE = "tessie"


_TESLA = frozenset({Service.TESLA, Service.FLEET, Service.TESSIE})


class FaultKind(StrEnum):
    """What can go wrong."""

    # Answers, for every service
    STATUS_400 = "status_400"
    STATUS_401 = "status_401"
    STATUS_402 = "status_402"
    """The subscription has ended (Teslemetry)."""
    STATUS_403 = "status_403"
    STATUS_404 = "status_404"
    STATUS_412 = "status_412"
    """The application is not registered in this region (Fleet API)."""
    STATUS_421 = "status_421"
    """The account belongs to another region (Fleet API)."""
    STATUS_429 = "status_429"
    """Too many requests, without a word about how long to wait."""
    STATUS_429_RETRY = "status_429_retry"
    """Too many requests, come back after ``seconds``."""
    STATUS_500 = "status_500"
    STATUS_502 = "status_502"
    STATUS_503 = "status_503"
    STATUS_504 = "status_504"
    TIMEOUT = "timeout"
    """No answer within any patience, and nothing done."""
    SLOW = "slow"
    """The right answer, ``seconds`` late."""
    HTML = "html"
    """A web page with status 200."""
    GARBAGE = "garbage"
    """Broken JSON that claims to be JSON."""
    EMPTY = "empty"
    """Status 200 without a body."""
    NULL = "null"
    """JSON null where an object or list belongs."""
    WRONG_TOKEN = "wrong_token"  # noqa: S105 - a name
    """The answer of this service to a token it does not know."""
    DROP = "drop"
    """The connection closes without an answer, and nothing was done."""

    # Tesla commands
    NOT_APPLIED = "not_applied"
    """The service says yes and stores nothing."""
    LATE = "late"
    """The service says yes and stores it after ``seconds``.

    Unless a newer command about the same setting is stored in between.
    """
    LOST_COMMAND = "lost_command"
    """No answer, and nothing was done."""
    APPLIED_BUT_NO_ANSWER = "applied_but_no_answer"
    """No answer, but it was done."""

    # Prices; which service can have which is said below
    EMPTY_LIST = "empty_list"
    """No rows at all."""
    EMPTY_FORECAST = "empty_forecast"
    """The current interval and nothing after it."""
    PARTIAL_FORECAST = "partial_forecast"
    """Two hours are missing in the middle of the horizon."""
    DUPLICATED_ROWS = "duplicated_rows"
    UNSORTED_ROWS = "unsorted_rows"
    NAN_PRICES = "nan_prices"
    """Every tenth price (of up to ten: all) is NaN, which is not even JSON."""
    TEXT_PRICES = "text_prices"
    """Numbers arrive as text."""
    WORD_PRICES = "word_prices"
    """Every tenth price (of up to ten: all) is a word."""
    NULL_PRICES = "null_prices"
    """Every tenth price (of up to ten: all) is null; in a table, nothing."""
    MISSING_ROWS = "missing_rows"
    """Every tenth row (of up to ten: all) is missing."""
    STALE_FORECAST = "stale_forecast"
    """Everything is as it was one interval ago: the newest stamp repeats itself."""
    NO_FEED_IN = "no_feed_in"

    # A connection over which prices are pushed
    SOCKET_SILENT = "socket_silent"
    """The connection stays, and a price that is due is not pushed."""
    SOCKET_BREAKS = "socket_breaks"
    """The connection breaks when a price is due."""


_COMMAND_KINDS = frozenset(
    {
        FaultKind.NOT_APPLIED,
        FaultKind.LATE,
        FaultKind.LOST_COMMAND,
        FaultKind.APPLIED_BUT_NO_ANSWER,
    }
)
_SOCKET_KINDS = frozenset({FaultKind.SOCKET_SILENT, FaultKind.SOCKET_BREAKS})
_ODD_PRICES = frozenset(
    {
        FaultKind.NAN_PRICES,
        FaultKind.WORD_PRICES,
        FaultKind.NULL_PRICES,
        FaultKind.TEXT_PRICES,
    }
)
_ODD_LISTS = frozenset(
    {
        FaultKind.EMPTY_LIST,
        FaultKind.DUPLICATED_ROWS,
        FaultKind.UNSORTED_ROWS,
        FaultKind.MISSING_ROWS,
        FaultKind.STALE_FORECAST,
    }
)
ODD_FORECASTS = frozenset({FaultKind.EMPTY_FORECAST, FaultKind.PARTIAL_FORECAST})
_PRICE_KINDS_OF: Mapping[Service, frozenset[FaultKind]] = {
    Service.AMBER: _ODD_PRICES | _ODD_LISTS | ODD_FORECASTS | {FaultKind.NO_FEED_IN},
    Service.AMBER_SOCKET: _ODD_PRICES
    | {FaultKind.EMPTY_LIST, FaultKind.NO_FEED_IN}
    | _SOCKET_KINDS,
    Service.AEMO: _ODD_PRICES | _ODD_LISTS | ODD_FORECASTS,
    # All prices are text there anyway.
    Service.NEMWEB: (_ODD_PRICES - {FaultKind.TEXT_PRICES})
    | _ODD_LISTS
    | {FaultKind.PARTIAL_FORECAST},
    Service.COMED: (_ODD_PRICES - {FaultKind.TEXT_PRICES}) | _ODD_LISTS,
    **dict.fromkeys(_TESLA, frozenset[FaultKind]()),
}
PRICE_KINDS = frozenset[FaultKind]().union(*_PRICE_KINDS_OF.values())
"""What can be wrong with prices; everything else is wrong with the answer."""
_WITH_TOKENS = _TESLA | {Service.AMBER, Service.AMBER_SOCKET}
_ONLY_OF = {
    FaultKind.STATUS_402: Service.TESLA,
    FaultKind.STATUS_412: Service.FLEET,
    FaultKind.STATUS_421: Service.FLEET,
}


class FaultError(ValueError):
    """A fault that does not exist; the text says what does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong.

    ``count`` is how many requests it hits, None means until it is cleared.
    ``match`` limits it to requests whose path contains the text. ``seconds`` is the
    delay of ``slow`` (real time) and ``late`` (the home's time), and what
    ``status_429_retry`` asks for.
    """

    service: Service
    kind: FaultKind
    count: int | None = None
    match: str = ""
    seconds: float = 20.0

    def __post_init__(self) -> None:
        """Refuse faults that the service cannot have.

        Raises:
            FaultError: the kind does not fit the service, or a figure makes no sense.
        """
        if self.kind in _COMMAND_KINDS and self.service not in _TESLA:
            raise FaultError(f"{self.kind} is a fault of tesla commands")
        if self.service is not _ONLY_OF.get(self.kind, self.service):
            raise FaultError(f"{self.kind} is a fault of {_ONLY_OF[self.kind]}")
        if self.kind in PRICE_KINDS and self.kind not in _PRICE_KINDS_OF[self.service]:
            able = [name for name in Service if self.kind in _PRICE_KINDS_OF[name]]
            raise FaultError(f"{self.kind} is a fault of {', '.join(able)} prices")
        if self.kind is FaultKind.WRONG_TOKEN and self.service not in _WITH_TOKENS:
            raise FaultError(f"{self.service} has no tokens")
        if (self.count is not None and self.count < 1) or self.seconds < 0:
            raise FaultError("count must be at least 1 and seconds at least 0")


def fault_from_json(data: object) -> Fault:
    """Read a fault from the admin service's wire form.

    Raises:
        FaultError: something in it is not understood.
    """
    if not isinstance(data, Mapping):
        raise FaultError("A fault is a JSON object")
    unknown = data.keys() - {"service", "kind", "count", "match", "seconds"}
    if unknown:
        raise FaultError(f"Unknown key {min(map(str, unknown))!r}")
    try:
        service, kind = (
            Service(str(data.get("service"))),
            FaultKind(str(data.get("kind"))),
        )
    except ValueError as err:
        raise FaultError(
            f"{err}; services: {', '.join(Service)}; kinds: {', '.join(FaultKind)}"
        ) from None
    count = data.get("count")
    if count == "until cleared":
        count = None
    match, seconds = data.get("match", ""), data.get("seconds", 20.0)
    if (
        not isinstance(count, int | None)
        or not isinstance(match, str)
        or not isinstance(seconds, int | float)
    ):
        raise FaultError("count is a whole number, match a text, seconds a number")
    return Fault(service=service, kind=kind, count=count, match=match, seconds=seconds)


class Faults:
    """The faults that are set, in the order in which they strike."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        """Begin with some faults."""
        self._set: list[tuple[Fault, int | None]] = []
        for fault in faults:
            self.add(fault)

    def add(self, fault: Fault) -> None:
        """Set a fault; earlier ones strike first."""
        self._set.append((fault, fault.count))

    def clear(self) -> None:
        """Repair everything."""
        self._set.clear()

    def strike(
        self,
        service: Service,
        path: str,
        *,
        command: bool = False,
        prices: Container[FaultKind] = (),
        answers: bool = True,
    ) -> Fault | None:
        """Return what goes wrong with a request, counting it down.

        A request may be a ``command``; ``prices`` are the kinds of odd prices that
        its answer can have; and where nothing was asked (a push) there are no
        ``answers`` that could go wrong.
        """
        for index, (fault, left) in enumerate(self._set):
            if fault.service is not service or fault.match not in path:
                continue
            if fault.kind in _COMMAND_KINDS and not command:
                continue
            if fault.kind in PRICE_KINDS and fault.kind not in prices:
                continue
            if fault.kind not in PRICE_KINDS | _COMMAND_KINDS and not answers:
                continue
            if left is not None:
                if left == 1:
                    del self._set[index]
                else:
                    self._set[index] = (fault, left - 1)
            return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Return the set faults in the admin service's wire form."""
        return [
            {
                "service": fault.service.value,
                "kind": fault.kind.value,
                "count": left,
                "match": fault.match,
                "seconds": fault.seconds,
            }
            for fault, left in self._set
        ]
