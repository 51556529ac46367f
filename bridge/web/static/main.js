// The status page: asks, shows, and does what a person decides.
import { Refused, get, post, token } from "./api.js";
import { at, fill, make, sure, tell } from "./dom.js";
import { SHOWN, show } from "./status.js";
import { way } from "./way.js";
import { WORLDS, number } from "./words.js";

const EVERY = 5000; // milliseconds

async function refresh() {
  try {
    const asked = ["/caller", `/status?limit=${SHOWN}`, `/conflicts?limit=${SHOWN}`];
    const [caller, status, conflicts] = await Promise.all(asked.map(get));
    tell("fault", "");
    at("leave").hidden = !token.is();
    show(status, conflicts, caller, act);
  } catch (error) {
    refusal(error);
  }
}

function refusal(error, where = "fault") {
  if (!(error instanceof Refused)) throw error;
  if (error.status === 401) return signIn(token.is() ? error.message : "");
  tell(where, error.message);
}

function signIn(why) {
  token.forget();
  if (why) at("sign-in-why").textContent = why;
  if (!at("sign-in").open) at("sign-in").showModal();
}

// What was refused stays to be read; what it was about may have changed.
async function done(what, request) {
  tell("refused", "");
  tell("said", "");
  try {
    tell("said", what(await request()));
  } catch (error) {
    refusal(error, "refused");
  }
  await refresh();
}

// Of routes that no pass looks at.
function but(idle) {
  return Object.entries(idle).map(([route, why]) => `; but ${route} ${why}`).join("");
}

const act = {
  retry(key) {
    return done(({ owed, idle }) => `${owed} owed again${but(idle) || "; a pass tries it now"}.`, () => post("/retry", key ? { key } : {}));
  },

  renew(route) {
    const said = ({ owed, idle }) => `${owed} looked at again; what would be something else is written again${but(idle)}.`;
    return done(said, () => post("/resend", { route, outdated: true }));
  },

  pause(route) {
    return done(() => `${route} is paused; what is under way is finished.`, () => post("/pause", { route }));
  },

  async resume(route, pause, deleted) {
    const some = `${number(pause.absent)} of ${route} look deleted, such as ${pause.some.join(", ")}.`;
    const what = `${some} The other side follows, as the route says: there they are marked as wrong, or removed.`;
    if (deleted && !(await sure("Were they deleted on purpose?", what, "They were deleted"))) return;
    const follows = deleted ? "deletions are carried over" : "are asked for again";
    const said = ({ absent }) => `${route} is resumed; ${absent} ${follows}.`;
    await done(said, () => post("/resume", { route, pause: pause.name, deleted }));
  },

  async decide({ name, route, resource, verdict }, side) {
    const [winner, other] = side === "fhir" ? ["FHIR", "PACS"] : ["PACS", "FHIR server"];
    const before = verdict ? `Somebody has decided that ${WORLDS[verdict]} holds. ` : "";
    const what = `${before}The next pass writes the news of the ${winner} side over those of the ${other}: ${resource}, route ${route}.`;
    if (!(await sure(`${winner} holds?`, what, `${winner} holds`))) return;
    const path = `/conflicts/${encodeURIComponent(name)}`;
    await done(({ idle }) => `${resource}: ${winner} holds, from the next pass on${but(idle)}.`, () => post(path, { holds: side }));
  },
};

at("wake").addEventListener("click", () => done(() => "A pass is being made.", () => post("/wake")));
at("retry-all").addEventListener("click", () => act.retry());
at("leave").addEventListener("click", () => {
  token.forget();
  location.reload(); // nothing stays on the page
});
at("sign-in").addEventListener("cancel", (event) => event.preventDefault());
at("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  token.set(at("token").value.trim());
  at("token").value = "";
  at("sign-in").close();
  refresh();
});
at("look").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    const found = await post("/documents", { key: at("key").value.trim().replace(/^urn:oid:/, "") });
    const nothing = make("p", { class: "quiet" }, "The ledger knows no document of that key.");
    fill(at("found"), found.length ? found.map(way) : [nothing]);
  } catch (error) {
    refusal(error);
  }
});

refresh();
setInterval(() => document.hidden || at("sign-in").open || at("sure").open || refresh(), EVERY);
