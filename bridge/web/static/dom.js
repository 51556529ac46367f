// Elements without HTML in strings: what a server says is text, whatever it holds.
export const at = (id) => document.getElementById(id);

export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value === true) made.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(name, value);
  }
  made.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return made;
}

// Put in place of what was there, unless it looks the same; who was at a button with an id stays at it.
export function fill(target, children) {
  if (target.children.length === children.length && children.every((one, at) => one.isEqualNode(target.children[at]))) return;
  const focused = target.contains(document.activeElement) ? document.activeElement.id : "";
  target.replaceChildren(...children);
  if (focused) at(focused)?.focus();
}

export function button(id, text, act, { label = text, plain = false } = {}) {
  return make("button", { id, type: "button", "aria-label": label, class: plain ? "plain" : null, onclick: act }, text);
}

export function tell(id, text) {
  at(id).hidden = !text;
  at(id).textContent = text ?? "";
}

// Resolves to whether the person is sure.
export function sure(title, what, yes) {
  at("sure-title").textContent = title;
  at("sure-what").textContent = what;
  at("sure-yes").textContent = yes;
  const dialog = at("sure");
  dialog.returnValue = "";
  dialog.showModal();
  at("sure-no").focus();
  return new Promise((done) => {
    dialog.addEventListener("close", () => done(dialog.returnValue === "yes"), { once: true });
  });
}

at("sure-form").addEventListener("submit", (event) => {
  event.preventDefault();
  at("sure").close("yes");
});
at("sure-no").addEventListener("click", () => at("sure").close(""));
