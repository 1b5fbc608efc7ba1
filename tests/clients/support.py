"""Stored answers, and a web server that says what a test wants."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
import json
from pathlib import Path
import traceback
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer
from hypothesis import strategies as st

FIXTURES = Path(__file__).parent.parent / "fixtures"

TOKEN = "psk_secret_0123456789"
SITE_ID = "01TESTSITE0ACTIVE000000001"
ENERGY_SITE_ID = 2252000000000101

type Answer = Callable[[web.Request], web.StreamResponse]

WRONG_NUMBERS: list[Any] = [
    None,
    True,
    "20.5",
    "",
    [],
    {},
    float("nan"),
    float("inf"),
    float("-inf"),
    10**400,
]
"""What JSON can hold in place of a number."""

ANY_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.sampled_from(WRONG_NUMBERS)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def stored(name: str) -> Any:
    """Return a stored answer, fresh each time."""
    return json.loads((FIXTURES / f"{name}.json").read_text(encoding="utf-8"))


def paths(document: Any, prefix: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every value inside a document."""
    found: list[tuple[Any, ...]] = []
    if isinstance(document, dict):
        children: list[tuple[Any, Any]] = list(document.items())
    elif isinstance(document, list):
        children = list(enumerate(document))
    else:
        return found
    for key, value in children:
        found.append((*prefix, key))
        found.extend(paths(value, (*prefix, key)))
    return found


def parent_of(document: Any, path: tuple[Any, ...]) -> Any:
    """Return the object or list that holds the value at a path."""
    for key in path[:-1]:
        document = document[key]
    return document


def assert_discreet(err: BaseException) -> None:
    """Nothing that ends in a log says whose home it is or how to get in."""
    said = repr(err) + "".join(traceback.format_exception(err))
    for secret in (TOKEN, SITE_ID, str(ENERGY_SITE_ID)):
        assert secret not in said


def drop(request: web.Request) -> web.StreamResponse:
    """Hang up without an answer."""
    assert request.transport is not None
    request.transport.close()
    return web.Response()


@dataclass
class Service:
    """A web server that answers every request the same way and keeps them."""

    answer: Answer = lambda _: web.Response()
    requests: list[web.Request] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)
    silent: bool = False
    url: str = ""
    _quit: asyncio.Event = field(default_factory=asyncio.Event)
    _server: TestServer | None = None

    async def start(self) -> None:
        """Listen on a free port of this machine."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._handle)
        self._server = TestServer(app)
        await self._server.start_server()
        self.url = str(self._server.make_url("")).rstrip("/")

    async def stop(self) -> None:
        """Let go of whoever is still waiting and close the port."""
        self._quit.set()
        if self._server is not None:
            await self._server.close()

    def say(self, body: Any, status: int = 200, **headers: str) -> None:
        """Answer with JSON from now on."""
        text = json.dumps(body)
        self.say_text(text, status, "application/json", **headers)

    def say_text(
        self,
        text: str,
        status: int = 200,
        content_type: str = "text/html",
        **headers: str,
    ) -> None:
        """Answer with a text from now on; underscores in header names are dashes."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answer = lambda _: web.Response(
            text=text, status=status, content_type=content_type, headers=named
        )

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.text())
        if self.silent:
            await self._quit.wait()
        return self.answer(request)
