// The way of one document, step by step: what both sides agreed on, what is open, what was done.
import { make } from "./dom.js";
import { ACTS, STATES, WORLDS, time } from "./words.js";

export function way(document) {
  const { link, open, conflict, begun } = document;
  return make("article", { class: "way" },
    make("h3", {}, link ? link.root : document.document),
    facts(link),
    begun && make("p", { class: "note", "data-tone": "busy" }, `Begun and not finished: ${ACTS[begun] ?? begun}.`),
    conflict && make("p", { class: "note", "data-tone": "bad" }, conflict.verdict
      ? `Both sides have news: ${WORLDS[conflict.verdict]} holds, from the next pass on.` : "Both sides have news: a person decides."),
    grouped(open).map(notDone),
    document.done.length ? make("ol", { class: "steps" }, document.done.map(step))
      : make("p", { class: "quiet" }, "Nothing was written for it yet."));
}

// Items that wait for the same reason, together.
function grouped(open) {
  const groups = new Map();
  for (const one of open) {
    const why = `route ${one.route}, ${one.store}, ${STATES[one.state] ?? one.state}${one.reason ? `: ${one.reason}` : ""}`;
    groups.set(why, [...(groups.get(why) ?? []), one]);
  }
  return [...groups];
}

function notDone([why, items]) {
  const since = items.map((one) => one.since).sort()[0];
  return make("div", { class: "note", "data-tone": items[0].state === "dead" ? "bad" : "busy" },
    make("p", {}, make("strong", {}, why), `, since ${time(since)}`), lines(items.map((one) => one.key)));
}

function lines(keys) {
  return make("ul", { class: "keys" }, keys.map((key) => make("li", {}, key)));
}

function facts(link) {
  if (!link) return make("p", { class: "quiet" }, "Not in step yet: there is no agreement of both sides.");
  return make("dl", { class: "facts" },
    fact("Born in", link.born === "fhir" ? "FHIR" : "DICOM"),
    fact("Route", link.route),
    fact("Resources", lines(Object.keys(link.versions).sort())),
    fact("SR instance", lines([link.instance])),
    link.warnings.length ? fact("Warnings of its translation", lines(link.warnings)) : null,
    link.chain.length > 1 ? fact("Versions, the newest last", lines(link.chain)) : null);
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
    one.reference?.split("/_history/")[0] ?? one.identifier?.value?.replace("urn:oid:", "") ?? one.display);
  return make("li", {},
    make("p", {}, make("strong", {}, (ACTS[what] ?? what) + failed)),
    make("p", { class: "quiet" }, make("time", { datetime: event.recorded }, time(event.recorded)), ` by ${by}`),
    lines(about));
}
