// Installs: how many deployments are alive, over time and by version.

import { address, get } from "./api.js";
import { chart } from "./chart.js";
import { h, replace } from "./dom.js";
import { chartWords, number } from "./format.js";
import { keepFresh, loader } from "./loading.js";
import { card, scrolled } from "./panels.js";
import { TIMEFRAMES } from "./state.js";
import { t } from "./strings.js";
import { table } from "./table.js";
import { copyable } from "./waiting.js";

export function installsView(app) {
  const trouble = h("div", {});
  const total = h("div", { class: "lead" });
  const switches = h("div", { class: "tabs" });
  const graph = h("div", { class: "graph" });
  const versions = card(t.versions);
  const badge = card(t.badge);
  const url = `${app.session.baseUrl}/badge/installs.svg`;
  badge.body.append(
    h(
      "div",
      { class: "padded" },
      h("p", {}, h("img", { src: address("badge/installs.svg"), alt: t.activeInstalls, height: 20 })),
      h("p", { class: "quiet" }, t.badgeHint),
      copyable(`![${t.activeInstalls}](${url})`, t.badge),
    ),
  );
  const content = h(
    "div",
    { class: "content" },
    h("section", { class: "card headline" }, h("header", {}, total, switches), graph),
    h("div", { class: "panels" }, versions.element, badge.element),
  );
  const element = h("div", {}, h("div", { class: "toolbar" }, h("h1", {}, t.installs)), trouble, content);
  const load = loader({ content, trouble, ask, draw });

  function drawSwitches() {
    replace(
      switches,
      TIMEFRAMES.map((one) =>
        h(
          "button",
          {
            "aria-pressed": String(one === app.state.timeframe),
            "data-key": one,
            onclick: () => app.go({ ...app.state, timeframe: one }),
          },
          t.timeframes[one],
        ),
      ),
    );
  }

  function ask(signal) {
    const { timeframe } = app.state;
    drawSwitches();
    return Promise.all([get("stats", { timeframe }, signal), get("stats/versions", {}, signal)]);
  }

  function draw([stats, byVersion]) {
    const what = stats.total === 1 ? t.activeInstall : t.activeInstalls;
    replace(total, h("strong", {}, number(stats.total)), " ", h("span", { class: "quiet" }, what));
    const points = stats.history.map(({ date, count }) => ({ date, value: count }));
    const words = chartWords("installs", t.chartOf(t.activeInstalls, t.timeframes[app.state.timeframe]));
    replace(
      graph,
      points.length ? chart({ points, unfinished: true, words }) : h("p", { class: "empty" }, t.noInstalls),
    );
    const list = { column: t.version, measures: [{ key: "count", title: t.installs }], name: (row) => row.version };
    const ofVersions = byVersion.length && table(list, byVersion, { total: stats.total });
    scrolled(versions.body, t.versions, ofVersions, t.noInstalls);
  }

  return { element, title: t.installs, update: load, close: keepFresh(load) };
}
