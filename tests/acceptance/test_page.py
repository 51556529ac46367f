"""The status page in a real browser, before a running service whose passes do what its buttons say."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from bridge.ledger.conflicts import Conflict
from bridge.ledger.feeds import News
from bridge.ledger.ledger import Ledger
from fixtures.stores import lay_out
from tests.integration.test_serve_access import AUTH, SECRETS
from tests.integration.test_status import crowd
from tests.integration.test_sync_folders import put, sync
from tests.integration.test_sync_void import dispute
from tests.servers.browser import chromium, visiting
from tests.servers.service import Service, serving, until

expect.set_options(timeout=60_000)
QUICK = {"interval": 0.5}
BROKEN = {"resourceType": "Observation", "id": "broken", "status": "final"}  # without a code
WARNING = "code system 'https://lab.example' has no Coding Scheme Designator: Observation.code <b>"
VIEWS: dict[str, dict[str, Any]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 900}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 900}},
    "narrow": {"color_scheme": "light", "viewport": {"width": 360, "height": 740}},
}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def stores(tmp_path: Path) -> Path:
    lay_out(tmp_path / "data")
    return tmp_path


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Some of everything; it makes no passes, so that it stays."""
    folder = tmp_path_factory.mktemp("troubled")
    lay_out(folder / "data")
    put(folder, BROKEN)
    dispute(folder)
    ledger = Ledger(f"sqlite:///{folder}/bridge.db", time.time, reading=True)
    ledger.pauses.pause("fhir-dicom", "7 of 9 are gone at once <img src=x onerror=alert(1)>")
    for key in ("Observation/7", "Observation/8"):
        ledger.work.suspect("fhir-dicom", "fhir", key)
    ledger.feeds.take_in("old<i>", "fhir", [News("Observation/9", "1", ("Observation/9",))])
    ledger.close()
    with sqlite3.connect(folder / "bridge.db") as database:
        database.execute("UPDATE link SET revision = ''")
        database.execute("UPDATE link SET warnings = ?", (f"{WARNING}\nno identifier of the patient",))
    database.close()
    with serving(folder, {"serve": {"rate": 1000}}, "--no-sync") as service:
        yield service


def shown(service: Service) -> set[str]:
    """States of what is not in step."""
    return {one["state"] for one in service.get("/status")["reasons"]}


@pytest.mark.parametrize("view", VIEWS)
def test_it_shows_what_is_wrong_and_calls_nobody_else(browser: Browser, troubled: Service, view: str) -> None:
    with visiting(browser, troubled.base, **VIEWS[view]) as (page, noted):
        expect(page.get_by_role("heading", name="Waits for a person")).to_be_visible()
        expect(page.get_by_text("<img src=x onerror=alert(1)>")).to_be_visible()  # as text
        expect(page.locator("#aside")).to_contain_text("Observation/broken")
        expect(page.get_by_role("button", name="FHIR holds")).to_be_visible()
        expect(page.get_by_text("fhir-dicom resend fhir-dicom --outdated")).to_be_visible()
        expect(page.get_by_role("button", name="Look again at what of fhir-dicom is outdated")).to_be_visible()
        expect(page.get_by_role("heading", name="old<i>")).to_be_visible()
        expect(page.locator("#routes")).to_contain_text("Configured no more: 1 not in step, which no pass looks at.")
        expect(page.get_by_role("heading", name="In step, with warnings")).to_be_visible()
        expect(page.locator("#warned")).to_contain_text(WARNING)
        expect(page.locator("#warned")).to_contain_text("7 documents, such as DiagnosticReport/")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), "it scrolls sideways"
        assert page.evaluate(CONTRASTS) == [], "text that is hard to read"
        assert page.evaluate(NAMELESS) == [], "controls that a screen reader cannot name"
        assert noted == []


def test_the_way_of_a_document_by_keyboard_alone(browser: Browser, troubled: Service) -> None:
    with visiting(browser, troubled.base) as (page, noted):
        expect(page.locator("#state")).to_contain_text("for a person")
        root = troubled.get("/conflicts")[0]["resource"]
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        for _ in range(40):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.id") == "key":
                break
        page.keyboard.type(root)
        page.keyboard.press("Enter")
        steps = page.locator(".steps li")
        expect(steps.first).to_contain_text("Written to")
        expect(page.locator(".way")).to_contain_text("Both sides have news")
        page.get_by_label("Resource (").fill("Observation/<b>nobody")
        page.keyboard.press("Enter")
        expect(page.locator("#found")).to_contain_text("knows no document")
        assert noted == []


def test_a_verdict_is_carried_out(browser: Browser, stores: Path) -> None:
    dispute(stores)
    with serving(stores, QUICK) as service, visiting(browser, service.base) as (page, noted):
        page.get_by_role("button", name="PACS holds").click()
        page.get_by_role("button", name="Cancel").click()
        assert len(service.get("/conflicts")) == 1, "who is not sure decides nothing"
        page.get_by_role("button", name="PACS holds").click()
        page.locator("#sure").get_by_role("button", name="PACS holds").click()
        expect(page.locator("#said")).to_contain_text("PACS holds, from the next pass on")
        expect(page.locator("#state")).to_have_text("In step")
        texts = [json.loads(one.read_bytes()) for one in (stores / "data/fhir/Observation").glob("*.json")]
        assert any(one.get("valueString") == "by PACS" for one in texts)
        assert noted == []


@pytest.fixture
def shared(tmp_path: Path) -> Iterator[Service]:
    """Two FHIR servers beside one archive: the same instance is in conflict on one route, and held on the other."""
    stores: dict[str, Any] = {name: {"kind": "folder", "path": name, "holds": "fhir"} for name in ("one", "two")}
    stores["pacs"] = {"kind": "folder", "path": "pacs", "holds": "dicom"}
    for name in stores:
        (tmp_path / name).mkdir()
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    ledger.conflicts.keep(Conflict("d", "one-pacs", "Observation/1", "pacs", "instance-1", "c", "d"))
    for route, reason in (("one-pacs", "both sides have news"), ("two-pacs", "whose is it?")):
        ledger.work.owe(route, "pacs", "instance-1")
        (work,) = ledger.work.claim(route, "pacs", 1)
        ledger.work.put_off(work, "held", reason)
    ledger.close()
    routes = [{"between": ["one", "pacs"]}, {"between": ["two", "pacs"]}]
    with serving(tmp_path, {"stores": stores, "routes": routes}, "--no-sync") as service:
        yield service


def test_what_another_route_holds_is_shown_beside_a_conflict(browser: Browser, shared: Service) -> None:
    with visiting(browser, shared.base) as (page, noted):
        expect(page.locator("#state")).to_have_text("2 wait for a person")
        expect(page.locator("#conflicts")).to_contain_text("route one-pacs")
        expect(page.locator("#aside li")).to_have_count(1)
        expect(page.locator("#aside")).to_contain_text("whose is it?")
        expect(page.locator("#aside")).to_contain_text("route two-pacs")
        ids = page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
        assert len(ids) == len(set(ids))
        assert noted == []


def test_very_much_is_counted_and_the_first_of_each_kind_shown(browser: Browser, tmp_path: Path) -> None:
    """What is held in a conflict is that conflict, and in nothing's way."""
    lay_out(tmp_path / "data")
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    crowd(ledger, conflicts=520, held=510, dead=3, owed=700)
    ledger.close()
    with serving(tmp_path, {}, "--no-sync") as service, visiting(browser, service.base) as (page, noted):
        expect(page.locator("#state")).to_have_text("1,033 wait for a person")
        for rows, more in (
            ("#conflicts", "… and 471 more: fhir-dicom conflicts --limit lists them."),
            ("#aside", "… and 463 more: fhir-dicom status --limit lists them."),
            ("#owed", "… and 650 more: fhir-dicom status --limit lists them."),
        ):
            expect(page.locator(f"{rows} > li")).to_have_count(51)
            expect(page.locator(f"{rows} > li").last).to_have_text(more)
        expect(page.locator("#aside")).not_to_contain_text("both sides have news")
        assert noted == []


def test_a_verdict_is_shown_and_overruled_by_who_saw_it_alone(browser: Browser, shared: Service) -> None:
    with visiting(browser, shared.base) as (page, noted):
        page.get_by_role("button", name="PACS holds").click()
        (undecided,) = shared.get("/conflicts")
        assert shared.request("POST", f"/conflicts/{undecided['name']}", json={"holds": "fhir"}).status_code == 200
        page.locator("#sure").get_by_role("button", name="PACS holds").click()
        expect(page.locator("#refused")).to_contain_text("or it is decided")
        assert [one["verdict"] for one in shared.get("/conflicts")] == ["fhir"], "nobody overruled it unseen"
        expect(page.locator("#conflicts")).to_contain_text("FHIR holds, from the next pass on")
        expect(page.locator("#state")).to_have_text("1 waits for a person")
        expect(page.get_by_role("button", name="FHIR holds")).to_have_count(0)
        assert page.evaluate(CONTRASTS) == [], "text that is hard to read"
        page.get_by_role("button", name="PACS holds").click()
        expect(page.locator("#sure-what")).to_contain_text("Somebody has decided that FHIR holds.")
        page.locator("#sure").get_by_role("button", name="PACS holds").click()
        expect(page.locator("#conflicts")).to_contain_text("PACS holds, from the next pass on")
        assert noted == []


def test_a_dead_letter_is_tried_again(browser: Browser, stores: Path) -> None:
    with serving(stores, {"interval": 3600}) as service, visiting(browser, service.base) as (page, noted):
        until(lambda: service.get("/health")["passes"]["made"])
        put(stores, BROKEN)
        page.get_by_role("button", name="Make a pass now").click()
        expect(page.locator("#aside")).to_contain_text("dead letter")
        put(stores, BROKEN | {"code": {"text": "Pain"}})
        page.get_by_role("button", name="Retry Observation/broken").click()
        expect(page.locator("#state")).to_have_text("In step")
        assert noted == []


def test_what_was_deleted_on_purpose_is_carried_over(browser: Browser, stores: Path) -> None:
    sync(stores)
    for file in list((stores / "data/fhir/Observation").glob("*.json")) + list(
        (stores / "data/fhir/DiagnosticReport").glob("*.json")
    ):
        file.unlink()
    with serving(stores, {"interval": 3600}) as service, visiting(browser, service.base) as (page, noted):
        page.get_by_role("button", name="what looks deleted was deleted").click()
        page.locator("#sure").get_by_role("button", name="They were deleted").click()
        expect(page.locator("#said")).to_contain_text("deletions are carried over")
        until(lambda: not service.get("/status")["paused"] and not service.get("/status")["absent"])
        until(lambda: service.get("/status")["owed"] == 0)
        assert noted == []


def test_a_verdict_on_an_older_pause_is_refused(browser: Browser, stores: Path) -> None:
    """Somebody has mended what was asked about, while the dialog was open; and then something else went."""
    for number in range(12):
        put(stores, BROKEN | {"id": f"many-{number:02}", "code": {"text": "Pain"}, "valueInteger": number})
    sync(stores)
    folder, away = stores / "data/fhir/Observation", stores / "away"
    away.mkdir()
    for number in range(4):
        (folder / f"many-{number:02}.json").rename(away / f"many-{number:02}.json")
    with serving(stores, QUICK) as service, visiting(browser, service.base) as (page, noted):
        page.get_by_role("button", name="what looks deleted was deleted").click()
        expect(page.locator("#sure-what")).to_contain_text("4 of fhir-dicom look deleted, such as Observation/many-00")
        for file in away.iterdir():
            file.rename(folder / file.name)
        service.request("POST", "/resume", json={"route": "fhir-dicom"})
        until(lambda: not service.get("/status")["paused"] and not service.get("/status")["absent"])
        for number in range(6, 10):
            (folder / f"many-{number:02}.json").unlink()
        until(lambda: service.get("/status")["paused"])
        page.locator("#sure").get_by_role("button", name="They were deleted").click()
        expect(page.locator("#refused")).to_contain_text("there is no such pause (any more)")
        found = service.get("/status")
        assert (found["paused"]["fhir-dicom"]["absent"], found["absent"]) == (4, 4), "nothing was decided"
        page.get_by_role("button", name="what looks deleted was deleted").click()
        expect(page.locator("#sure-what")).to_contain_text("4 of fhir-dicom look deleted, such as Observation/many-06")
        page.locator("#sure").get_by_role("button", name="They were deleted").click()
        expect(page.locator("#said")).to_contain_text("4 deletions are carried over")
        expect(page.locator("#refused")).to_be_hidden()
        until(lambda: service.get("/status")["owed"] == service.get("/status")["absent"] == 0)
        assert noted == []


def test_what_the_filters_leave_alone_is_said(browser: Browser, stores: Path) -> None:
    """A misspelled one carries nothing, and nothing is owed."""
    data = {name: {"kind": "folder", "path": f"data/{name}", "holds": name} for name in ("fhir", "dicom")}
    only = {"categories": ["labratory"], "templates": ["9999"]}
    keys = {"stores": data, "routes": [{"between": ["fhir", "dicom"], "only": only}]}
    with serving(stores, QUICK | keys) as service, visiting(browser, service.base) as (page, noted):
        until(lambda: service.get("/health")["passes"]["outside"] and service.get("/health")["passes"]["made"] > 2)
        outside = service.get("/health")["passes"]["outside"]
        expect(page.locator("#pass")).to_contain_text(f"outside of what `only` carries: {outside}")
        assert noted == []


def test_a_store_that_does_not_tell_its_news_is_not_in_step(browser: Browser, stores: Path) -> None:
    """A file that cannot be read, as on a damaged disk: what else is new in that folder is not known."""
    damaged = stores / "data/fhir/Observation/damaged.json"
    with serving(stores, QUICK | {"reconcile": 1}) as service, visiting(browser, service.base) as (page, noted):
        expect(page.locator("#state")).to_have_text("In step")
        damaged.symlink_to("/proc/self/mem")
        expect(page.locator("#state")).to_contain_text("does not tell its news")
        expect(page.locator("#owed")).to_contain_text("Observation/damaged cannot be read")
        assert page.evaluate(CONTRASTS) == [], "text that is hard to read"
        damaged.unlink()
        expect(page.locator("#state")).to_have_text("In step")
        assert noted == []


def test_what_is_outdated_is_looked_at_again(browser: Browser, stores: Path) -> None:
    sync(stores)
    with sqlite3.connect(stores / "bridge.db") as database:
        database.execute("UPDATE link SET revision = ''")
    database.close()
    with serving(stores, {"interval": 3600}) as service, visiting(browser, service.base) as (page, noted):
        page.get_by_role("button", name="Look again at what of fhir-dicom is outdated").click()
        expect(page.locator("#said")).to_contain_text("looked at again")
        until(lambda: service.get("/status")["outdated"] == {})
        assert noted == []


def test_a_route_is_paused_and_resumed(browser: Browser, stores: Path) -> None:
    with serving(stores, QUICK) as service, visiting(browser, service.base) as (page, _):
        page.get_by_role("button", name="Pause the route fhir-dicom").first.click()
        expect(page.locator("#paused")).to_contain_text("by somebody on this machine")
        page.get_by_role("button", name="Resume fhir-dicom").click()
        expect(page.locator("#state")).to_have_text("In step")


def sign_in(page: Page, token: str) -> None:
    page.get_by_label("Token", exact=True).fill(token)
    page.get_by_role("button", name="Sign in").click()


def test_who_signs_in_sees_what_they_may(browser: Browser, stores: Path) -> None:
    put(stores, BROKEN)
    keys = QUICK | {"serve": {"auth": AUTH}}
    with serving(stores, keys, environment=SECRETS) as service, visiting(browser, service.base) as (page, noted):
        sign_in(page, "wrong")
        expect(page.locator("#sign-in-why")).to_contain_text("not, or no longer, agreed on")
        sign_in(page, SECRETS["READ"])
        expect(page.locator("#aside")).to_contain_text("Observation/broken")
        expect(page.get_by_role("button", name="Retry")).to_have_count(0)
        page.reload()
        expect(page.locator("#aside")).to_contain_text("Observation/broken")
        assert SECRETS["READ"] not in page.url and page.evaluate("document.cookie + localStorage.length") == "0"
        page.get_by_role("button", name="Sign out").click()
        sign_in(page, SECRETS["OPERATE"])
        expect(page.get_by_role("button", name="Retry Observation/broken")).to_be_visible()
        assert noted == []


NAMELESS = """() => [...document.querySelectorAll('button, input, progress, a')].filter((one) =>
  one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() || one.labels?.length)).map((one) => one.outerHTML)
"""
CONTRASTS = """() => {
  // WCAG 2.1, 1.4.3: 4.5 to 1, of every visible text on what is behind it
  const parts = (color) => color.match(/[\\d.]+/g).map(Number);
  const light = (color) => parts(color).slice(0, 3)
    .map((one) => (one /= 255) <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)
    .reduce((sum, one, at) => sum + one * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (one) => {
    while (one && parts(getComputedStyle(one).backgroundColor)[3] === 0) one = one.parentElement;
    return one ? getComputedStyle(one).backgroundColor : 'rgb(255, 255, 255)';
  };
  const texts = [...document.querySelectorAll('body *')].filter((one) => one.checkVisibility() &&
    [...one.childNodes].some((child) => child.nodeType === 3 && child.textContent.trim()));
  return texts.flatMap((one) => {
    const [low, high] = [light(getComputedStyle(one).color), light(behind(one))].sort((a, b) => a - b);
    const ratio = (high + 0.05) / (low + 0.05);
    return ratio < 4.5 ? [`${ratio.toFixed(1)} ${one.tagName} ${one.className} ${one.textContent}`] : [];
  });
}"""
