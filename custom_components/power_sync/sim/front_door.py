"""What the services without an account have in common: a log, faults, and a doorman."""

from collections import deque
from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
import math

from aiohttp import web

from .faults import PRICE_KINDS, Fault, FaultKind, Faults, Service
from .http_faults import spoiled

_KEPT = 5_000


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it arrived, whatever became of it."""

    at: datetime
    method: str
    path: str
    query: Mapping[str, str]


class FrontDoor:
    """Notes every request of a service and lets faults strike.

    With ``turns_robots_away`` a request without a name of its own (no ``User-Agent``,
    or that of a Python library) is answered with 403, as AEMO does.
    """

    def __init__(
        self,
        service: Service,
        faults: Faults,
        now: Callable[[], datetime],
        *,
        turns_robots_away: bool = False,
    ) -> None:
        """Open the door."""
        self.asked: deque[Asked] = deque(maxlen=_KEPT)
        """The latest requests, oldest first."""
        self.requests = 0
        """Requests ever received, refused ones included."""
        self._service = service
        self._faults = faults
        self._now = now
        self._turns_robots_away = turns_robots_away

    async def admit(
        self, request: web.Request, prices: Container[FaultKind] = ()
    ) -> tuple[Fault | None, web.Response | None]:
        """Note a request; return a fault of prices, or the answer that ends it.

        ``prices`` are the kinds of odd prices that the service can put on the wire
        here; other kinds wait for a request that they fit.
        """
        self.requests += 1
        self.asked.append(
            Asked(
                self._now().astimezone(UTC),
                request.method,
                request.path,
                dict(request.query),
            )
        )
        fault = self._faults.strike(self._service, request.path, prices=prices)
        if fault is not None and fault.kind not in PRICE_KINDS:
            return None, await _answer(request, fault)
        if self._turns_robots_away and _is_robot(request.headers.get("User-Agent", "")):
            return None, web.Response(status=403, text="Forbidden")
        return fault, None


async def _answer(request: web.Request, fault: Fault) -> web.Response | None:
    if fault.kind in (FaultKind.STATUS_429, FaultKind.STATUS_429_RETRY):
        answer = web.Response(status=429, text="Too many requests")
        if fault.kind is FaultKind.STATUS_429_RETRY:
            answer.headers["Retry-After"] = str(math.ceil(fault.seconds))
        return answer
    return await spoiled(request, fault)


def _is_robot(agent: str) -> bool:
    """Recognise nobody, and Python's libraries by the names they give themselves."""
    return not agent.strip() or any(
        word in agent.lower() for word in ("aiohttp", "python", "curl")
    )
