// The panels of a website's page: tabs over ranked lists, and the last half hour.

import { download } from "./api.js";
import { details } from "./details.js";
import { h, newId, replace, text } from "./dom.js";
import { action } from "./forms.js";
import { number } from "./format.js";
import { LISTS, ofPath } from "./lists.js";
import { t } from "./strings.js";
import { table } from "./table.js";

export const ROWS = 8; // in a panel; more are in its dialog

/** A card with a heading; `update()` fills what is below it. */
export function card(title, { extra, hint, className = "" } = {}) {
  const id = newId("panel");
  const body = h("div", { class: "body" });
  const element = h(
    "section",
    { class: `card ${className}`, "aria-labelledby": id },
    h("header", {}, h("h2", { id }, title), hint ? h("span", { class: "quiet" }, hint) : null, extra),
    body,
  );
  return { element, body };
}

/**
 * Fill `body` with what may be higher than its room, under a name: the keyboard has to get there to scroll it. Filled
 * anew, it stays focused, and scrolled to where it was. Without `content`, `none` says so.
 */
export function scrolled(body, name, content, none) {
  const box = body.querySelector(".scroll");
  if (!content) replace(body, h("p", { class: "empty" }, none));
  else if (box) replace(box, content);
  else replace(body, h("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": name }, content));
}

/** A card with a sentence and what comes below it, set in from its edges. */
export function padded(title, hint, ...children) {
  const made = card(title);
  made.body.append(h("div", { class: "padded" }, hint ? h("p", { class: "quiet" }, hint) : null, ...children));
  return made;
}

/** Why there is nothing: the filters first, where there are any. */
const nothing = (app, why) => h("p", { class: "empty" }, app.state.filters.length ? t.noneMatch : why);

/** A panel of tabs. `data`: what each report said, by the key of the list it is for. */
export function panel(definition, app, query) {
  const tabKey = `tab-${definition.key}`;
  const tabs = h("div", { class: "tabs", role: "tablist", "aria-label": definition.title });
  const { element, body } = card(definition.title, { extra: definition.tabs.length > 1 ? tabs : null });
  body.id = newId("list");
  if (definition.tabs.length > 1) body.setAttribute("role", "tabpanel");
  let known = null;

  const current = () =>
    definition.tabs.includes(app.state.tabs[tabKey]) ? app.state.tabs[tabKey] : definition.tabs[0];

  function select(key) {
    app.go({ ...app.state, tabs: { ...app.state.tabs, [tabKey]: key } }, { quiet: true });
    draw();
    tabs.querySelector('[aria-selected="true"]')?.focus();
  }

  function drawTabs(chosen) {
    const keys = definition.tabs;
    const buttons = keys.map((key, n) =>
      h(
        "button",
        {
          role: "tab",
          "aria-selected": String(key === chosen),
          "aria-controls": body.id,
          tabindex: key === chosen ? 0 : -1,
          "data-key": key,
          onclick: () => select(key),
          onkeydown: (event) => {
            const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
            if (!step) return;
            event.preventDefault();
            event.stopPropagation();
            select(keys[(n + step + keys.length) % keys.length]);
          },
        },
        LISTS[key].title,
      ),
    );
    replace(tabs, buttons);
  }

  const heading = (list) => (definition.tabs.length > 1 ? `${definition.title} · ${list.title}` : definition.title);

  function draw() {
    const key = current();
    const list = LISTS[key];
    drawTabs(key);
    if (!known) return;
    const rows = list.rows(known.data[key]);
    const total = known.totals[list.total];
    if (!rows.length) return void replace(body, nothing(app, definition.empty));
    const more = h(
      "footer",
      {},
      h(
        "button",
        {
          class: "quiet",
          "data-key": "more",
          onclick: () => details(heading(list), list, app, query(), { total, known: rows }),
        },
        t.details,
      ),
    );
    replace(body, table(list, rows.slice(0, ROWS), { total, chosen: app.state.filters, choose: app.choose }), more);
  }

  return {
    element,
    update(data, totals) {
      known = { data, totals };
      draw();
    },
  };
}

/** A button that saves a report as it is shown. */
export function csvButton(report, parameters) {
  return action(t.csv, () => download(`api/v1/reports/${report}`, { ...parameters(), format: "csv" }), {
    class: "quiet",
    "data-key": "csv",
  });
}

const eventType = ({ eventType: type, count }) => t.eventTypes[type]?.[count === 1 ? 0 : 1] ?? type;

/** The last half hour. */
export function realtimePanel(app, query) {
  const count = h("strong", { class: "live" });
  const { element, body } = card(t.realtime, { hint: t.realtimeHint, extra: count, className: "realtime" });
  const list = {
    column: t.page,
    measures: [{ key: "visitors", title: t.visitors }],
    ...ofPath,
    filters: (row) => [`page:${row.path}`],
  };
  return {
    element,
    update(data) {
      replace(count, number(data.active_visitors));
      if (!data.active_visitors) return void replace(body, nothing(app, t.noRealtime));
      const types = data.events_by_type.map((type) =>
        h("li", {}, h("strong", {}, number(type.count)), " ", text(eventType(type))),
      );
      const pages = data.top_pages.length
        ? table(list, data.top_pages, { total: data.active_visitors, chosen: app.state.filters, choose: app.choose })
        : h("p", { class: "empty" }, t.noPages);
      replace(body, pages, h("div", { class: "types" }, h("ul", {}, types), csvButton("realtime", query)));
    },
  };
}
