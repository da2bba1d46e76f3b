// All websites at a glance.

import { get } from "./api.js";
import { sparkline } from "./chart.js";
import { h, replace, text } from "./dom.js";
import { botsChip } from "./filters.js";
import { compact, number, utcToday, wallClock } from "./format.js";
import { change } from "./headline.js";
import { keepFresh, loader } from "./loading.js";
import { periodBar, periodKey, putControls } from "./period.js";
import { link } from "./shell.js";
import { comparison, counted } from "./state.js";
import { t } from "./strings.js";

export function overview(app) {
  const bar = h("div", { class: "bar" });
  const chosen = h("div", { class: "chips" });
  const list = h("div", { class: "sites-list" });
  const trouble = h("div", {});
  const element = h("div", {}, h("div", { class: "toolbar" }, h("h1", {}, t.sites), bar), chosen, trouble, list);
  const load = loader({ content: list, trouble, ask, draw });
  let shown = null; // the days on screen

  const figure = (label, metric, name) =>
    h(
      "div",
      { class: "small-figure" },
      h("dt", {}, label),
      h(
        "dd",
        {},
        h("strong", { title: number(metric.value) }, compact(metric.value)),
        metric.change_pct === undefined ? null : change(name, metric),
      ),
    );

  /** Day by day, in the website's zone: today is not over, and what is to come is left out. */
  function line({ website, series }) {
    const { today } = wallClock(website.timezone)();
    const until = series.filter((point) => point.date <= today).length;
    return sparkline(
      series.map((point) => point.value),
      t.sparkline(website.domain),
      { until, unfinished: series[until - 1]?.date === today },
    );
  }

  function site(row) {
    const { website, metrics } = row;
    return link(
      app,
      { view: "site", site: website.id },
      { class: "card site-card", "data-key": website.id },
      h("h2", { title: website.domain }, text(website.domain)),
      h(
        "span",
        { class: `now ${row.active_visitors ? "on" : ""}` },
        row.active_visitors ? t.activeNow(row.active_visitors) : "",
      ),
      line(row),
      h(
        "dl",
        {},
        figure(t.visitors, metrics.unique_visitors, "unique_visitors"),
        figure(t.visits, metrics.visits, "visits"),
        figure(t.views, metrics.pageviews, "pageviews"),
      ),
    );
  }

  function drawBar() {
    const bots = botsChip(app);
    replace(chosen, bots && h("ul", { "aria-label": t.filters }, bots));
    putControls(bar, () => periodBar(app, shown, utcToday()));
  }

  async function ask(signal) {
    const parameters = { ...counted(app.state), compare: comparison(app.state) };
    const found = await get("api/v1/reports/overview", parameters, signal);
    const isKnown = ({ website }) => app.websites.some((one) => one.id === website.id);
    if (!found.rows.every(isKnown)) await app.reload(); // one was added elsewhere, and its card leads to it
    return found;
  }

  function draw({ rows }) {
    shown = rows[0]?.period ?? null; // "today" may differ between zones; this is one of them
    drawBar();
    replace(list, rows.length ? rows.map(site) : empty());
  }

  const empty = () =>
    h(
      "section",
      { class: "card waiting" },
      h("h2", {}, t.noSites),
      h("p", {}, t.noSitesHint),
      link(app, { view: "settings", site: "" }, { class: "button primary" }, t.addSite),
    );

  return {
    element,
    title: t.sites,
    update() {
      const { from, to } = app.state;
      shown = from ? { start: from, end: to } : null; // else it would lie for a moment
      drawBar();
      return load();
    },
    key: (event) => periodKey(event, app, shown, utcToday()),
    close: keepFresh(load),
  };
}
