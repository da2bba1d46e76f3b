// What is shown is what the address says, so that a view can be bookmarked and sent to somebody.

import { shareToken } from "./api.js";
import { t } from "./strings.js";

export const PRESETS = ["today", "yesterday", "7d", "30d", "90d", "12m", "ytd", "all"];
export const METRICS = ["unique_visitors", "visits", "pageviews", "bounce_rate", "avg_session_duration"];
export const COMPARISONS = ["previous_period", "yoy", "none"];

// Of these, only what differs from here stands in the address.
const DEFAULTS = {
  view: "",
  site: "",
  period: "30d",
  from: "",
  to: "",
  compare: "previous_period",
  metric: "unique_visitors",
  bots: "",
  event: "",
};

export const MOST_FILTERS = 20; // that the API takes

const isFilter = (filter) => filter.split(":")[0] in t.dimensions && !filter.endsWith(":");

/** The state that an address stands for. Anything it cannot mean falls back to the default. */
export function readState(search = location.search) {
  const given = new URLSearchParams(search);
  const state = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) if (given.get(name)) state[name] = given.get(name);
  if (!PRESETS.includes(state.period)) state.period = DEFAULTS.period;
  if (!METRICS.includes(state.metric)) state.metric = DEFAULTS.metric;
  if (!COMPARISONS.includes(state.compare)) state.compare = DEFAULTS.compare;
  const isDay = (text) => /^\d{4}-\d\d-\d\d$/.test(text);
  if (!isDay(state.from) || !isDay(state.to)) state.from = state.to = "";
  [state.from, state.to] = [state.from, state.to].sort();
  state.filters = given.getAll("f").filter(isFilter).slice(0, MOST_FILTERS);
  state.steps = given.getAll("step");
  state.tabs = Object.fromEntries([...given].filter(([name]) => name.startsWith("tab-")));
  if (!state.view) state.view = state.site ? "site" : "sites";
  return state;
}

/** The address of a state. */
export function addressOf(state) {
  const search = new URLSearchParams();
  for (const [name, usual] of Object.entries(DEFAULTS)) {
    const isImplied = name === "view" && (state.view === "site" || state.view === "sites");
    if (state[name] && state[name] !== usual && !isImplied) search.set(name, state[name]);
  }
  if (shareToken) search.delete("site");
  for (const filter of state.filters) search.append("f", filter);
  for (const step of state.steps) search.append("step", step);
  for (const [name, tab] of Object.entries(state.tabs)) search.set(name, tab);
  const words = search.toString().replaceAll("%2F", "/").replaceAll("%3A", ":");
  return words ? `?${words}` : location.pathname.split("/").pop() || "./";
}

/** The parameters that all reports of a state share. */
export function common(state, website) {
  const days = state.from ? { start_date: state.from, end_date: state.to } : { period: state.period };
  return { website_id: website, ...days, include_bots: state.bots ? "true" : undefined, filters: state.filters };
}

/** The state with a filter put on, or taken off if it was on. */
export function toggled(state, filters) {
  const all = filters.every((filter) => state.filters.includes(filter));
  const others = state.filters.filter((filter) => !filters.includes(filter));
  return { ...state, filters: all ? others : [...others, ...filters] };
}
