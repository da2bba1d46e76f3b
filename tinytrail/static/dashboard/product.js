// Product: how often each event of an app happened, and the sessions made of plays and stops. Days are UTC.

import { get } from "./api.js";
import { chart } from "./chart.js";
import { debounced, h, replace } from "./dom.js";
import {
  chartWords,
  dateInWords,
  daysIn,
  duration,
  exactly,
  figure,
  number,
  rangeInWords,
  shifted,
  utcToday,
} from "./format.js";
import { keepFresh, loader } from "./loading.js";
import { card, scrolled } from "./panels.js";
import { periodBar, periodKey, putControls } from "./period.js";
import { PRODUCT_METRICS } from "./state.js";
import { t } from "./strings.js";
import { table } from "./table.js";

const DAYS = { today: 1, "7d": 7, "30d": 30, "90d": 90, "12m": 365 };
const FIRST_DAY = "2020-01-01"; // of "all", whose first event these reports do not tell

/** The days that a state means, as these reports ask for them. */
function daysOf(state, today) {
  if (state.from) return { start: state.from, end: state.to };
  if (state.period === "yesterday") return { start: shifted(today, -1), end: shifted(today, -1) };
  if (state.period === "ytd") return { start: `${today.slice(0, 4)}-01-01`, end: today };
  if (state.period === "all") return { start: FIRST_DAY, end: today };
  return { start: shifted(today, 1 - DAYS[state.period]), end: today };
}

/**
 * The days, or the first days of the weeks or months, of a range: also those in which nothing was, of which the API has
 * no row. It is told by the `first` row on which day weeks begin, and before it nothing of "all" is drawn.
 */
function datesOf({ start, end }, group, first) {
  if (group === "day") return Array.from({ length: daysIn(start, end) }, (_, n) => shifted(start, n));
  if (!first) return [];
  const dates = [first];
  while (start !== FIRST_DAY && dates[0] > start) dates.unshift(before(dates[0], group));
  for (let next = after(first, group); next <= end; next = after(next, group)) dates.push(next);
  return dates;
}

const before = (date, group) => (group === "week" ? shifted(date, -7) : `${shifted(date, -1).slice(0, 7)}-01`);
const after = (date, group) => (group === "week" ? shifted(date, 7) : `${shifted(date, 31).slice(0, 7)}-01`);

const WORDS = {
  day: dateInWords,
  week: (date) => t.weekOf(dateInWords(date)),
  month: (date) => dateInWords(date.slice(0, 7)),
};

export function productView(app) {
  const bar = h("div", { class: "bar" });
  const user = h("input", { type: "search", placeholder: t.anyUser, "aria-label": t.userId, "data-key": "user" });
  const trouble = h("div", {});
  const figures = h("div", { class: "figures four" });
  const graph = h("div", { class: "graph" });
  const events = card(t.events);
  const sessions = card(t.sessions);
  const content = h(
    "div",
    { class: "content" },
    h("section", { class: "card headline" }, figures, graph),
    h("div", { class: "panels" }, events.element, sessions.element),
  );
  const element = h(
    "div",
    {},
    h("div", { class: "toolbar" }, h("h1", {}, t.product), h("div", { class: "narrow" }, user), bar),
    trouble,
    content,
  );
  const load = loader({ content, trouble, ask, draw });
  let shown = null;
  let addressed = ""; // the user of the address when it was last looked at
  const tell = () => element.isConnected && app.go({ ...app.state, user: user.value }, { replace: true });
  user.addEventListener("input", debounced(tell, 300));

  async function ask(signal) {
    const today = utcToday();
    shown = daysOf(app.state, today);
    putControls(bar, () => periodBar(app, shown, today, { compares: false }));
    const { start, end } = shown;
    const group = daysIn(start, end) > 730 ? "month" : daysIn(start, end) > 120 ? "week" : "day";
    const range = { start_date: start, end_date: end, group_by: group, user_id: app.state.user };
    const [counts, lengths] = await Promise.all([get("metrics", range, signal), get("sessions", range, signal)]);
    return { days: { start, end }, group, today, counts, lengths };
  }

  function draw(figuresOf) {
    const { days, group, today, counts, lengths } = figuresOf;
    const chosen = app.state.count;
    const total = (row) => Object.entries(row).reduce((sum, [name, count]) => (name === "date" ? sum : sum + count), 0);
    const names = new Map(); // an event may have any name, "constructor" too
    for (const row of counts)
      for (const [name, count] of Object.entries(row))
        if (name !== "date") names.set(name, (names.get(name) ?? 0) + count);
    const sums = {
      events: counts.reduce((sum, row) => sum + total(row), 0),
      sessionCount: lengths.reduce((sum, row) => sum + row.sessionCount, 0),
      totalDuration: lengths.reduce((sum, row) => sum + row.totalDuration, 0),
    };
    sums.averageDuration = sums.sessionCount ? Math.round(sums.totalDuration / sums.sessionCount) : 0;
    const button = (metric) =>
      h(
        "button",
        {
          class: "figure",
          "aria-pressed": String(metric === chosen),
          "data-key": metric,
          onclick: () => {
            app.go({ ...app.state, count: metric }, { quiet: true });
            draw(figuresOf);
          },
        },
        h("span", { class: "label" }, t.productMetrics[metric]),
        h("strong", { title: exactly(metric, sums[metric]) }, figure(metric, sums[metric])),
      );
    replace(figures, PRODUCT_METRICS.map(button));

    const isEvents = chosen === "events";
    const byDate = Object.fromEntries(
      (isEvents ? counts : lengths).map((row) => [row.date, isEvents ? total(row) : row[chosen]]),
    );
    const point = (date) => ({ date: group === "month" ? date.slice(0, 7) : date, value: byDate[date] ?? 0 });
    const points = datesOf(days, group, counts[0]?.date).map(point);
    const until = points.filter((point) => point.date <= today).length;
    const words = {
      ...chartWords(chosen, t.chartOf(t.productMetrics[chosen], rangeInWords(days.start, days.end))),
      date: WORDS[group],
    };
    replace(
      graph,
      points.length
        ? chart({ points, until, unfinished: days.end >= today, words })
        : h("p", { class: "empty" }, t.quietPeriod),
    );

    const ranked = [...names]
      .map(([name, count]) => ({ name, count }))
      .sort((a, b) => b.count - a.count || (a.name < b.name ? -1 : 1));
    const list = { column: t.event, measures: [{ key: "count", title: t.count }], name: (row) => row.name };
    const ofEvents = ranked.length && table(list, ranked, { total: sums.events });
    scrolled(events.body, t.events, ofEvents, t.noProductEvents);
    const line = (row) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", class: "date" }, WORDS[group](row.date)),
        h("td", { class: "number" }, number(row.sessionCount)),
        h("td", { class: "number" }, duration(row.totalDuration)),
        h("td", { class: "number" }, duration(row.averageDuration)),
      );
    const head = h(
      "tr",
      {},
      [t.date, t.sessions, t.totalTime, t.average].map((title, n) =>
        h("th", { scope: "col", class: n ? "number" : null }, title),
      ),
    );
    const rows = [...lengths].reverse().map(line);
    const ofSessions = h("table", { class: "plain" }, h("thead", {}, head), h("tbody", {}, rows));
    scrolled(sessions.body, t.sessions, rows.length && ofSessions, t.noSessions);
  }

  return {
    element,
    title: t.product,
    update() {
      if (addressed !== app.state.user) user.value = app.state.user; // else what is being typed is ahead of it
      addressed = app.state.user;
      return load();
    },
    key: (event) => periodKey(event, app, shown, utcToday()),
    close: keepFresh(load),
  };
}
