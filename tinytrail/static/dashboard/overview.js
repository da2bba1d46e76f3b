// All websites at a glance.

import { get } from "./api.js";
import { sparkline } from "./chart.js";
import { h, replace, text } from "./dom.js";
import { compact, number, utcToday } from "./format.js";
import { change } from "./headline.js";
import { periodBar, periodKey } from "./period.js";
import { link, problem } from "./shell.js";
import { t } from "./strings.js";

const EVERY = 60_000; // milliseconds

export function overview(app) {
  const bar = h("div", { class: "bar" });
  const list = h("div", { class: "sites-list" });
  const trouble = h("div", {});
  const element = h(
    "div",
    { class: "overview-page" },
    h("div", { class: "toolbar" }, h("h1", {}, t.sites), bar),
    trouble,
    list,
  );
  const timer = setInterval(() => !document.hidden && load(), EVERY);
  let shown = null;

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
      sparkline(
        row.series.map((point) => point.value),
        t.sparkline(website.domain),
      ),
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
    if (!bar.querySelector(":popover-open")) replace(bar, periodBar(app.state, shown, utcToday(), app.go));
  }

  async function load() {
    const { state } = app;
    const days = state.from ? { start_date: state.from, end_date: state.to } : { period: state.period };
    const compare = state.compare === "none" || (state.period === "all" && !state.from) ? undefined : state.compare;
    try {
      const { rows } = await get("api/v1/reports/overview", {
        ...days,
        compare,
        include_bots: state.bots ? "true" : undefined,
      });
      shown = rows[0]?.period ?? null; // "today" may differ between zones; this is one of them
      replace(trouble);
      drawBar();
      replace(list, rows.length ? rows.map(site) : empty());
    } catch (error) {
      replace(trouble, problem(error, load));
    }
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
      drawBar();
      return load();
    },
    key: (event) => periodKey(event, app, shown, utcToday()),
    close: () => clearInterval(timer),
  };
}
