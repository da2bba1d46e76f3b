// One website's settings.

import { address, get, patch, remove } from "./api.js";
import { contentGroups } from "./content_groups.js";
import { h, replace, text } from "./dom.js";
import { action, confirmed, domainOf, field, form } from "./forms.js";
import { padded } from "./panels.js";
import { shares } from "./shares.js";
import { link } from "./shell.js";
import { t } from "./strings.js";
import { copyable, liveCheck, snippet } from "./waiting.js";

const ZONES = "timezones";

/** What a zone's field offers. */
export const timezones = () =>
  h(
    "datalist",
    { id: ZONES },
    Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })),
  );
export const zoneField = (value) =>
  h("input", { value, list: ZONES, required: true, spellcheck: "false", autocomplete: "off" });

/** What the API takes under another name than it gives. */
const SENT_AS = { contentGroups: "content_groups", excludedIps: "excluded_ips", retentionDays: "retention_days" };

export function siteSettings(app, website) {
  const path = `api/v1/websites/${website.id}`;
  const heading = h("h1", {});
  /** Save those fields that are not as this page has them, unless another page has changed them meanwhile. */
  const change = async (fields) => {
    const isAsIn = (other, name) => JSON.stringify(other[name]) === JSON.stringify(website[name]);
    const changed = Object.keys(fields).filter((name) => !isAsIn(fields, name));
    if (!changed.length) return;
    const before = await get(path);
    if (!changed.every((name) => isAsIn(before, name))) throw new Error(t.changedElsewhere);
    const sent = Object.fromEntries(changed.map((name) => [SENT_AS[name] ?? name, fields[name]]));
    const after = await patch(path, sent);
    for (const name of changed) website[name] = after[name]; // and not what this page does not show
    replace(heading, text(website.domain));
    await app.reload();
  };
  const toolbar = h(
    "div",
    { class: "toolbar" },
    heading,
    h(
      "div",
      { class: "bar" },
      link(app, { view: "site" }, {}, t.figures),
      link(app, { view: "settings", site: "" }, {}, t.allSettings),
    ),
  );
  const element = h("div", { class: "settings" });

  function draw() {
    const cards = [
      embedding(app, website),
      general(website, change),
      contentGroups(website, path, change),
      excluded(app, website, change),
      shares(path),
      data(app, website, path),
    ];
    replace(heading, text(website.domain));
    replace(
      element,
      toolbar,
      cards.map((one) => one.element),
    );
  }
  draw();

  /** Show what another page may have saved since the websites were read. */
  async function update() {
    await app.reload().catch(() => {}); // it is shown as it was known, then
    const stored = app.websites.find((one) => one.id === website.id);
    if (!stored || JSON.stringify(stored) === JSON.stringify(website) || element.querySelector("[data-unsaved]"))
      return;
    Object.assign(website, stored);
    draw();
  }

  return { element, title: `${t.settings}: ${website.domain}`, update, close() {} };
}

const embedding = (app, website) =>
  padded(
    t.snippet,
    t.snippetHint,
    copyable(snippet(app, website), t.snippet),
    liveCheck(website, () => false),
  );

function general(website, change) {
  const domain = h("input", { value: website.domain, required: true, maxlength: 255, spellcheck: "false" });
  const zone = zoneField(website.timezone);
  const days = h("input", {
    type: "number",
    min: 0,
    max: 36_500,
    value: website.retentionDays ?? "",
    placeholder: t.asServer,
  });
  const save = async () => {
    await change({
      domain: domainOf(domain.value),
      timezone: zone.value,
      retentionDays: days.value === "" ? null : Number(days.value),
    });
    return () => {
      domain.value = website.domain;
      zone.value = website.timezone;
    };
  };
  return padded(
    t.general,
    null,
    form(
      [
        field(t.domain, domain, t.domainHint),
        field(t.timezone, zone, t.timezoneHint),
        timezones(),
        field(t.retention, days, t.retentionHint),
      ],
      save,
    ),
  );
}

function excluded(app, website, change) {
  const list = h("textarea", { rows: 4, spellcheck: "false", value: website.excludedIps.join("\n") });
  const wanted = () => list.value.split(/[\s,]+/).filter(Boolean);
  const save = async () => {
    await change({ excludedIps: wanted() });
    return () => (list.value = website.excludedIps.join("\n"));
  };
  const own = app.session.address;
  const me = h(
    "button",
    {
      type: "button",
      onclick: () => {
        if (!wanted().includes(own)) list.value = [...wanted(), own].join("\n");
        me.form.requestSubmit();
      },
    },
    t.excludeMe(own),
  );
  return padded(
    t.excludedAddresses,
    t.excludedHint,
    form([field(t.addresses, list, t.addressesHint)], save, { extra: me }),
  );
}

function data(app, website, path) {
  const file = (format, table, label) =>
    h("a", { class: "button", href: address(`${path}/export`, { format, table }), download: "" }, label);
  const drop = () =>
    confirmed(
      t.removeSiteWarning(website.domain),
      t.removeSite,
      async () => {
        await remove(path);
        await app.reload();
        app.go({ ...app.state, view: "settings", site: "" });
      },
      website.domain,
    );
  return padded(
    t.data,
    t.exportHint,
    h(
      "div",
      { class: "buttons" },
      file("ndjson", "events", t.eventsNdjson),
      file("csv", "events", t.eventsCsv),
      file("ndjson", "daily", t.dailyNdjson),
      file("csv", "daily", t.dailyCsv),
    ),
    h("div", { class: "buttons ruled" }, action(t.removeSite, drop, { class: "danger" })),
  );
}
