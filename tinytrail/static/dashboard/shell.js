// The frame round every page: navigation, the choice of website, theme, help, and how errors are shown.

import { remove, shareToken } from "./api.js";
import { dialog, h, newId, text } from "./dom.js";
import { addressOf, elsewhere } from "./state.js";
import { t } from "./strings.js";

const YEAR = 31_536_000; // seconds
const AWAY = 4; // seconds until a server that could not be reached, or not answer, is tried again

/** A link within the dashboard: followed without loading the page anew. */
export function link(app, changes, attributes, ...children) {
  const state = elsewhere(app.state, changes);
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    app.go(state);
  };
  return h("a", { href: addressOf(state), onclick: follow, ...attributes }, ...children);
}

const logo = () => [
  h("img", { src: new URL("icon.svg", import.meta.url), alt: "", width: 22, height: 22 }),
  "TinyTrail",
];

/** The header of a page that nobody is signed in to. */
export const brand = () => h("span", { class: "brand" }, logo());

export function header(app) {
  const { session, state } = app;
  if (shareToken)
    return [brand(), h("span", { class: "quiet" }, t.sharedBy), h("span", { class: "tools" }, themeButton())];
  const isAdmin = session.user.role === "admin";
  const systems = isAdmin ? ["product", "installs", "presence"].filter((name) => session.systems[name]) : [];
  const item = (view, isHere = state.view === view) =>
    link(app, { view, site: "" }, { "aria-current": isHere ? "page" : null }, t[view]);
  return [
    link(app, { view: "sites", site: "" }, { class: "brand" }, logo()),
    h(
      "nav",
      { "aria-label": t.navigation },
      item("sites", state.view === "sites" || state.view === "site"),
      systems.map((name) => item(name)),
      item("settings"),
    ),
    h(
      "span",
      { class: "tools" },
      themeButton(),
      h("button", { class: "quiet icon", "aria-label": t.keys, title: t.keys, onclick: help }, "?"),
      h("button", { class: "quiet", onclick: () => app.mayLeave() && signOut() }, t.signOut),
    ),
  ];
}

async function signOut() {
  try {
    await remove("api/v1/sessions/current");
  } catch (error) {
    if (error.status !== 401) return void refuse(t.signOut, error.message); // whoever leaves has to know that it failed
  }
  location.href = new URL("../../", import.meta.url);
}

function themeButton() {
  const root = document.documentElement;
  const order = ["", "light", "dark"];
  const button = h("button", { class: "quiet icon", onclick: next });
  const say = () => {
    const theme = root.dataset.theme ?? "";
    button.textContent = { "": "◐", light: "○", dark: "●" }[theme];
    button.title = t.themes[theme];
    button.setAttribute("aria-label", t.themes[theme]);
  };
  function next() {
    const theme = order[(order.indexOf(root.dataset.theme ?? "") + 1) % order.length];
    if (theme) root.dataset.theme = theme;
    else delete root.dataset.theme;
    const path = new URL("../../", import.meta.url).pathname;
    try {
      // A cookie, since the server can then send a page that is in the right colours from the start.
      document.cookie = `tinytrail_theme=${theme};path=${path};max-age=${theme ? YEAR : 0};samesite=lax`;
    } catch {
      // It holds for this page, then.
    }
    say();
  }
  say();
  return button;
}

/** The website's name, which opens the list of all of them. */
export function siteSwitcher(app, website) {
  if (shareToken || app.websites.length < 2) return text(website.domain);
  const id = newId("sites");
  const search = h("input", { type: "search", placeholder: t.findSite, "aria-label": t.findSite, autofocus: true });
  const items = app.websites.map((one) =>
    h(
      "li",
      {},
      link(app, { view: "site", site: one.id }, { "aria-current": one === website ? "true" : null }, one.domain),
    ),
  );
  search.addEventListener("input", () =>
    items.forEach((item) => (item.hidden = !item.textContent.includes(search.value.toLowerCase()))),
  );
  const menu = h(
    "div",
    { class: "menu sites", id, popover: "auto" },
    app.websites.length > 7 ? search : null,
    h("ul", {}, items),
  );
  const opener = h(
    "button",
    { class: "switcher", popovertarget: id },
    text(website.domain),
    h("span", { "aria-hidden": "true", class: "quiet" }, "▾"),
  );
  placeBelow(menu, opener);
  return [opener, menu];
}

/** Let a popover open right below its opener, and inside the window. */
export function placeBelow(menu, opener) {
  menu.addEventListener("toggle", (event) => {
    if (event.newState !== "open") return;
    const box = opener.getBoundingClientRect();
    menu.style.top = `${Math.max(8, Math.min(box.bottom + 6, innerHeight - menu.offsetHeight - 8))}px`;
    const isWide = box.left + menu.offsetWidth > innerWidth - 32;
    menu.style.left = `${Math.max(8, isWide ? box.right - menu.offsetWidth : box.left)}px`;
  });
}

/** What went wrong, and a way to try again. A limit is waited out. */
export function problem(error, retry) {
  const isLimit = error.status === 429;
  const seconds = error.retryAfter ?? AWAY;
  const words = isLimit ? t.tooFast(seconds) : error.message;
  // A limit is waited out, and a server that is away or busy may be back at any moment.
  const again = () => box.isConnected && retry();
  if (retry && [0, 429, 503].includes(error.status)) setTimeout(again, seconds * 1000);
  const box = h(
    "div",
    { class: "notice problem", role: "alert" },
    h("p", {}, words),
    !isLimit && retry ? h("button", { onclick: retry }, t.retry) : null,
  );
  return box;
}

/** Say why something asked for is not done. */
export const refuse = (title, words) => dialog(title, { close: t.close }, h("p", { class: "padded" }, words));

export function help() {
  if (document.querySelector("dialog[open]")) return;
  dialog(
    t.keys,
    { close: t.close },
    h(
      "dl",
      { class: "keys" },
      t.helpKeys.map(([keys, meaning]) => [
        h(
          "dt",
          {},
          keys.split(" ").map((key) => h("kbd", {}, key)),
        ),
        h("dd", {}, meaning),
      ]),
    ),
  );
}
