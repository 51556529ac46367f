"""Agreed tokens: by a token it is known who somebody is, and what they may; so each is of one, and not guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from bridge.errors import UsageError
from bridge.settings.settings import settings
from bridge.web.caller import Caller
from bridge.web.callers import LEAST, callers_of, same_secret
from bridge.web.outcome import Refused

GOOD, OTHER, HOOK = "correct-horse-battery", "another-horse-battery", "the-horse-that-wakes"


def configured(folder: Path, *, other: str = "it-department") -> Path:
    rows = f"[{{name: night-shift, role: operate, token: {{file: {folder}/night}}}}, "
    rows += f"{{name: {other}, role: admin, token: {{file: {folder}/admin}}}}]"
    hooks = f"{{fhir: {{file: {folder}/hook}}}}"
    (folder / "bridge.yaml").write_text(f"serve: {{auth: {{kind: tokens, tokens: {rows}}}, hooks: {hooks}}}")
    for name, secret in {"night": GOOD, "admin": OTHER, "hook": HOOK}.items():
        (folder / name).write_text(secret)
    return folder / "bridge.yaml"


@pytest.mark.parametrize(
    ("file", "secret", "said"),
    [
        ("admin", GOOD, "it-department: it has the token of night-shift; make one of its own with `openssl"),
        ("admin", f"{GOOD}\n", "it-department: it has the token of night-shift"),
        ("admin", "a" * 15, f"it-department: its token has less than {LEAST} characters; make one with"),
        ("hook", OTHER, "it-department: it has the token of the hook of fhir"),
        ("hook", "a" * 15, f"serve.hooks.fhir: its secret has less than {LEAST} characters; make one with `openssl"),
    ],
)
def test_a_token_of_two_or_one_to_guess_is_refused_at_the_start(
    tmp_path: Path, file: str, secret: str, said: str
) -> None:
    found = settings(configured(tmp_path))
    callers_of(found.serve)
    (tmp_path / file).write_text(secret)
    with pytest.raises(UsageError, match=said) as refused:
        callers_of(found.serve)
    assert secret.strip() not in str(refused.value)


@pytest.mark.parametrize(("name", "said"), [("night-shift", "two are called 'night-shift'"), ('" "', "has no name")])
def test_who_cannot_be_told_apart_in_the_audit_trail_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        settings(configured(tmp_path, other=name))


def test_a_token_that_a_renewal_gave_to_two_or_made_short_is_nobodys(tmp_path: Path) -> None:
    callers = callers_of(settings(configured(tmp_path)).serve)
    assert callers.of(GOOD) == Caller("night-shift", "operate")
    (tmp_path / "admin").write_text(GOOD)
    with pytest.raises(Refused, match="several names"):
        callers.of(GOOD)
    (tmp_path / "admin").write_text("a")
    with pytest.raises(Refused, match="agreed on"):
        callers.of("a")
    (tmp_path / "hook").write_text(GOOD)  # which stands in its store, for whoever may read that
    with pytest.raises(Refused, match="or of a hook"):
        callers.of(GOOD)
    (tmp_path / "hook").write_text(HOOK)
    (tmp_path / "admin").unlink()  # half of a renewal
    with pytest.raises(Refused, match="agreed on"):
        callers.of("whoever-comes-along")
    (tmp_path / "admin").write_text(OTHER)
    assert [callers.of(one).role for one in (GOOD, OTHER)] == ["operate", "admin"]


def test_a_hook_needs_a_secret_that_is_not_guessed_whoever_may_come(tmp_path: Path) -> None:
    (tmp_path / "bridge.yaml").write_text(f"serve: {{hooks: {{fhir: {{file: {tmp_path}/hook}}}}}}")
    (tmp_path / "hook").write_text(HOOK)
    service = settings(tmp_path / "bridge.yaml").serve
    callers_of(service)
    assert same_secret(HOOK, service.hooks["fhir"]) and not same_secret(f"{HOOK}x", service.hooks["fhir"])
    (tmp_path / "hook").write_text("a" * 15)
    assert not same_secret("a" * 15, service.hooks["fhir"]), "it was renewed"
    with pytest.raises(UsageError, match=f"serve.hooks.fhir: its secret has less than {LEAST} characters"):
        callers_of(service)
