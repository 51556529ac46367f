"""The system's Chromium, without a window, with a fresh profile, and what it complained about."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
_QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, headless=True, args=_QUIET)
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visiting(browser: Browser, url: str, **said: Any) -> Iterator[tuple[Page, list[str]]]:
    """A page in a context of its own; and every address called, every refusal of the Content Security Policy, and every
    error of a script."""
    context = browser.new_context(locale="en-GB", timezone_id="UTC", **said)
    page = context.new_page()
    page.set_default_timeout(60_000)
    noted: list[str] = []
    page.on("pageerror", lambda error: noted.append(f"error: {error}"))
    page.on("console", lambda one: noted.append(f"console: {one.text}") if "Security Policy" in one.text else None)
    page.on("request", lambda one: None if one.url.startswith(url) else noted.append(f"foreign: {one.url}"))
    try:
        page.goto(url)
        yield page, noted
    finally:
        context.close()
