// Choosing what time is shown: presets, a range of one's own, one step back or forth, and what to compare with.

import { h, newId, replace } from "./dom.js";
import { daysIn, rangeInWords, shifted } from "./format.js";
import { placeBelow } from "./shell.js";
import { COMPARISONS, FIRST_DAY, LAST_DAY, PRESETS } from "./state.js";
import { t } from "./strings.js";

/**
 * The state one period earlier (-1) or later (1) than the days `shown` ({start, end}); null past `today`, and where
 * no address reaches.
 */
function turned(state, shown, direction, today) {
  const days = daysIn(shown.start, shown.end) * direction;
  const from = shifted(shown.start, days);
  const to = shifted(shown.end, days);
  if (from > today || from < FIRST_DAY || to > LAST_DAY) return null;
  return { ...state, from, to };
}

const KEYS = { d: "today", w: "7d", m: "30d", y: "12m" };

/** The keys of the period; whether this was one. */
export function periodKey(event, app, shown, today) {
  const direction = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const next = KEYS[event.key]
    ? { ...app.state, period: KEYS[event.key], from: "", to: "" }
    : direction && shown && turned(app.state, shown, direction, today);
  if (next) app.go(next);
  return Boolean(next);
}

/** Put the controls that `make` gives into `bar`; where its menu is open, as soon as that is closed. */
export function putControls(bar, make) {
  const menu = bar.querySelector(":popover-open");
  if (menu) menu.addEventListener("toggle", () => putControls(bar, make), { once: true });
  else replace(bar, make());
}

/** The controls of the period. `shown`: the days on screen, once known. `today`: the website's. */
export function periodBar(app, shown, today, { compares = true } = {}) {
  const step = (direction) => shown && turned(app.state, shown, direction, today);
  const button = (direction, label, sign) =>
    h(
      "button",
      {
        class: "quiet icon",
        "aria-label": label,
        title: label,
        disabled: !step(direction),
        onclick: () => app.go(step(direction)),
        "data-key": label,
      },
      sign,
    );
  return [button(-1, t.earlier, "‹"), picker(app, shown, compares), button(1, t.later, "›")];
}

function picker(app, shown, compares) {
  const { state } = app; // as it is drawn; a panel's tab may be another by the time something is chosen
  const id = newId("picker");
  /** Each choice closes the menu, which shows what held before it. */
  const choose = (changes) => {
    menu.hidePopover();
    app.go({ ...app.state, ...changes });
  };
  const name = state.from ? rangeInWords(state.from, state.to) : t.periods[state.period];
  const preset = (period) =>
    h(
      "button",
      {
        class: "choice",
        "aria-pressed": String(!state.from && state.period === period),
        onclick: () => choose({ period, from: "", to: "" }),
      },
      t.periods[period],
    );
  const day = (name, value) => h("input", { type: "date", name, required: true, min: FIRST_DAY, max: LAST_DAY, value });
  const from = day("from", state.from || shown?.start || "");
  const to = day("to", state.to || shown?.end || "");
  const range = h(
    "form",
    {
      class: "range",
      onsubmit: (event) => {
        event.preventDefault();
        const [start, end] = [from.value, to.value].sort();
        choose({ from: start, to: end });
      },
    },
    h("label", {}, t.from, from),
    h("label", {}, t.to, to),
    h("button", { class: "primary" }, t.apply),
  );
  const compare = h(
    "label",
    {},
    t.compare,
    h(
      "select",
      { onchange: (event) => choose({ compare: event.target.value }) },
      COMPARISONS.map((one) => h("option", { value: one, selected: one === state.compare }, t.comparisons[one])),
    ),
  );
  const bots = h(
    "label",
    { class: "check" },
    h("input", {
      type: "checkbox",
      checked: state.bots === "1",
      onchange: (event) => choose({ bots: event.target.checked ? "1" : "" }),
    }),
    t.includeBots,
  );
  const menu = h(
    "div",
    { class: "menu", id, role: "group", "aria-label": t.period, popover: "auto" },
    h("div", { class: "choices" }, PRESETS.map(preset)),
    range,
    compares ? h("div", { class: "options" }, compare, bots) : null,
  );
  const opener = h(
    "button",
    { class: "opener", popovertarget: id, "data-key": "period" },
    name,
    shown && !state.from ? h("span", { class: "quiet" }, rangeInWords(shown.start, shown.end)) : null,
  );
  placeBelow(menu, opener);
  return [opener, menu];
}
