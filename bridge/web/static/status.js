// What is in step, what is owed and why, and what a person can do about it.
import { at, button, fill, make } from "./dom.js";
import { SIDES, STATES, WORLDS, ago, number, time } from "./words.js";

const ROLES = ["read", "operate", "admin"];
const HELD = "a person decides, of conflicts too";
export const SHOWN = 50; // rows of one list

// `act` is told what to do; buttons are shown to those who may.
export function show(status, conflicts, caller, act) {
  const may = (role) => ROLES.indexOf(caller.role) >= ROLES.indexOf(role);
  const { person, pass } = status.waits_for; // what is held in a conflict is shown as that
  const reasons = (what) => status.reasons.filter((one) => one.waits_for === what);
  const paused = Object.entries(status.paused);
  head(status, status.for_a_person);
  fill(at("numbers"), numbers(status));
  fill(at("paused"), paused.map(([route, pause]) => ofPause(route, pause, may, act)));
  fill(at("conflicts"), ofAll(conflicts.map((one) => ofConflict(one, may, act)), status.conflicts, "conflicts --limit"));
  fill(at("aside"), ofAll(reasons("person").map((one) => ofWork(one, may, act)), person, "status --limit"));
  const down = Object.entries(status.down ?? {}).map(([store, why]) => row("down", "bad", store, [why], []));
  const unheard = (status.unheard ?? []).map(ofUnheard);
  const owed = reasons("pass").map((one) => ofWork(one, () => false, act));
  fill(at("owed"), [...down, ...unheard, ...ofAll(owed, pass, "status --limit")]);
  fill(at("warned"), status.warned.most.map(ofWarning));
  const retired = Object.entries(status.retired).map(([route, many]) => ofRetired(route, many));
  fill(at("routes"), [...status.routes.map((route) => ofRoute(route, status, may, act)), ...retired]);
  at("person").hidden = !(paused.length + conflicts.length + person);
  at("warnings").hidden = !status.warned.number;
  at("late").hidden = !(down.length + unheard.length + pass);
  at("retry-all").hidden = !(may("operate") && person);
  at("wake").hidden = !(may("operate") && status.passes);
}

// Two routes may have the same key, of one store or of two.
function of(route, ...keys) {
  return [route, ...keys].join("|");
}

function head({ passes, owed, progress, down = {}, unheard = [] }, decisions) {
  const known = progress.some((one) => one.seen);
  const away = Object.keys(down);
  const [tone, text] = passes && !passes.alive ? ["bad", "No passes are made: start the service again"]
    : decisions ? ["bad", `${number(decisions)} ${decisions === 1 ? "waits" : "wait"} for a person`]
    : passes?.broken ? ["bad", "The last pass broke"]
    : away.length ? ["bad", `${away.join(", ")}: down`]
    : unheard.length ? ["bad", silence(unheard[0])]
    : owed ? ["busy", `${number(owed)} owed`]
    : passes?.faults ? ["bad", "The last pass had faults: see the log"]
    : known ? ["good", "In step"] : ["quiet", "Nothing seen yet"];
  if (at("state").textContent !== text) at("state").textContent = text;
  at("state").dataset.tone = tone;
  document.title = `${text} · FHIR-DICOM bridge`;
  at("pass").textContent = !passes ? "This process makes no passes"
    : passes.last ? `${number(passes.made)} ${passes.made === 1 ? "pass" : "passes"}, the last ${ago(passes.last * 1000)}${leftOut(passes)}`
    : "The first pass is under way";
}

function leftOut({ outside }) {
  return outside ? `; looked at since the start, and outside of what \`only\` carries: ${number(outside)}` : "";
}

function numbers(status) {
  const { fhir = 0, dicom = 0 } = status.linked;
  return [
    card("In step", fhir + dicom, `${number(fhir)} born in FHIR, ${number(dicom)} in DICOM`, "good"),
    card("Owed", status.owed, "tried by the next passes", status.owed ? "busy" : ""),
    card("Conflicts", status.conflicts, "both sides have news", status.conflicts ? "bad" : ""),
    card("Held", status.held, status.blocked ? `${HELD}; ${number(status.blocked)} wait for that` : HELD, status.held ? "bad" : ""),
    card("Dead letters", status.dead, "waiting does not help", status.dead ? "bad" : ""),
    card("Look deleted", status.absent, "asked for again", status.absent ? "busy" : ""),
  ];
}

function card(name, value, note, tone) {
  return make("div", { class: "card", "data-tone": tone || null },
    make("dt", {}, name), make("dd", { class: "value" }, number(value)), make("dd", { class: "quiet" }, note));
}

function row(tag, tone, title, lines, buttons) {
  const shown = buttons.filter(Boolean);
  return make("li", {},
    make("div", { class: "what" },
      make("p", {}, make("span", { class: "tag", "data-tone": tone }, tag), " ", make("strong", {}, title)),
      lines.filter(Boolean).map((line) => make("p", { class: "quiet" }, line))),
    shown.length ? make("div", { class: "actions" }, shown) : null);
}

// Buttons are called by the name of the pause: another one has buttons of its own, however like it looks.
function ofPause(route, pause, may, act) {
  const { name, reason, since, absent } = pause;
  const gone = reason.startsWith("by ") ? 0 : absent;
  const lines = [reason, `Since ${time(since)}${gone ? `; ${number(gone)} look deleted` : ""}.`];
  return row("paused", "bad", route, lines, [
    may("operate") && button(`resume-${name}`, "Resume", () => act.resume(route, pause, false), { label: `Resume ${route}` }),
    may("admin") && gone > 0 && button(`deleted-${name}`, "They were deleted", () => act.resume(route, pause, true),
      { label: `Resume ${route}: what looks deleted was deleted`, plain: true }),
  ]);
}

function ofConflict(one, may, act) {
  const states = `FHIR: ${SIDES[one.fhir] ?? one.fhir}. PACS: ${SIDES[one.dicom] ?? one.dicom}. Since ${time(one.since)}.`;
  const holds = (side) => may("admin") && side !== one.verdict && button(`${side}-${one.name}`, `${WORLDS[side]} holds`,
    () => act.decide(one, side), { label: `${WORLDS[side]} holds for ${one.resource}`, plain: Boolean(one.verdict) });
  const decided = one.verdict && `${WORLDS[one.verdict]} holds, from the next pass on.`;
  return row(decided ? "decided" : "conflict", decided ? "busy" : "bad", one.resource,
    [states, `SR ${one.instance}, route ${one.route}`, decided], [holds("fhir"), holds("dicom")]);
}

function ofWork(one, may, act) {
  const tries = one.attempts === 1 ? "1 try" : `${number(one.attempts)} tries`;
  const tone = { held: "busy", dead: "bad" }[one.state] ?? "quiet";
  return row(STATES[one.state] ?? one.state, tone, one.key, [one.reason, `route ${one.route}, ${one.store}, ${tries}`], [
    may("operate") && button(`retry-${of(one.route, one.store, one.key)}`, "Retry", () => act.retry(one.key),
      { label: `Retry ${one.key}`, plain: true }),
  ]);
}

// Stores that answer, and do not tell what is new.
function ofUnheard(one) {
  return row("unheard", "bad", silence(one), [one.why, `route ${one.route}, since ${time(one.since)}`], []);
}

function silence({ stores }) {
  return `${stores.join(" and ")}: ${stores.length > 1 ? "cannot be compared" : "does not tell its news"}`;
}

// Of documents that have the same warnings.
function ofWarning({ route, root, number: many, warnings }) {
  const like = many > 1 ? `${number(many)} documents, such as ${root}` : root;
  return row("in step", "busy", like, [...warnings, `route ${route}`], []);
}

// `rows` of so many in `total`; `command` lists all.
function ofAll(rows, total, command) {
  const left = total - rows.length;
  const rest = `… and ${number(left)} more: fhir-dicom ${command} lists them.`;
  return left > 0 ? [...rows, make("li", { class: "quiet" }, rest)] : rows;
}

function ofRoute(route, { progress, paused, outdated }, may, act) {
  const stores = progress.filter((one) => one.route === route);
  const pause = may("operate") && !(route in paused)
    ? button(`pause-${route}`, "Pause", () => act.pause(route), { label: `Pause the route ${route}`, plain: true })
    : null;
  return make("li", {},
    make("div", { class: "heading" }, make("h3", {}, route), pause),
    stores.length ? make("div", { class: "stores" }, stores.map(ofStore)) : make("p", { class: "quiet" }, "Nothing seen yet"),
    outdated[route] ? make("p", { class: "quiet" }, `${number(outdated[route])} translated by an earlier revision: `,
      make("code", {}, `fhir-dicom resend ${route} --outdated`), " ",
      may("operate") && button(`renew-${route}`, "Look at them again", () => act.renew(route),
        { label: `Look again at what of ${route} is outdated`, plain: true })) : null);
}

function ofRetired(route, many) {
  return make("li", {},
    make("div", { class: "heading" }, make("h3", {}, route)),
    make("p", { class: "quiet" }, `Configured no more: ${number(many)} not in step, which no pass looks at. `
      + "Configure it again with the same names of stores, or ", make("code", {}, `fhir-dicom forget ${route}`)));
}

function ofStore({ store, seen, open, since }) {
  const done = Math.max(0, seen - open);
  const percent = seen ? Math.floor((100 * done) / seen) : 100;
  const text = open ? `${number(done)} of ${number(seen)} items, ${percent} %` : `${number(seen)} items, nothing owed`;
  return make("div", {},
    make("p", {}, make("strong", {}, store), " ",
      make("span", { class: "quiet" }, text, since ? `; the oldest ${ago(since)}` : "")),
    make("progress", { max: 100, value: percent, "aria-label": `${store}: looked at` }));
}
