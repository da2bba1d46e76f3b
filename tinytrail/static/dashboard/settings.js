// Settings: the websites, one website's own, people and their keys, and this user's sessions.

import { get, post, remove } from "./api.js";
import { h, replace, text } from "./dom.js";
import { action, domainOf, field, form } from "./forms.js";
import { ago, momentInWords } from "./format.js";
import { card } from "./panels.js";
import { peopleCards } from "./people.js";
import { link, problem } from "./shell.js";
import { siteSettings, timezones, zoneField } from "./site_settings.js";
import { t } from "./strings.js";

export function settingsView(app) {
  const website = app.websites.find((one) => one.id === app.state.site);
  if (website) return siteSettings(app, website);
  const trouble = h("div", {});
  const sites = card(t.websites);
  const sessions = card(t.sessionsHere, { hint: t.sessionsHint });
  const people = app.session.user.role === "admin" ? peopleCards(app) : { elements: [], load: async () => {} };
  const element = h(
    "div",
    { class: "settings" },
    h("div", { class: "toolbar" }, h("h1", {}, t.settings)),
    trouble,
    sites.element,
    people.elements,
    sessions.element,
    h("p", { class: "quiet version" }, `TinyTrail ${app.session.version}`),
  );

  const list = h("div", {});
  sites.body.append(list, newSite());

  function drawSites() {
    const row = (one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, link(app, { view: "settings", site: one.id }, {}, text(one.domain))),
        h("td", { class: "quiet" }, one.timezone),
        h("td", { class: "number" }, link(app, { view: "site", site: one.id }, {}, t.figures)),
      );
    replace(
      list,
      app.websites.length
        ? h(
            "table",
            { class: "plain" },
            h(
              "thead",
              { class: "hidden" },
              h("tr", {}, h("th", {}, t.domain), h("th", {}, t.timezone), h("th", {}, t.figures)),
            ),
            h("tbody", {}, app.websites.map(row)),
          )
        : h("p", { class: "empty" }, t.noSitesHint),
    );
  }

  function newSite() {
    const domain = h("input", {
      required: true,
      placeholder: "blog.example.com",
      maxlength: 255,
      spellcheck: "false",
      autocapitalize: "none",
    });
    const zone = zoneField(Intl.DateTimeFormat().resolvedOptions().timeZone);
    const add = async () => {
      const made = await post("api/v1/websites", { domain: domainOf(domain.value), timezone: zone.value });
      await app.reload();
      app.go({ ...app.state, view: "settings", site: made.id });
    };
    return h(
      "div",
      { class: "padded ruled" },
      h("h3", {}, t.addSite),
      form([field(t.domain, domain, t.domainHint), field(t.timezone, zone, t.timezoneHint), timezones()], add, {
        label: t.add,
        done: "",
      }),
    );
  }

  async function loadSessions() {
    const row = (one) =>
      h(
        "tr",
        {},
        h("th", { scope: "row" }, [one.browser, one.os].filter(Boolean).join(", ")),
        h("td", { class: "quiet", title: momentInWords(one.createdAt) }, t.signedIn(ago(one.createdAt))),
        h(
          "td",
          { class: "number" },
          one.isCurrent
            ? t.thisBrowser
            : action(t.signOut, async () => {
                await remove(`api/v1/sessions/${one.id}`);
                await loadSessions();
              }),
        ),
      );
    const own = await get("api/v1/sessions");
    replace(sessions.body, h("table", { class: "plain" }, h("tbody", {}, own.map(row))));
  }

  async function update() {
    drawSites();
    try {
      await Promise.all([app.reload().then(drawSites), loadSessions(), people.load()]); // as other pages left them
      replace(trouble);
    } catch (error) {
      replace(trouble, problem(error, update));
    }
  }

  return { element, title: t.settings, update, close() {} };
}
