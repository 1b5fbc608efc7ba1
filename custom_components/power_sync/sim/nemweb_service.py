"""AEMO's file server: directories as web pages, files as archives."""

from collections.abc import Callable, Iterable
from datetime import datetime

from aiohttp import web

from .faults import PRICE_KINDS, FaultKind, Faults, Service
from .front_door import FrontDoor
from .nem_market import NemMarket
from .nemweb_files import NemwebFiles, PublicFile
from .prices import NEM

CURRENT = "/Reports/Current"
_OF_LISTINGS = frozenset({FaultKind.EMPTY_LIST, FaultKind.STALE_FORECAST})
"""What can be odd about a listing; all else is odd about a file."""


class Nemweb:
    """``Reports/Current`` with its directories of zip files."""

    def __init__(
        self, market: NemMarket, faults: Faults, now: Callable[[], datetime], seed: int
    ) -> None:
        """Open the service."""
        self.door = FrontDoor(Service.NEMWEB, faults, now, turns_robots_away=True)
        self._files = NemwebFiles(market, seed)
        self._now = now

    def app(self) -> web.Application:
        """Return a web application with the paths of the real host."""
        app = web.Application()
        app.router.add_get(CURRENT + "/{directory}/", self._get_listing)
        app.router.add_get(CURRENT + "/{directory}/{name}", self._get_file)
        return app

    async def _get_listing(self, request: web.Request) -> web.Response:
        fault, answer = await self.door.admit(request, _OF_LISTINGS)
        if answer is not None:
            return answer
        directory = self._directory(request)
        now = self._now().timestamp()
        if fault is not None and fault.kind is FaultKind.STALE_FORECAST:
            now -= self._files.step(directory)
        files = self._files.listed(directory, now)
        if fault is not None and fault.kind is FaultKind.EMPTY_LIST:
            files = []
        return web.Response(text=_page(request.path, files), content_type="text/html")

    async def _get_file(self, request: web.Request) -> web.Response:
        fault, answer = await self.door.admit(request, PRICE_KINDS - _OF_LISTINGS)
        if answer is not None:
            return answer
        directory = self._directory(request)
        wanted = request.match_info["name"].lower()
        for file in self._files.listed(directory, self._now().timestamp()):
            if file.name.lower() == wanted:
                damage = None if fault is None else fault.kind
                return web.Response(
                    body=self._files.content(directory, file, damage),
                    content_type="application/x-zip-compressed",
                )
        raise web.HTTPNotFound

    def _directory(self, request: web.Request) -> str:
        directory = self._files.directory(request.match_info["directory"])
        if directory is None:
            raise web.HTTPNotFound
        return directory


def _page(path: str, files: Iterable[PublicFile]) -> str:
    """Return a directory listing in the manner of the real server.

    The links are absolute paths on the host; the first one leads up.
    """
    parent = path.rstrip("/").rpartition("/")[0]
    title = f"nemweb.com.au - {path}"
    lines = [f'<A HREF="{parent}/">[To Parent Directory]</A><br><br>']
    for file in files:
        at = datetime.fromtimestamp(file.published_at, NEM)
        when = f"{at:%A, %B %d, %Y %I:%M %p}"
        lines.append(f'{when}        12345 <A HREF="{path}{file.name}">{file.name}</A>')
    return (
        f"<html><head><title>{title}</title></head><body><H1>{title}</H1><hr>\r\n\r\n"
        f"<pre>{'<br>'.join(lines)}<br></pre><hr></body></html>"
    )
