// The way of one document, step by step: what both sides agreed on, what is open, what was done.
import { make } from "./dom.js";
import { ACTS, STATES, time } from "./words.js";

export function way(document) {
  const { link, open, conflict, begun } = document;
  return make("article", { class: "way" },
    make("h3", {}, link ? link.root : document.document),
    facts(link),
    begun && make("p", { class: "note", "data-tone": "busy" }, `Begun and not finished: ${ACTS[begun] ?? begun}.`),
    conflict && make("p", { class: "note", "data-tone": "bad" }, "Both sides have news: a person decides."),
    open.map((one) => make("p", { class: "note", "data-tone": one.state === "dead" ? "bad" : "busy" },
      `${one.key}, ${one.store}: ${STATES[one.state] ?? one.state} since ${time(one.since)}`, one.reason ? `: ${one.reason}` : "")),
    document.done.length ? make("ol", { class: "steps" }, document.done.map(step))
      : make("p", { class: "quiet" }, "Nothing was written for it yet."));
}

function facts(link) {
  if (!link) return make("p", { class: "quiet" }, "Not in step yet: there is no agreement of both sides.");
  return make("dl", { class: "facts" },
    fact("Born in", link.born === "fhir" ? "FHIR" : "DICOM"),
    fact("Route", link.route),
    fact("Resources", Object.keys(link.versions).sort().join(", ")),
    fact("SR instance", link.instance),
    link.chain.length > 1 ? fact("Versions", `${link.chain.length}, the newest last: ${link.chain.join(", ")}`) : null);
}

function fact(name, value) {
  return make("div", {}, make("dt", {}, name), make("dd", {}, value));
}

// Of a FHIR R4 AuditEvent.
function step(event) {
  const what = event.purposeOfEvent?.[0]?.text ?? "";
  const by = event.agent?.[0]?.who?.display ?? "";
  const failed = event.outcome !== "0" ? ` (${event.outcomeDesc ?? "not done"})` : "";
  const about = (event.entity ?? []).map(({ what: one }) =>
    one.reference ?? one.identifier?.value?.replace("urn:oid:", "") ?? one.display);
  return make("li", {},
    make("p", {}, make("strong", {}, (ACTS[what] ?? what) + failed)),
    make("p", { class: "quiet" }, make("time", { datetime: event.recorded }, time(event.recorded)), ` by ${by}`),
    make("p", { class: "keys" }, about.join(", ")));
}
