"""Whose news passes could not take in, and since when."""

from __future__ import annotations

from pathlib import Path

from bridge.ledger.ledger import Ledger
from bridge.sync.summary import News, Summary
from bridge.web.meters import Meters
from bridge.web.unheard import Unheard, unheard_after

EHR: News = ("ehr-pacs", ("ehr",))
PACS: News = ("ehr-pacs", ("pacs",))
BOTH: News = ("ehr-pacs", ("ehr", "pacs"))


def after(*summaries: Summary) -> dict[News, Unheard]:
    """Passes at 1, 2, 3, ... seconds."""
    found: dict[News, Unheard] = {}
    for number, summary in enumerate(summaries, 1):
        found = unheard_after(found, summary, number)
    return found


def test_it_is_so_since_the_first_pass_in_a_row() -> None:
    first = Summary(heard={EHR: "ehr: 403", PACS: None})
    again = Summary(heard={EHR: "ehr: 401", PACS: None})
    assert after(first, again) == {EHR: Unheard("ehr-pacs", ("ehr",), "ehr: 401", 1)}
    assert after(first, Summary(heard={EHR: None}), again)[EHR].since == 3
    assert after(first, Summary(heard={EHR: None, PACS: None})) == {}


def test_what_a_pass_does_not_try_is_as_it_was() -> None:
    """A comparison is not made by every pass; another process may take in the news; a pass may break."""
    assert after(Summary(heard={BOTH: "pacs: 403"}), Summary(heard={EHR: None, PACS: None}), Summary()) == {
        BOTH: Unheard("ehr-pacs", ("ehr", "pacs"), "pacs: 403", 1)
    }


def test_of_a_paused_route_its_pause_is_said() -> None:
    refused = Summary(heard={EHR: "ehr: 403", ("other", ("ehr",)): "ehr: 403"})
    assert list(after(refused, Summary(paused={"ehr-pacs"}))) == [("other", ("ehr",))]


def test_a_store_that_is_not_heard_is_behind_for_as_long(tmp_path: Path) -> None:
    ledger = Ledger(f"sqlite:///{tmp_path}/bridge.db")
    meters = Meters([("ehr-pacs", "ehr"), ("ehr-pacs", "pacs")])
    lines = meters.page(ledger, (), [Unheard("ehr-pacs", ("ehr",), "ehr: 403", 1)]).decode().splitlines()
    found = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    for name in ("fhir_dicom_unheard_seconds", "fhir_dicom_lag_seconds"):
        assert float(found[f'{name}{{route="ehr-pacs",store="ehr"}}']) > 1e9
        assert float(found[f'{name}{{route="ehr-pacs",store="pacs"}}']) == 0
    ledger.close()
