// Starts the dashboard: who is here, which page the address means, and the keyboard.

import { ApiError, get, shareToken } from "./api.js";
import { announce, h, replace } from "./dom.js";
import { prepare } from "./format.js";
import { overview } from "./overview.js";
import { brand, header, help, problem, refuse } from "./shell.js";
import { signInPage } from "./signin.js";
import { ask, siteView } from "./site.js";
import { addressOf, MOST_FILTERS, readState, toggled } from "./state.js";
import { t } from "./strings.js";

// A view is made from `app` and gives {element, title, update(), close()}, and perhaps key(event).
const VIEWS = {
  site: siteView,
  sites: overview,
  missing: () => ({ element: h("p", { class: "notice" }, t.noSuchSite), update() {}, close() {} }),
};

// Those that are seldom wanted come when they are first.
const LATER = {
  product: async () => (await import("./product.js")).productView,
  installs: async () => (await import("./installs.js")).installsView,
  presence: async () => (await import("./presence.js")).presenceView,
  settings: async () => (await import("./settings.js")).settingsView,
};

const main = document.getElementById("main");
let view = null;
let mounted = "";

const app = {
  state: readState(),
  session: null,
  websites: [],
  asked: null, // {state, answers}: figures that were asked for before there was a view to show them

  /** Show another state. `quiet`: only the address changes; `replace`: without a step back. */
  go(state, { quiet = false, replace: replaces = false } = {}) {
    if (!quiet && !mayLeave()) return;
    const isSame = addressOf(state) === addressOf(app.state); // as when "x" is pressed where no filter is
    app.state = state;
    history[quiet || replaces || isSame ? "replaceState" : "pushState"](null, "", addressOf(state));
    if (!quiet) show();
  },

  /** Put filters on, or off where they are on. */
  choose(filters) {
    const state = toggled(app.state, filters);
    if (state.filters.length > MOST_FILTERS) refuse(t.filters, t.tooManyFilters(MOST_FILTERS));
    else app.go(state);
  },

  mayLeave,

  /** Read the websites anew, after one was added, changed or removed. */
  async reload() {
    app.websites = shareToken ? [app.session.share.website] : await get("api/v1/websites");
  },

  /** Read them anew where one may be gone, and show what there is instead of it. */
  async lookAgain() {
    await app.reload();
    if (viewNamed(app.state) !== app.state.view) show();
  },
};

const UNSAVED = "form[data-unsaved]";
const isUnsaved = () => Boolean(document.querySelector(UNSAVED));

/** Ask, where something typed would be lost; whoever says yes is not asked again. */
function mayLeave() {
  if (isUnsaved() && !confirm(t.unsaved)) return false;
  document.querySelectorAll(UNSAVED).forEach((form) => delete form.dataset.unsaved);
  return true;
}

/** The view that the address names, if it is this user's to see; else the overview. */
function viewNamed({ view, site }) {
  if (shareToken) return "site";
  const isKnown = app.websites.some((one) => one.id === site);
  if (view === "site") return isKnown ? "site" : "missing";
  const isSystem = ["product", "installs", "presence"].includes(view);
  if (isSystem && !(app.session.user.role === "admin" && app.session.systems[view])) return "sites";
  if (view === "settings") return !site || isKnown ? "settings" : "missing";
  return isSystem ? view : "sites";
}

/** Load a view's modules, and show it if it is still wanted. */
async function bring(name) {
  try {
    VIEWS[name] = await LATER[name]();
  } catch {
    // They are gone, or of another version than these: the address brings the page anew. Where the server is away,
    // it would bring the browser's own page, which does not look again.
    const page = await fetch(location).catch(() => null);
    if (app.state.view !== name) return; // it is no longer wanted
    if (page?.ok && view) return location.reload();
    view?.close();
    mounted = "";
    return void replace(main, problem(new ApiError(0, t.offline), show));
  }
  if (app.session && app.state.view === name) show();
}

function show() {
  app.state.view = viewNamed(app.state);
  const make = VIEWS[app.state.view];
  if (!make) return void bring(app.state.view);
  const wanted = `${app.state.view} ${app.state.site}`;
  replace(document.getElementById("header"), header(app));
  if (wanted !== mounted || !view) {
    view?.close();
    view = make(app);
    mounted = wanted;
    if (main.contains(document.activeElement)) main.focus({ preventScroll: true }); // or the focus would go with the view
    main.replaceChildren(view.element);
    scrollTo(0, 0);
  }
  document.title = view.title ? `${view.title} · TinyTrail` : "TinyTrail";
  announce(view.title ?? "");
  view.update();
}

async function start() {
  // A website's figures, and an owner's websites, are asked for together with who the owner is.
  if (app.state.view === "site" && !shareToken) {
    app.asked = { state: app.state, answers: ask(app.state, app.state.site) };
    app.asked.answers.catch(() => {}); // said where they are shown, if they ever are
  }
  try {
    const answers = Promise.all([get("api/v1/sessions/current"), shareToken ? null : app.reload()]);
    prepare();
    const [session] = await answers;
    app.session = session;
    if (shareToken) await app.reload();
  } catch (error) {
    if (!(error instanceof ApiError) || ![401, 404].includes(error.status))
      return void main.replaceChildren(problem(error, start));
    return askWho();
  }
  show();
}

/** Instead of any view, ask for the key; the holder of a link has none. */
function askWho(why) {
  view?.close();
  view = null;
  document.querySelectorAll("dialog").forEach((box) => box.close());
  replace(document.getElementById("header"), brand());
  document.title = "TinyTrail";
  announce(t.signIn);
  main.replaceChildren(shareToken ? h("p", { class: "notice" }, t.linkEnded) : signInPage(start, why));
}

addEventListener("popstate", () => {
  if (!mayLeave()) return history.pushState(null, "", addressOf(app.state));
  document.querySelectorAll("dialog").forEach((box) => box.close()); // they are about what was shown
  app.state = readState();
  if (app.session) show();
});

addEventListener("beforeunload", (event) => isUnsaved() && event.preventDefault());

addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest("input, select, textarea, code, dialog, [popover]:popover-open") || !view) return;
  if (event.key === "?") help();
  else if (!view.key?.(event)) return;
  event.preventDefault();
});

// A session that has ended elsewhere, or a link that was revoked: no figures stay, but the address does.
addEventListener("signed-out", () => {
  if (!app.session) return; // nobody was signed in
  app.session = null;
  askWho(t.signedOut);
});

start();
