"""What each side of a linked document has to say, and whose word holds."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum

from bridge.ledger.conflicts import BOTH, CIRCLE, Conflict
from bridge.ledger.ledger import Ledger
from bridge.ledger.link import GONE, OUTDATED, RETRACTED, UNKNOWN, VOID, Link
from bridge.model.group import Resource
from bridge.stores.store import Stored
from bridge.sync.basis.failpoint import failpoint
from bridge.sync.basis.held import Held
from bridge.sync.basis.owe import owe_fhir
from bridge.sync.basis.route import Route
from bridge.sync.decision.content import is_void, resources_digest
from bridge.sync.decision.decide import Act, Decision, decide
from bridge.sync.decision.news import news


class Doubt(Enum):
    """Why a person is asked of a version in the PACS, whatever the table says."""

    CIRCLE = "it says once more what was carried several times"
    ANEW = "it does not give back the resources that it was made of"


def state_of(root: str, keys: Iterable[str], present: dict[str, Stored[Resource]]) -> str:
    """State of the FHIR side, as in `Present.state`, of a document with that root and those keys."""
    if root not in present:
        return GONE
    own = [present[key].item for key in keys if key in present]
    return RETRACTED if is_void(present[root].item, own) else resources_digest(own)


def state_since(route: Route, ledger: Ledger, link: Link, present: dict[str, Stored[Resource]]) -> str:
    """State of the FHIR side, but for what another document has brought there meanwhile: that is no news of this
    one."""
    state = state_of(link.root, link.versions, present)
    edited = [key for key, version in link.versions.items() if key in present and present[key].version != version]
    if state in VOID or not edited or link.root in edited or link.versions.keys() - present.keys():
        return state
    _, back = ledger.feeds.neighbours(route.name, route.fhir.name, edited)
    found = (ledger.links.of(route.name, source) for source in sorted({source for source, _ in back}))
    others = [one for one in found if one is not None and one.document != link.document]
    said = {item for one in others for item in one.versions.items()}
    return link.fhir_digest if said.issuperset((key, present[key].version) for key in edited) else state


def decided(
    route: Route,
    ledger: Ledger,
    link: Link,
    here: str,
    there: str,
    instance: str,
    doubt: Doubt | None = None,
) -> Decision:
    """What to do, by the table, the route's policy, and what a person said of exactly these two states: `here` in FHIR,
    `there` in the PACS. In `doubt` that person alone decides, whichever side has news. Raises Held on a conflict, which
    is kept."""
    conflict = Conflict(
        document=link.document,
        route=route.name,
        root=link.root,
        store=route.dicom.name,
        instance=instance,
        fhir=here,
        dicom=there,
        circle=doubt is Doubt.CIRCLE,
    )
    verdict = ledger.conflicts.verdict(conflict)
    policy = route.policy._replace(conflicts=verdict) if verdict else route.policy
    if policy.conflicts == "dicom" and not verdict and link.dicom_digest == OUTDATED:  # the PACS has said nothing
        policy = policy._replace(conflicts="hold")
    if doubt and not verdict:
        policy = policy._replace(conflicts="hold")
    decision = decide(news(UNKNOWN if doubt else link.fhir_digest, here), news(link.dicom_digest, there), policy)
    if decision.act is Act.CONFLICT:
        ledger.conflicts.keep(conflict)
        why = BOTH if doubt is None else f"{BOTH}{_WHY[doubt].format(route=route, link=link)}"
        raise Held(f"{why}; decide by `fhir-dicom conflicts {conflict.name} --holds fhir|dicom`")
    return decision


_WHY = {
    Doubt.CIRCLE: f", {CIRCLE}: {{route.name}} has carried the same from {{route.dicom.name}} to {{route.fhir.name}} "
    "several times before",
    Doubt.ANEW: ": what {link.root} became was edited so that it does not come back: all would be void, and made again",
}


def acknowledged(route: Route, ledger: Ledger, link: Link) -> str:
    """Agrees on what the PACS says, though FHIR holds, and owes the FHIR side, which is looked at against that."""
    owe_fhir(route, ledger, link.root)
    ledger.links.agree(link, [link.head])
    failpoint("agreed")
    return "overruled"
