// The headline figures and the chart of the one that is chosen.

import { chart } from "./chart.js";
import { h, replace } from "./dom.js";
import { changeInWords, chartWords, dateInWords, exactly, figure, rangeInWords } from "./format.js";
import { METRICS } from "./state.js";
import { t } from "./strings.js";

const IS_BETTER_LOWER = new Set(["bounce_rate"]);
const IS_RATE = new Set(["bounce_rate", "avg_session_duration"]);

const range = (points) => rangeInWords(points[0].date.slice(0, 10), points.at(-1).date.slice(0, 10));

export function headline(app) {
  const figures = h("div", { class: "figures" });
  const note = h("p", { class: "quiet hint", hidden: true }); // why a filter keeps fewer than there were
  const graph = h("div", { class: "graph" });
  let drawn = "";

  const metricOf = (summary, name) => summary.metrics[name] ?? summary.metrics[`${name}_sec`];

  function drawFigures(summary) {
    const button = (metric) => {
      const found = metricOf(summary, metric);
      return h(
        "button",
        {
          class: "figure",
          "aria-pressed": String(metric === app.state.metric),
          "data-key": metric,
          onclick: () => app.go({ ...app.state, metric }),
        },
        h("span", { class: "label" }, t.metrics[metric]),
        h("strong", { title: exactly(metric, found.value) }, figure(metric, found.value)),
        summary.comparison ? change(metric, found) : h("span", { class: "change" }),
      );
    };
    replace(figures, METRICS.map(button));
    note.hidden = !summary.kept_from;
    replace(note, summary.kept_from && t.keptFrom(dateInWords(summary.kept_from)));
  }

  /** Draw the chart, unless it shows the same already: a reading under way is not to be wiped by a refresh. */
  function drawChart(series, total, today, hour) {
    const { metric } = app.state;
    const fresh = JSON.stringify([metric, series, total, today, hour]);
    if (fresh === drawn) return;
    drawn = fresh;
    const points = series.series;
    // Hours are counted from visits, which may have been deleted for their age; a day's total stays.
    if (points[0].date.length > 10 && total && points.every((point) => !point.value))
      return void replace(graph, h("p", { class: "empty" }, t.noHours));
    const now = points[0].date.length > 10 ? `${today}T${hour}:00` : today;
    const until = points.filter((point) => point.date <= now).length;
    const words = chartWords(
      metric,
      t.chartOf(t.metrics[metric], rangeInWords(series.period.start, series.period.end)),
    );
    replace(
      graph,
      series.previous && h("p", { class: "legend" }, t.legend(range(series.previous))),
      chart({ points, until, previous: series.previous, unfinished: points[until - 1]?.date === now, words }),
    );
  }

  return {
    element: h("section", { class: "card headline" }, figures, note, graph),
    /** `today` and `hour` are the website's own, as `2026-03-13` and `14`. */
    update(summary, series, { today, hour }) {
      drawFigures(summary);
      drawChart(series, metricOf(summary, app.state.metric).value, today, hour);
    },
  };
}

/** By how much a figure changed, and whether that is good. */
export function change(metric, { value, previous, change_pct: percent }) {
  const before = t.comparedWith(figure(metric, previous));
  if (percent === null || (!previous && !value)) {
    const isNew = percent === null && !IS_RATE.has(metric); // a rate of nothing cannot be compared
    return h("span", { class: "change", title: before }, isNew ? t.newSince : t.nothingToCompare);
  }
  const direction = Math.sign(percent);
  const isGood = direction > 0 !== IS_BETTER_LOWER.has(metric);
  return h(
    "span",
    { class: `change ${direction ? (isGood ? "good" : "bad") : ""}`, title: before },
    h("span", { "aria-hidden": "true" }, ["↓", "", "↑"][direction + 1]),
    h("span", { class: "hidden" }, [t.down, t.same, t.up][direction + 1]),
    direction ? ` ${changeInWords(percent)}` : ` ${t.unchanged}`,
  );
}
