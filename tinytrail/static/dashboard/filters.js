// The filters that hold, as chips; and the search that finds something to filter by.

import { reports } from "./api.js";
import { debounced, dialog, h, replace, text } from "./dom.js";
import { having, inWords, LISTS } from "./lists.js";
import { latest } from "./loading.js";
import { t } from "./strings.js";
import { chooseByEnter, table } from "./table.js";

const SEARCHED = [
  "pages",
  "channels",
  "referrers",
  "campaigns",
  "countries",
  "devices",
  "browsers",
  "systems",
  "events",
  "properties",
];
const MOST = 5; // rows of each

const chip = (words, label, key, remove) =>
  h("li", {}, words, h("button", { class: "quiet icon", "aria-label": label, "data-key": key, onclick: remove }, "✕"));

/** A chip where bots are counted too: it shows in no figure that they are. */
export function botsChip(app) {
  if (!app.state.bots) return null;
  return chip(h("strong", {}, t.withBots), t.leaveOutBots, "bots", () => app.go({ ...app.state, bots: "" }));
}

/** The state without any of what stands in chips. */
export const unfiltered = (state) => ({ ...state, filters: [], bots: "" });

/** A chip for each filter, those of one dimension saying "or", and one for bots. */
export function chips(app) {
  const { filters, bots } = app.state;
  if (!filters.length && !bots) return [];
  const seen = new Set();
  const filterChip = (filter) => {
    const { dimension, value, stored } = inWords(filter);
    const verb = seen.has(dimension) ? t.or : t.is;
    seen.add(dimension);
    const words = [h("span", { class: "quiet" }, `${dimension} ${verb}`), h("strong", { title: stored }, text(value))];
    return chip(words, t.removeFilter(`${dimension} ${value}`), filter, () => app.choose([filter]));
  };
  const ordered = [...filters].sort((a, b) => (a.split(":")[0] < b.split(":")[0] ? -1 : 1));
  return [
    h("ul", { "aria-label": t.filters }, ordered.map(filterChip), botsChip(app)),
    h("button", { class: "quiet", "data-key": "clear", onclick: () => app.go(unfiltered(app.state)) }, t.clearFilters),
  ];
}

/** Search all lists at once; a row filters everything by it. `known()` has those that come whole. */
export function searchDialog(app, query, known) {
  const search = h("input", {
    type: "search",
    placeholder: t.searchEverything,
    "aria-label": t.searchEverything,
    autofocus: true,
  });
  const found = h("div", { class: "body scroll found", "aria-live": "polite" });
  const box = dialog(
    t.search,
    { wide: true, close: t.close },
    h("div", { class: "tools" }, search),
    h("p", { class: "quiet hint" }, t.searchHint),
    found,
  );
  const choose = (filters) => {
    box.close();
    app.choose(filters);
  };
  const wanted = SEARCHED.filter((key) => !LISTS[key].isWhole);
  const ask = latest((words) =>
    reports(
      wanted.map((key) => [LISTS[key].report, { ...LISTS[key].own, search: words, per_page: MOST }]),
      query,
    ),
  );
  const look = async () => {
    try {
      const answers = await ask(search.value);
      if (!answers) return; // something else has been searched for meanwhile
      const whole = (list, data) => (data ? having(list, list.rows(data), search.value).slice(0, MOST) : []);
      const rowsOf = (key, list) =>
        list.isWhole ? whole(list, known()[key]) : list.rows(answers[wanted.indexOf(key)]);
      const lists = SEARCHED.map((key) => [LISTS[key], rowsOf(key, LISTS[key])]).filter(([, rows]) => rows.length);
      replace(
        found,
        lists.length
          ? lists.map(([list, rows]) => table(list, rows, { chosen: app.state.filters, choose }))
          : h("p", { class: "empty" }, t.nothingFound),
      );
    } catch (error) {
      replace(found, h("p", { class: "problem", role: "alert" }, error.message));
    }
  };
  chooseByEnter(search, box);
  search.addEventListener("input", debounced(look, 250));
  look();
}
