// Elements. Every string becomes a text node or an attribute, never markup: a visitor's path is only ever text.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in { value: 1, checked: 1, selected: 1 }) element[name] = value;
    else if (value === true) element.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** An HTML element: h("p", {class: "quiet", onclick: f}, "text", otherElement). */
export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);

/** The same for SVG. */
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

/** What a visitor sent: kept from reordering the text round it. */
export const text = (value) => h("bdi", {}, value);

const FOCUSABLE = "a[href], button:not(:disabled), input, select, textarea, [tabindex]";

const focusable = (element) => [...element.querySelectorAll(FOCUSABLE)].filter((one) => one.checkVisibility());

/** Focus an element that the keyboard does not come to by itself: what was focused in it is gone. */
function land(element) {
  if (!element.hasAttribute("tabindex")) element.tabIndex = -1;
  element.focus({ preventScroll: true });
}

/**
 * Put new children into an element, and the keyboard's focus back to where it was: by data-key, or else by its place.
 * Where there are fewer now, that is the one before it.
 */
export function replace(element, ...children) {
  const focused = document.activeElement;
  const places = focused !== element && element.contains(focused) ? focusable(element) : null;
  element.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (!places) return element;
  const now = focusable(element);
  const same = now.find((other) => focused.dataset.key && other.dataset.key === focused.dataset.key);
  const place = places.indexOf(focused) - (now.length < places.length);
  const next = same ?? now[Math.max(0, Math.min(place, now.length - 1))];
  if (next) next.focus({ preventScroll: true });
  else land(element);
  return element;
}

/** Say something to a screen reader, and nobody else. */
export function announce(words) {
  document.getElementById("status").textContent = words;
}

/** Run `work` once nothing has called for `ms` milliseconds. */
export function debounced(work, ms) {
  let timer;
  return (...given) => {
    clearTimeout(timer);
    timer = setTimeout(work, ms, ...given);
  };
}

let ids = 0;
export const newId = (prefix) => `${prefix}-${(ids += 1)}`;

/** A modal dialog with a heading and a way out; removed when it closes. */
export function dialog(title, { wide = false, close }, ...children) {
  const id = newId("dialog");
  const opener = document.activeElement;
  const part = opener.closest("section, main");
  const closed = () => {
    box.remove();
    // Where the opener is gone, a row's that was removed say, the browser has nothing to give the focus back to.
    if (!opener.isConnected && document.activeElement === document.body)
      land(part?.isConnected ? part : document.getElementById("main"));
  };
  const box = h(
    "dialog",
    { class: wide ? "wide" : "", "aria-labelledby": id, onclose: closed },
    h(
      "header",
      {},
      h("h2", { id }, title),
      h("button", { class: "quiet icon", "aria-label": close, title: close, onclick: () => box.close() }, "✕"),
    ),
    ...children,
  );
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // or a search field would only be emptied
    box.close();
  });
  box.addEventListener("click", (event) => event.target === box && box.close());
  document.body.append(box);
  box.showModal();
  return box;
}
