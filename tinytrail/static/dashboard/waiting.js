// A website that nothing has come from yet: its snippet, and a look every few seconds whether something has.

import { get } from "./api.js";
import { h, text } from "./dom.js";
import { ago, readable } from "./format.js";
import { t } from "./strings.js";

const EVERY = 4000; // milliseconds

/** The line to paste into a website's pages. */
export const snippet = (app, website) =>
  `<script defer data-id="${website.id}" src="${app.session.baseUrl}/js/tracker.js"></script>`;

/** Text to copy, with a button that does. */
export function copyable(words, label) {
  const button = h(
    "button",
    {
      type: "button",
      onclick: async () => {
        try {
          await navigator.clipboard.writeText(words);
          button.textContent = t.copied;
        } catch {
          getSelection().selectAllChildren(code); // no clipboard without https: the reader copies by hand
        }
        setTimeout(() => (button.textContent = t.copy), 2000);
      },
    },
    t.copy,
  );
  const code = h("code", { tabindex: 0, "aria-label": label }, words);
  return h("div", { class: "copyable" }, code, button);
}

/** What was last received, in words; checked again until `isEnough(status)`. */
export function liveCheck(website, isEnough, done) {
  const says = h("p", { role: "status" }, t.noEventYet);
  const look = async () => {
    if (!says.isConnected && started) return clearInterval(timer);
    const status = await get(`api/v1/websites/${website.id}/status`).catch(() => null);
    if (!status?.lastEvent) return;
    const { at, path, isBot, isExcluded } = status.lastEvent;
    const why = isExcluded ? t.wasExcluded : isBot ? t.wasBot : "";
    says.replaceChildren(
      h("span", { class: "dot on" }),
      t.lastEvent(ago(at)),
      " ",
      h("code", {}, text(readable(path))),
      why ? ` ${why}` : "",
    );
    if (isEnough(status)) {
      clearInterval(timer);
      done?.();
    }
  };
  let started = false;
  const timer = setInterval(look, EVERY);
  look().finally(() => (started = true));
  return says;
}

export function waiting(app, website, done) {
  return h(
    "section",
    { class: "card waiting" },
    h("h2", {}, h("span", { class: "dot" }), t.waiting),
    h("p", {}, t.waitingHint),
    copyable(snippet(app, website), t.snippet),
    liveCheck(
      website,
      (status) => status.firstEventAt && !status.lastEvent.isBot && !status.lastEvent.isExcluded,
      done,
    ),
  );
}
