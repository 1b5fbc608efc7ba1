"""Make the Tesla library's many failures the few of ``clients.errors``.

Everything that tesla-fleet-api is known to raise ends here: its own errors, most of
which are no ``Exception`` but a ``BaseException``; what aiohttp raises; what escapes
it on answers it did not expect (broken JSON with any status, a list with an error
status); and what a session that was closed or a damaged token make of a login that
belongs to someone else. Original texts are dropped, because they contain URLs and
with them sites. What is a ``ClientError`` already passes unchanged.
"""

import asyncio
from collections.abc import Awaitable, Mapping

import aiohttp
from tesla_fleet_api.exceptions import (
    BluetoothTimeout,
    LibraryError,
    RateLimited,
    TeslaFleetError,
)

from ..errors import (
    AuthError,
    ClientError,
    InvalidDataError,
    OutcomeUnknownError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
)
from ..json_fields import JsonObject
from ..rate_limit import wait_time

READ_TIMEOUT = 20.0
"""Seconds until an answer must be complete; a year of history is large."""
COMMAND_TIMEOUT = 30.0
"""Seconds until a command must be answered; the service may ask the gateway."""

_FAILURES = (
    TeslaFleetError,
    LibraryError,
    aiohttp.ClientError,
    OSError,  # includes TimeoutError
    ValueError,
    AttributeError,
    LookupError,
    TypeError,
    RuntimeError,  # a closed session, too deep JSON, what a router does not implement
)
_NEVER_SENT = (aiohttp.ClientConnectorError, aiohttp.InvalidURL)
_UPSTREAM_TROUBLE = frozenset({408, 424, 499})
"""Client errors by number, but about the way to the Powerwall, not the request."""


async def read(call: Awaitable[object]) -> object:
    """Return what a call that changes nothing answers, decoded but not checked.

    Raises one of ``clients.errors``, never OutcomeUnknownError.
    """
    try:
        async with asyncio.timeout(READ_TIMEOUT):
            return await call
    except _FAILURES as err:
        raise _meaning(err) from None


async def command(call: Awaitable[object]) -> None:
    """Return once a command has been accepted.

    Raises AuthError, RateLimitedError or RejectedError if it was refused,
    UnavailableError if it was never sent, and OutcomeUnknownError if it was sent
    and there is no telling what became of it.
    """
    try:
        async with asyncio.timeout(COMMAND_TIMEOUT):
            answer = await call
    except _NEVER_SENT as err:
        raise _meaning(err) from None
    except _FAILURES as err:
        meaning = _meaning(err)
        if isinstance(meaning, UnavailableError | InvalidDataError):
            meaning = OutcomeUnknownError(f"command not confirmed: {meaning}")
        raise meaning from None
    _raise_if_refused(answer)


def _meaning(err: BaseException) -> ClientError:
    """Return what a failure means; the text names its kind."""
    name = type(err).__name__
    match err:
        case RateLimited():
            headers = err.data if isinstance(err.data, dict) else {}
            return RateLimitedError(
                "the Tesla service asks to wait (HTTP 429)",
                wait_time(headers.get("after"), headers.get("reset")),
            )
        case BluetoothTimeout():
            return UnavailableError(f"the Powerwall did not answer ({name})")
        case TeslaFleetError():
            return _status_meaning(err.status, name)
        case LibraryError() | NotImplementedError():
            return _status_meaning(None, name)
        case aiohttp.ClientResponseError():
            return _token_meaning(err, name)
        case TimeoutError():
            return UnavailableError("the Tesla service did not answer in time")
        case aiohttp.ClientError() | OSError():
            return UnavailableError(f"the Tesla service cannot be reached ({name})")
        case RuntimeError() if not isinstance(err, RecursionError):
            return UnavailableError(f"the way to Tesla is closed ({name})")
        case _:
            return InvalidDataError(f"the Tesla service's answer is not JSON ({name})")


def _token_meaning(err: aiohttp.ClientResponseError, name: str) -> ClientError:
    """Return what a failure means that the library has no error of its own for.

    It has its own for a refused request (400), login (401, 403) or pace (429), so
    those are answers to the refresh of a token.
    """
    if err.status == 400:
        return AuthError(f"the login is not accepted (HTTP 400, {name})")
    if err.status == 429:
        headers: Mapping[str, str] = err.headers or {}
        return RateLimitedError(
            "the login service asks to wait (HTTP 429)",
            wait_time(headers.get("Retry-After"), headers.get("RateLimit-Reset")),
        )
    return _status_meaning(err.status, name)


def _status_meaning(status: int | None, name: str) -> ClientError:
    """Return what a status means; without one the library itself refused."""
    if status is None:
        return RejectedError(f"the request is not possible ({name})")
    what = f"HTTP {status}, {name}"
    if status < 400:
        return InvalidDataError(f"the Tesla service's answer is not JSON ({what})")
    if status in {401, 403}:
        return AuthError(f"the Tesla service does not accept the token ({what})")
    if status == 402:
        return RejectedError(f"the Tesla service wants a subscription ({what})")
    if status >= 500 or status in _UPSTREAM_TROUBLE:
        return UnavailableError(f"the Tesla service is in trouble ({what})")
    return RejectedError(f"the Tesla service refused the request ({what})")


def _raise_if_refused(answer: object) -> None:
    """Judge the body of a command that was answered with success.

    ``{"response": {"code": 201, "message": "Updated"}}`` is success; names vary in
    capitalisation, and a refusal can come with HTTP 200.
    """
    if not isinstance(answer, dict):
        raise OutcomeUnknownError("command not confirmed: the answer is no object")
    if answer.get("error"):
        raise RejectedError("the Tesla service refused the command")
    response = answer.get("response")
    if not isinstance(response, dict):
        raise OutcomeUnknownError("command not confirmed: the answer is empty")
    for body in (answer, response):
        code = _code(body)
        if code is not None and code >= 400:
            raise RejectedError(f"the Tesla service refused the command (code {code})")
    if response.get("result") is False or response.get("error"):
        raise RejectedError("the Tesla service refused the command")


def _code(body: JsonObject) -> int | None:
    """Return the result code of a body, None if it has none that is readable."""
    for key, value in body.items():
        if key.lower() != "code" or isinstance(value, bool):
            continue
        if isinstance(value, int):
            return value
        if isinstance(value, str) and value.isdecimal() and len(value) < 5:
            return int(value)
    return None
