// A list in full: search, as many rows as there are, and the CSV of it.

import { download, get } from "./api.js";
import { debounced, dialog, h, replace } from "./dom.js";
import { having } from "./lists.js";
import { latest } from "./loading.js";
import { t } from "./strings.js";
import { chooseByEnter, table } from "./table.js";

const PER_PAGE = 100;

/** Open a dialog with all rows of `list`; `query` are the parameters that hold for the page. */
export function details(heading, list, app, query, { total, known }) {
  const search = h("input", { type: "search", placeholder: t.search, "aria-label": t.search, autofocus: true });
  const body = h("div", { class: "body scroll", tabindex: 0, role: "region", "aria-label": heading });
  const problem = h("p", { class: "problem", role: "alert" });
  const own = (more) => ({ ...query, ...list.own, search: list.isWhole ? undefined : search.value, ...more });
  const save = () => download(path, own({ format: "csv", ...list.csv }), list.isWhole && onlyFound);
  const csv = h("button", { onclick: () => attempt(save) }, t.csv);
  const path = `api/v1/reports/${list.report}`;
  const box = dialog(heading, { wide: true, close: t.close }, h("div", { class: "tools" }, search, csv), problem, body);
  const choose = (filters) => {
    box.close();
    app.choose(filters);
  };
  let rows = [];
  let page = 0;
  const ask = latest((wanted) => get(path, own({ page: wanted, per_page: PER_PAGE })));

  async function attempt(work) {
    try {
      problem.textContent = "";
      await work();
    } catch (error) {
      problem.textContent = error.message;
    }
  }

  function draw(isWhole) {
    const shown = table(list, rows, { total, chosen: app.state.filters, choose });
    const more = h("button", { class: "more", "data-key": "more", onclick: () => load(page + 1) }, t.showMore);
    replace(body, rows.length ? shown : h("p", { class: "empty" }, t.nothingFound), isWhole ? null : more);
  }

  function load(wanted) {
    return attempt(async () => {
      const data = await ask(wanted);
      if (!data) return; // something else has been searched for meanwhile
      const found = list.rows(data);
      rows = wanted === 1 ? found : [...rows, ...found];
      page = wanted;
      draw(found.length < PER_PAGE);
    });
  }

  function filterWhole() {
    rows = having(list, known, search.value);
    draw(true);
  }

  /** The lines of a whole list's file that are of rows shown. Its names are the server's own: none is in quotes. */
  const onlyFound = (text) =>
    text
      .split("\r\n")
      .filter((line, n) => !n || !line || rows.some((row) => line.startsWith(`${list.name(row)},`)))
      .join("\r\n");

  const refresh = list.isWhole ? filterWhole : () => load(1);
  chooseByEnter(search, box);
  search.addEventListener("input", list.isWhole ? refresh : debounced(refresh, 200));
  refresh();
}
