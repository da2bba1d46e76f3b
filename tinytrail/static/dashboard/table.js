// A ranked list: names, a figure or two, their share as a bar behind them. Rows may be clicked to filter by them.

import { h, text } from "./dom.js";
import { compact, number, share } from "./format.js";
import { t } from "./strings.js";

/**
 * A table of `rows`. `list` says what they are: {column, name(row), show(row)?, measures: [{key, title}], filters(row)?, tag(row)?}.
 * `total` is what shares are of; `chosen` the filters that hold now; `choose(filters)` is called with a row's.
 */
export function table(list, rows, { total, chosen = [], choose }) {
  const [main, ...others] = list.measures;
  const most = Math.max(...rows.map((row) => row[main.key]), 1);
  const head = h(
    "tr",
    {},
    h("th", { scope: "col" }, list.column),
    others.map((measure) => h("th", { scope: "col", class: "number other" }, measure.title)),
    h("th", { scope: "col", class: "number" }, main.title),
    total === undefined
      ? null
      : h("th", { scope: "col", class: "number share" }, h("span", { class: "hidden" }, t.share)),
  );
  return h(
    "table",
    { class: "list" },
    h("thead", {}, head),
    h(
      "tbody",
      {},
      rows.map((row) => line(row)),
    ),
  );

  function line(row) {
    const filters = list.filters?.(row) ?? [];
    const isOn = filters.length > 0 && filters.every((filter) => chosen.includes(filter));
    const name = list.name(row);
    const shown = text(list.show?.(row) ?? name);
    const cell =
      filters.length && choose
        ? h(
            "button",
            {
              title: name,
              "data-key": filters.join("\n"),
              "aria-pressed": String(isOn),
              onclick: () => choose(filters),
            },
            shown,
          )
        : h("span", { title: name }, shown);
    const tr = h(
      "tr",
      { class: isOn ? "chosen" : "" },
      h("th", { scope: "row" }, h("div", { class: "name" }, cell, list.tag?.(row, choose))),
      others.map((measure) =>
        h("td", { class: "number other", title: number(row[measure.key]) }, compact(row[measure.key])),
      ),
      h("td", { class: "number", title: number(row[main.key]) }, compact(row[main.key])),
      total === undefined ? null : h("td", { class: "number share" }, share(row[main.key], total)),
    );
    tr.style.setProperty("--share", `${(100 * row[main.key]) / most}%`);
    return tr;
  }
}

/** Enter in a search field chooses the first row of the table in this dialog. */
export function chooseByEnter(search, box) {
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault(); // or it would press what is focused once the box is closed
    box.querySelector("tbody .name button")?.click();
  });
}
