// What is shown is what the address says, so that a view can be bookmarked and sent to somebody.

import { shareToken } from "./api.js";
import { t } from "./strings.js";

export const PRESETS = ["today", "yesterday", "7d", "30d", "90d", "12m", "ytd", "all"];
export const METRICS = ["unique_visitors", "visits", "pageviews", "bounce_rate", "avg_session_duration"];
export const COMPARISONS = ["previous_period", "yoy", "none"];
export const PRODUCT_METRICS = ["events", "sessionCount", "totalDuration", "averageDuration"];
export const TIMEFRAMES = ["daily", "monthly"]; // of installs

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
  count: "events",
  user: "",
  timeframe: "daily",
};

// The first and the last day that can be asked for: a century, which is the longest that a report covers.
export const FIRST_DAY = "1970-01-01";
export const LAST_DAY = "2069-12-31";

// What the API takes of each.
export const MOST_FILTERS = 20;
export const MOST_STEPS = 20;

const CHOICES = {
  period: PRESETS,
  metric: METRICS,
  compare: COMPARISONS,
  bots: ["1"],
  count: PRODUCT_METRICS,
  timeframe: TIMEFRAMES,
};

/** Whether it is a day of the calendar: a Date takes 30 February for 2 March. */
function isDay(text) {
  if (!/^\d{4}-\d\d-\d\d$/.test(text) || text < FIRST_DAY || text > LAST_DAY) return false;
  const day = new Date(`${text}T00:00Z`);
  return !isNaN(day) && day.toISOString().startsWith(text);
}

/** Whether it is a dimension and a value of it; a property's is a name and a value: "property:plan=pro". */
function isFilter(filter) {
  const [, dimension, value] = filter.match(/^(\w+):(.+)$/s) ?? [];
  return Object.hasOwn(t.dimensions, dimension ?? "") && (dimension !== "property" || value.indexOf("=") > 0);
}

/** The state that an address stands for. Anything it cannot mean falls back to the default. */
export function readState(search = location.search) {
  const given = new URLSearchParams(search);
  const state = { ...DEFAULTS };
  for (const name of Object.keys(DEFAULTS)) if (given.get(name)) state[name] = given.get(name);
  for (const [name, choices] of Object.entries(CHOICES))
    if (!choices.includes(state[name])) state[name] = DEFAULTS[name];
  if (!isDay(state.from) || !isDay(state.to)) state.from = state.to = "";
  [state.from, state.to] = [state.from, state.to].sort();
  state.filters = [...new Set(given.getAll("f"))].filter(isFilter).slice(0, MOST_FILTERS);
  state.steps = given
    .getAll("step")
    .filter((step) => step.trim())
    .slice(0, MOST_STEPS);
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

/** The state of another page: what was chosen for this one alone stays behind. */
export function elsewhere(state, changes) {
  const { count, user, timeframe } = DEFAULTS;
  return { ...state, count, user, timeframe, filters: [], steps: [], tabs: {}, ...changes };
}

/** The parameters for a state's days, and whether bots count. */
export function counted(state) {
  const days = state.from ? { start_date: state.from, end_date: state.to } : { period: state.period };
  return { ...days, include_bots: state.bots ? "true" : undefined };
}

/** What its days are compared with: nothing comes before all of them. */
export const comparison = (state) =>
  state.compare === "none" || (state.period === "all" && !state.from) ? undefined : state.compare;

/** The parameters that all reports of a state share. */
export const common = (state, website) => ({ website_id: website, ...counted(state), filters: state.filters });

/** The state with a filter put on, or taken off if it was on. */
export function toggled(state, filters) {
  const all = filters.every((filter) => state.filters.includes(filter));
  const others = state.filters.filter((filter) => !filters.includes(filter));
  return { ...state, filters: all ? others : [...others, ...filters] };
}
