"""Look at Home Assistant's pages in a real Chromium, and collect what is wrong."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
import json
from pathlib import Path
import time

from playwright.async_api import (
    Browser,
    Locator,
    Page,
    TimeoutError,
    async_playwright,
)

FLAGS = [
    "--no-sandbox",  # Chromium refuses to run as root with one
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PATIENCE_MS = 30_000

# Everything visible that matches, through all shadow roots. Text assertions alone are
# not enough: they also pass behind a dialog.
FIND_EVERYWHERE = """
selector => {
  const found = [];
  const walk = root => {
    for (const element of root.querySelectorAll("*")) {
      if (element.matches(selector)
          && (element.getClientRects().length || element.hasAttribute("open"))) {
        found.push(element.localName + ": " + (element.innerText ?? "").trim());
      }
      if (element.shadowRoot) walk(element.shadowRoot);
    }
  };
  walk(document);
  return found;
}
"""
ERROR_CARDS = "hui-error-card, hui-error-badge, hui-error-heading-badge, hui-warning"
DIALOGS = "[role=dialog], dialog[open], ha-dialog[open], wa-dialog[open]"


@dataclass(slots=True)
class Visit:
    """A page that is open, and everything that went wrong on it so far."""

    page: Page
    faults: list[str] = field(default_factory=list)

    async def inspect(self) -> list[str]:
        """Return all faults: messages, lost and foreign requests, cards, dialogs."""
        cards = await self.page.evaluate(FIND_EVERYWHERE, ERROR_CARDS)
        dialogs = await self.page.evaluate(FIND_EVERYWHERE, DIALOGS)
        return [
            *self.faults,
            *(f"error card: {card}" for card in cards),
            *(f"open dialog: {dialog}" for dialog in dialogs),
        ]

    async def wait_for(self, selector: str) -> Locator:
        """Wait until something that matches is visible, and return all that does.

        Raises AssertionError with the faults that may be the reason.
        """
        found = self.page.locator(selector)
        try:
            await found.first.wait_for(timeout=PATIENCE_MS)
        except TimeoutError:
            raise AssertionError(
                f"no {selector} within {PATIENCE_MS} ms; faults: {await self.inspect()}"
            ) from None
        return found

    async def settle(self) -> None:
        """Wait until nothing is being loaded any more."""
        await self.page.wait_for_load_state("networkidle", timeout=PATIENCE_MS)

    async def save_picture(self, path: Path) -> None:
        """Save a picture of the whole page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        await self.page.screenshot(path=path, full_page=True)


@asynccontextmanager
async def chromium(executable: str) -> AsyncIterator[Browser]:
    """Run the Chromium at `executable` without a window, on a fresh profile."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=executable, headless=True, args=FLAGS
        )
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def visit(
    browser: Browser, url: str, token: str, path: str, *, width: int, height: int
) -> AsyncIterator[Visit]:
    """Open `path` of the Home Assistant at `url`, logged in with a long-lived token."""
    tokens = {
        "hassUrl": url,
        "clientId": f"{url}/",
        "access_token": token,
        "token_type": "Bearer",
        "refresh_token": "",
        "expires_in": 315_360_000,
        "expires": int(time.time() * 1000) + 315_360_000_000,
    }
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        locale="en-AU",
        timezone_id="Australia/Sydney",
    )
    stored = json.dumps(json.dumps(tokens))
    await context.add_init_script(f"localStorage.setItem('hassTokens', {stored})")
    page = await context.new_page()
    opened = Visit(page)
    _listen(opened, url)
    try:
        await page.goto(url + path, wait_until="domcontentloaded")
        yield opened
    finally:
        await context.close()


def _listen(opened: Visit, url: str) -> None:
    page, faults = opened.page, opened.faults
    local = (f"{url}/", f"{url.replace('http', 'ws', 1)}/", "data:", "blob:")

    def on_request(address: str) -> None:
        if not address.startswith(local):
            faults.append(f"foreign request: {address}")

    page.on(
        "console",
        lambda message: (
            faults.append(f"console {message.type}: {message.text}")
            if message.type in {"error", "warning"}
            else None
        ),
    )
    page.on("pageerror", lambda error: faults.append(f"page error: {error}"))
    page.on(
        "requestfailed",
        lambda request: faults.append(f"failed: {request.url} {request.failure}"),
    )
    page.on("request", lambda request: on_request(request.url))
    page.on("websocket", lambda websocket: on_request(websocket.url))
