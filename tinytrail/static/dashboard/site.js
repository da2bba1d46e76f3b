// A website's page: headline figures, a chart, and panels of everything that its visits can be told apart by.

import { get, reports, shareToken } from "./api.js";
import { h, replace } from "./dom.js";
import { chips, searchDialog, unfiltered } from "./filters.js";
import { wallClock } from "./format.js";
import { funnelPanel } from "./funnel.js";
import { headline } from "./headline.js";
import { LISTS, PANELS } from "./lists.js";
import { loader } from "./loading.js";
import { panel, realtimePanel, ROWS } from "./panels.js";
import { periodBar, periodKey, putControls } from "./period.js";
import { link, siteSwitcher } from "./shell.js";
import { common, comparison } from "./state.js";
import { t } from "./strings.js";
import { waiting } from "./waiting.js";

const LIVE_EVERY = 15_000; // milliseconds between looks at the last half hour
const ALL_EVERY = 60_000; // and at everything, but for a range of days that is over

const WHOLE = 500; // rows: more than there are countries

const RUSH = 250; // milliseconds between clicks that are not each worth a request

const LIST_KEYS = PANELS.flatMap((definition) => definition.tabs);

/** What one request brings: every panel's list, and what stands above them, as [report, its parameters, keys]. */
function wanted(state) {
  const compare = comparison(state);
  const days = state.from ? state.from === state.to : ["today", "yesterday"].includes(state.period);
  const lists = LIST_KEYS.map((key) => [
    key,
    LISTS[key].report,
    { ...LISTS[key].own, per_page: LISTS[key].isWhole ? WHOLE : ROWS },
  ]);
  // Lists of the same report are asked for once.
  const one = new Map(lists.map(([key, name, own]) => [JSON.stringify([name, own]), [name, own, []]]));
  for (const [key, name, own] of lists) one.get(JSON.stringify([name, own]))[2].push(key);
  return [
    ["summary", { compare }, ["summary"]],
    ["timeseries", { metric: state.metric, compare, interval: days ? "hour" : undefined }, ["series"]],
    ["realtime", undefined, ["realtime"]],
    ...one.values(),
    ...(state.steps.length > 1 ? [["funnel", { steps: state.steps }, ["funnel"]]] : []),
  ];
}

/** The figures of a state, by the keys of the lists and of what stands above them. */
export async function ask(state, website, signal) {
  const asking = wanted(state);
  let answers;
  try {
    answers = await reports(asking, common(state, website), signal);
  } catch (error) {
    if (asking[error.report]?.[0] !== "funnel") throw error;
    // Its steps are the reader's own: they may be refused, and the rest of the page is none the worse.
    return { ...(await ask({ ...state, steps: [] }, website, signal)), funnel: { refused: error.message } };
  }
  return Object.fromEntries(asking.flatMap(([, , keys], n) => keys.map((key) => [key, answers[n]])));
}

/** The view: {element, update(), key(event), close()}. */
export function siteView(app) {
  const website = shareToken ? app.websites[0] : app.websites.find((one) => one.id === app.state.site);
  const clock = wallClock(website.timezone);
  const query = () => common(app.state, website.id);
  const search = () => searchDialog(app, query(), () => data);

  const now = h("span", { class: "now" });
  const bar = h("div", { class: "bar" });
  const chosen = h("div", { class: "chips" });
  const head = headline(app);
  const live = realtimePanel(app, query);
  const panels = PANELS.map((definition) => panel(definition, app, query));
  const countries = panels[PANELS.findIndex((definition) => definition.key === "countries")].element;
  const funnel = funnelPanel(app, query, suggestions);
  const grid = h(
    "div",
    { class: "panels" },
    panels.map((one) => one.element),
    live.element,
    funnel.element,
  );
  const content = h("div", { class: "content" }, head.element, grid);
  const trouble = h("div", {});
  const element = h(
    "div",
    { class: "site" },
    h("div", { class: "toolbar" }, h("h1", {}, siteSwitcher(app, website)), now, bar),
    chosen,
    trouble,
    content,
  );

  /** Countries have a panel once any is known; it stays then, so that nothing jumps as filters come and go. */
  function showCountries(areKnown) {
    countries.hidden &&= !areKnown;
    grid.classList.toggle("without-countries", countries.hidden);
  }

  const load = loader({ content, trouble, ask: getFigures, draw, failed });
  let shown = null; // the days on screen
  let data = {};
  let hasTraffic = false; // ever, as far as is known
  let called = -RUSH; // when there was last something to load
  let soon; // the one that is to come
  let days = ""; // of the state that was asked for last
  const timers = [setInterval(lookAround, LIVE_EVERY), setInterval(refresh, ALL_EVERY)];

  countries.hidden = true;
  showCountries(false);

  function suggestions() {
    const paths = data.pages?.rows.map((row) => row.path) ?? [];
    const events = data.events?.rows.map((row) => row.name) ?? [];
    return [...paths, ...events];
  }

  /** Load now, or, in the middle of a rush of clicks, once that is over. */
  function loadSoon() {
    element.setAttribute("aria-busy", "true");
    clearTimeout(soon);
    load.stop();
    if (performance.now() - called < RUSH) soon = setTimeout(load, RUSH);
    else load();
    called = performance.now();
  }

  function getFigures(signal) {
    const { asked } = app; // before there was a view
    app.asked = null;
    element.setAttribute("aria-busy", "true");
    return asked?.state === app.state ? asked.answers : ask(app.state, website.id, signal);
  }

  function failed(error) {
    if (error.status === 404) app.lookAgain().catch(() => {}); // deleted elsewhere meanwhile
    shown = null;
    data = {};
    drawBar();
    element.removeAttribute("aria-busy");
  }

  function draw(answers) {
    data = answers;
    const { summary, series, realtime } = data;
    shown = summary.period;
    drawBar();
    head.update(summary, series, clock());
    drawNow(realtime);
    const totals = Object.fromEntries(Object.entries(summary.metrics).map(([name, metric]) => [name, metric.value]));
    panels.forEach((one) => one.update(data, totals));
    showCountries(data.countries.rows.length > 0);
    live.update(realtime);
    funnel.update(data.funnel);
    hasTraffic ||= totals.visits + totals.pageviews > 0;
    if (hasTraffic) replace(first);
    content.hidden = first.hasChildNodes();
    if (!hasTraffic && !shareToken && !app.state.filters.length) askForFirst();
    element.removeAttribute("aria-busy");
  }

  const first = h("div", {});
  content.before(first);

  async function askForFirst() {
    const status = await get(`api/v1/websites/${website.id}/status`).catch(() => null);
    hasTraffic = Boolean(status?.firstEventAt);
    if (hasTraffic) replace(first);
    else if (status && !first.hasChildNodes()) replace(first, waiting(app, website, load));
    content.hidden = !shown || first.hasChildNodes();
  }

  function drawBar() {
    putControls(bar, () => [
      h("button", { class: "quiet", "data-key": "search", onclick: search }, t.search),
      periodBar(app, shown, clock().today),
      shareToken ? null : link(app, { view: "settings", site: website.id }, { class: "button quiet" }, t.settings),
    ]);
    replace(chosen, chips(app));
  }

  function drawNow(realtime) {
    replace(now, realtime.active_visitors ? t.activeNow(realtime.active_visitors) : "");
    now.classList.toggle("on", realtime.active_visitors > 0);
  }

  async function lookAround() {
    if (document.hidden || element.hasAttribute("aria-busy")) return;
    const { filters } = app.state;
    const realtime = await get("api/v1/reports/realtime", { website_id: website.id, filters }).catch(() => null);
    if (!realtime || filters !== app.state.filters) return; // by others than those that hold now
    drawNow(realtime);
    live.update(realtime);
  }

  function refresh() {
    if (document.hidden || !shown || document.querySelector("dialog[open]")) return;
    if (!app.state.from || shown.end >= clock().today) load(); // what has a name, "today" say, moves on at midnight
  }

  function key(event) {
    if (event.key === "/") search();
    else if (event.key === "x") app.go(unfiltered(app.state));
    else return periodKey(event, app, shown, clock().today);
    return true;
  }

  return {
    element,
    title: website.domain,
    update() {
      const { from, to, period } = app.state;
      if (period + from + to !== days) shown = from ? { start: from, end: to } : null; // else it would lie for a moment
      days = period + from + to;
      loadSoon();
      drawBar();
    },
    key,
    close() {
      timers.forEach(clearInterval);
      clearTimeout(soon);
      load.stop();
    },
  };
}
