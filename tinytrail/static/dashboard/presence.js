// Presence: when one's devices were heard last, and how long they were silent.

import { address, get } from "./api.js";
import { h, replace, text } from "./dom.js";
import { ago, longDuration, momentInWords, number } from "./format.js";
import { keepFresh, loader } from "./loading.js";
import { card, scrolled } from "./panels.js";
import { t } from "./strings.js";

const EVERY = 10_000; // milliseconds

export function presenceView() {
  const trouble = h("div", {});
  const figures = h("div", { class: "figures four" });
  const devices = card(t.devices);
  const absences = card(t.absences, { hint: t.absencesHint });
  const content = h(
    "div",
    { class: "content" },
    h("section", { class: "card headline" }, figures),
    h("div", { class: "panels" }, devices.element, absences.element),
  );
  const element = h(
    "div",
    {},
    h(
      "div",
      { class: "toolbar" },
      h("h1", {}, t.presence),
      h("div", { class: "bar" }, h("a", { href: address("presence") }, t.publicPage)),
    ),
    trouble,
    content,
  );
  const load = loader({ content, trouble, ask, draw });

  const head = (...titles) =>
    h(
      "thead",
      {},
      h(
        "tr",
        {},
        titles.map((title, n) => h("th", { scope: "col", class: n ? "number" : null }, title)),
      ),
    );

  function ask(signal) {
    return Promise.all([get("api/stats", {}, signal), get("api/absences", {}, signal)]);
  }

  function draw([stats, gone]) {
    const now = 1000 * (stats.last_seen + stats.last_seen_relative); // the server's: a browser's clock may be wrong
    const time = (at) => h("span", { title: momentInWords(at) }, ago(at, now));
    const figure = (label, value) =>
      h("div", { class: "figure" }, h("span", { class: "label" }, label), h("strong", {}, value));
    replace(figures, [
      figure(t.lastSeen, stats.last_seen === null ? t.never : time(stats.last_seen)),
      figure(t.longestAbsence, longDuration(stats.longest_absence)),
      figure(t.totalBeats, number(stats.total_beats)),
      figure(t.pageVisits, number(stats.num_visits)),
    ]);
    const device = (one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, text(one.name)),
        h("td", { class: "number" }, one.last_beat === null ? t.never : time(one.last_beat)),
        h("td", { class: "number" }, number(one.num_beats)),
      );
    replace(
      devices.body,
      stats.devices.length
        ? h("table", { class: "plain" }, head(t.device, t.lastBeat, t.beats), h("tbody", {}, stats.devices.map(device)))
        : h("p", { class: "empty" }, t.noDevicesYet),
    );
    const absence = (one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row", class: "date" }, momentInWords(one.began)),
        h("td", { class: "number" }, one.ended === null ? t.stillAway : momentInWords(one.ended)),
        h("td", { class: "number" }, longDuration(one.seconds)),
      );
    const ofAbsences = h("table", { class: "plain" }, head(t.from, t.to, t.length), h("tbody", {}, gone.map(absence)));
    const none = stats.last_seen === null ? t.noBeatYet : t.noAbsences;
    scrolled(absences.body, t.absences, gone.length && ofAbsences, none);
  }

  return { element, title: t.presence, update: load, close: keepFresh(load, EVERY) };
}
