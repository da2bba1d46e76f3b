// Line charts and sparklines, in plain SVG. A chart is drawn at the pixel size it has, so its text stays sharp.

import { h, newId, s } from "./dom.js";

const LEFT = 48; // pixels for the figures of the axis, where none of them needs more
const GAP = 8; // from them to the plot
const RIGHT = 12;
const TOP = 22; // the legend stands there
const BOTTOM = 24;
const TICK_WIDTH = 84; // what a date needs
const LONG_TICK_WIDTH = 100; // with its year

const STEPS = 4; // of an axis, at most
const ROUND_TIMES = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800]; // seconds; from there on whole hours

/** A round whole number not below `rough`. */
function round(rough) {
  const size = 10 ** Math.floor(Math.log10(rough));
  return [1, 2, 2.5, 5, 10].map((factor) => factor * size).find((one) => one >= rough && Number.isInteger(one));
}

/** The steps of an axis, up to a round number not below `value`. */
function scale(value, isTime) {
  const rough = Math.max(value, STEPS) / STEPS;
  const step = isTime ? (ROUND_TIMES.find((one) => one >= rough) ?? 3600 * round(rough / 3600)) : round(rough);
  const count = Math.max(1, Math.ceil(value / step));
  return Array.from({ length: count + 1 }, (_, n) => n * step);
}

/** A polyline through the points that have a value. */
function path(points) {
  return points.map(([x, y], n) => `${n ? "L" : "M"}${x.toFixed(1)},${y.toFixed(1)}`).join("");
}

/**
 * A chart of `points` ([{date, value}]) with `previous` as a ghost line behind it.
 *
 * The first `until` of them have come; the rest is room for what is still to come. `unfinished`: the last one's time
 * is not over, so the line to it is dashed. `words` are chartWords of format.js.
 * Pointer, arrow keys, Home and End move a reading along it, which is read out as well.
 */
export function chart({ points: slots, until = slots.length, previous = [], unfinished = false, words }) {
  const series = slots.slice(0, until);
  const reading = h("div", { class: "reading", role: "status" });
  const box = h("div", { class: "chart" }, reading);
  let chosen = -1;
  let drawn = null;

  function draw() {
    const width = Math.max(240, box.clientWidth);
    const height = Math.max(140, box.clientHeight);
    const most = Math.max(...series.map((point) => point.value), ...previous.map((point) => point.value), 0);
    const levels = scale(most, words.isTime);
    const top = levels.at(-1);
    const labels = levels.map((level) => s("text", { class: "axis level", "text-anchor": "end" }, words.level(level)));
    const had = document.activeElement === (drawn?.svg ?? box.parentElement); // of the chart before it, then
    const svg = s(
      "svg",
      {
        width,
        height,
        viewBox: `0 0 ${width} ${height}`, // paper is narrower
        role: "img",
        tabindex: 0,
        "aria-label": words.title,
        "data-key": "chart",
        class: unfinished ? "unfinished" : "",
      },
      labels,
    );
    drawn?.svg.remove();
    box.prepend(svg); // only what is on the page has a width
    const left = Math.max(LEFT, ...labels.map((label) => Math.ceil(label.getComputedTextLength()) + GAP + 2));
    const inner = width - left - RIGHT;
    const x = (n) => left + (slots.length > 1 ? (inner * n) / (slots.length - 1) : inner / 2);
    const y = (value) => TOP + (height - TOP - BOTTOM) * (1 - value / top);
    const points = series.map((point, n) => [x(n), y(point.value)]);
    const ghost = previous.slice(0, slots.length).map((point, n) => [x(n), y(point.value)]);
    const finished = unfinished && points.length > 1 ? points.slice(0, -1) : points;
    const gradient = newId("fill");

    labels.forEach((label, n) => {
      label.setAttribute("x", left - GAP);
      label.setAttribute("y", y(levels[n]) + 4);
    });
    const grid = levels.map((level) =>
      s("line", { class: "grid", x1: left, x2: width - RIGHT, y1: y(level), y2: y(level) }),
    );
    const yearOf = (n) => slots[n]?.date.slice(0, 4);
    const hasYears = yearOf(0) !== yearOf(slots.length - 1);
    const room = Math.floor(inner / (hasYears ? LONG_TICK_WIDTH : TICK_WIDTH));
    const every = Math.max(1, Math.ceil(slots.length / Math.max(1, room)));
    const ticks = slots
      .map((point, n) => [point, n])
      .filter(([, n]) => n % every === 0)
      .map(([point, n]) => {
        const anchor = x(n) > width - 40 ? "end" : n === 0 && slots.length > 1 && !hasYears ? "start" : "middle";
        const said = words.tick(point.date, hasYears && yearOf(n) !== yearOf(n - every));
        return s("text", { class: "axis", x: x(n), y: height - 6, "text-anchor": anchor }, said);
      });
    const marker = s("g", { class: "marker off" }, s("line", { y1: TOP, y2: height - BOTTOM }), s("circle", { r: 4 }));
    const defs = s(
      "defs",
      {},
      s(
        "linearGradient",
        { id: gradient, x1: 0, x2: 0, y1: 0, y2: 1 },
        s("stop", { offset: "0%", class: "from" }),
        s("stop", { offset: "100%", class: "to" }),
      ),
    );
    const parts = [
      defs,
      grid,
      ticks,
      ghost.length > 1 && s("path", { class: "ghost", d: path(ghost) }),
      points.length > 1 &&
        s("path", {
          class: "area",
          fill: `url(#${gradient})`,
          d: `${path(points)}L${x(points.length - 1)},${y(0)}L${x(0)},${y(0)}Z`,
        }),
      finished.length > 1 && s("path", { class: "line", d: path(finished) }),
      unfinished && points.length > 1 && s("path", { class: "line dashed", d: path(points.slice(-2)) }),
      points.length > 0 &&
        (points.length < 3 || unfinished) &&
        s("circle", { class: "dot-mark", cx: points.at(-1)[0], cy: points.at(-1)[1], r: 3.5 }),
      marker,
    ];
    svg.append(...parts.flat().filter(Boolean));
    svg.addEventListener("pointermove", (event) =>
      choose(Math.round(((event.offsetX - left) / inner) * (slots.length - 1))),
    );
    svg.addEventListener("pointerleave", () => choose(-1));
    svg.addEventListener("blur", () => choose(-1));
    svg.addEventListener("keydown", (event) => {
      const to = {
        ArrowLeft: chosen < 0 ? series.length - 1 : chosen - 1,
        ArrowRight: chosen + 1,
        Home: 0,
        End: series.length - 1,
      }[event.key];
      if (to === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation(); // else the page would turn to another period
      choose(to);
    });
    if (had) svg.focus({ preventScroll: true });
    drawn = { svg, marker, points, width };
    choose(chosen);
  }

  function choose(n) {
    chosen = n < 0 || !series.length ? -1 : Math.min(n, series.length - 1);
    const { marker, points, width } = drawn;
    marker.classList.toggle("off", chosen < 0);
    reading.classList.toggle("shown", chosen >= 0);
    if (chosen < 0) return;
    const [x, y] = points[chosen];
    marker.querySelector("line").setAttribute("x1", x);
    marker.querySelector("line").setAttribute("x2", x);
    marker.querySelector("circle").setAttribute("cx", x);
    marker.querySelector("circle").setAttribute("cy", y);
    const point = series[chosen];
    const before = previous[chosen];
    reading.replaceChildren(
      h("p", {}, words.date(point.date), unfinished && chosen === series.length - 1 ? ` ${words.unfinished}` : ""),
      h("p", { class: "now" }, words.value(point.value)),
      before ? h("p", { class: "before" }, `${words.value(before.value)} · ${words.date(before.date)}`) : "",
    );
    const half = reading.offsetWidth / 2;
    reading.style.left = `${Math.min(Math.max(x, half + 4), width - half - 4)}px`;
  }

  new ResizeObserver(
    () => box.isConnected && (drawn === null || drawn.width !== Math.max(240, box.clientWidth)) && draw(),
  ).observe(box);
  return box;
}

/** A line of a few pixels, without axes: how it went. `until` and `unfinished` are those of a chart. */
export function sparkline(values, label, { until = values.length, unfinished = false } = {}) {
  const [width, height] = [140, 36];
  const most = Math.max(...values, 1);
  const points = values
    .slice(0, until)
    .map((value, n) => [(width * n) / Math.max(1, values.length - 1), height - 2 - (height - 4) * (value / most)]);
  const finished = unfinished ? points.slice(0, -1) : points;
  return s(
    "svg",
    {
      class: "sparkline",
      viewBox: `0 0 ${width} ${height}`,
      preserveAspectRatio: "none",
      role: "img",
      "aria-label": label,
    },
    points.length > 1 && s("path", { class: "area", d: `${path(points)}L${points.at(-1)[0]},${height}L0,${height}Z` }),
    s("path", { class: "line", d: path(finished) }),
    unfinished && s("path", { class: "line dashed", d: path(points.slice(-2)) }),
  );
}
