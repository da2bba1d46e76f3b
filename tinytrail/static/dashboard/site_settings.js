// One website's settings.

import { address, get, patch, post, remove } from "./api.js";
import { debounced, h, replace, text } from "./dom.js";
import { action, confirmed, field, form } from "./forms.js";
import { number } from "./format.js";
import { card } from "./panels.js";
import { link } from "./shell.js";
import { t } from "./strings.js";
import { copyable, liveCheck, snippet } from "./waiting.js";

const ZONES = "timezones";

/** What a zone's field offers. */
export const timezones = () => h("datalist", { id: ZONES }, Intl.supportedValuesOf("timeZone").map((value) => h("option", { value })));
export const zoneField = (value) => h("input", { value, list: ZONES, required: true, spellcheck: "false", autocomplete: "off" });

export function siteSettings(app, website) {
  const path = `api/v1/websites/${website.id}`;
  const change = async (fields) => {
    Object.assign(website, await patch(path, fields));
    await app.reload();
  };
  const cards = [embedding(app, website), general(website, change), groups(website, path, change), excluded(app, website, change), shares(path), data(app, website, path)];
  const element = h(
    "div",
    { class: "settings" },
    h("div", { class: "toolbar" }, h("h1", {}, text(website.domain)), h("div", { class: "bar" }, link(app, { view: "site" }, {}, t.figures), link(app, { view: "settings", site: "" }, {}, t.allSettings))),
    cards.map((one) => one.element),
  );
  return { element, title: `${t.settings}: ${website.domain}`, update() {}, close() {} };
}

function padded(title, hint, ...children) {
  const made = card(title);
  made.body.append(h("div", { class: "padded" }, hint ? h("p", { class: "quiet" }, hint) : null, ...children));
  return made;
}

const embedding = (app, website) => padded(t.snippet, t.snippetHint, copyable(snippet(app, website), t.snippet), liveCheck(website, () => false));

function general(website, change) {
  const domain = h("input", { value: website.domain, required: true, maxlength: 255, spellcheck: "false" });
  const zone = zoneField(website.timezone);
  const days = h("input", { type: "number", min: 0, max: 36_500, value: website.retentionDays ?? "", placeholder: t.asServer });
  const save = () => change({ domain: domain.value.trim(), timezone: zone.value, retention_days: days.value === "" ? null : Number(days.value) });
  return padded(t.general, null, form([field(t.domain, domain, t.domainHint), field(t.timezone, zone, t.timezoneHint), timezones(), field(t.retention, days, t.retentionHint)], save));
}

function groups(website, path, change) {
  const rows = h("div", { class: "rows" });
  const preview = h("div", { class: "preview", "aria-live": "polite" });
  const wanted = () =>
    [...rows.children]
      .map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()))
      .filter(([name, pattern]) => name || pattern)
      .map(([name, pattern]) => ({ name, pattern }));
  const look = debounced(async () => {
    try {
      const { groups: found, unmatched } = await post(`${path}/content-groups/preview`, { content_groups: wanted() });
      const line = (one, name) => h("tr", {}, h("th", { scope: "row" }, text(name)), h("td", { class: "number" }, t.pathCount(one.paths)), h("td", { class: "number" }, t.viewCount(one.pageviews)), h("td", { class: "quiet examples" }, text(one.examples.join("  "))));
      replace(preview, h("h3", {}, t.preview), h("table", { class: "plain" }, h("tbody", {}, found.map((one) => line(one, one.name)), line(unmatched, t.unmatched))));
    } catch (error) {
      replace(preview, h("p", { class: "problem" }, error.message));
    }
  }, 300);
  const add = (group = { name: "", pattern: "" }) => {
    const name = h("input", { value: group.name, placeholder: "Blog", "aria-label": t.groupName, oninput: look, maxlength: 200 });
    const pattern = h("input", { value: group.pattern, placeholder: "/blog/*", "aria-label": t.pattern, oninput: look, spellcheck: "false" });
    const row = h("div", { class: "row" }, name, pattern, h("button", { type: "button", class: "quiet icon", "aria-label": t.remove, onclick: () => { row.remove(); look(); } }, "✕"));
    rows.append(row);
    return name;
  };
  website.contentGroups.forEach(add);
  look();
  const more = h("button", { type: "button", class: "quiet", onclick: () => add().focus() }, `+ ${t.addGroup}`);
  return padded(t.contentGroups, t.groupsHint, form([rows, more, preview], () => change({ content_groups: wanted() })));
}

function excluded(app, website, change) {
  const list = h("textarea", { rows: 4, spellcheck: "false", value: website.excludedIps.join("\n") });
  const wanted = () => list.value.split(/[\s,]+/).filter(Boolean);
  const own = app.session.address;
  const me = h("button", { type: "button", onclick: () => { if (!wanted().includes(own)) list.value = [...wanted(), own].join("\n"); } }, t.excludeMe(own));
  return padded(t.excludedAddresses, t.excludedHint, form([field(t.addresses, list, t.addressesHint)], () => change({ excluded_ips: wanted() }), { extra: me }));
}

function shares(path) {
  const list = h("div", {});
  const name = h("input", { required: true, maxlength: 200, placeholder: t.shareExample });
  const embeddable = h("input", { type: "checkbox" });
  const made = padded(
    t.shareLinks,
    t.sharesHint,
    list,
    form([field(t.name, name), h("label", { class: "check" }, embeddable, t.embeddable)], async () => {
      await post(`${path}/shares`, { name: name.value, is_embeddable: embeddable.checked });
      name.value = "";
      await load();
    }, { label: t.makeLink, done: "" }),
  );
  async function load() {
    const item = (one) =>
      h(
        "div",
        { class: "share-link" },
        h("div", { class: "between" }, h("h3", {}, text(one.name), one.isEmbeddable ? h("span", { class: "quiet" }, ` · ${t.canBeEmbedded}`) : null), action(t.revoke, () => confirmed(t.revokeWarning(one.name), t.revoke, async () => { await remove(`${path}/shares/${one.id}`); await load(); }), { class: "danger" })),
        one.url ? copyable(one.url, one.name) : h("p", { class: "quiet" }, t.linkUnknown),
        one.url && one.isEmbeddable ? copyable(`<iframe src="${one.url}" width="100%" height="900" frameborder="0" loading="lazy"></iframe>`, t.embedCode) : null,
      );
    try {
      replace(list, (await get(`${path}/shares`)).map(item));
    } catch (error) {
      replace(list, h("p", { class: "problem" }, error.message));
    }
  }
  load();
  return made;
}

function data(app, website, path) {
  const file = (format, table, label) => h("a", { class: "button", href: address(`${path}/export`, { format, table }), download: "" }, label);
  const drop = () =>
    confirmed(t.removeSiteWarning(website.domain), t.removeSite, async () => {
      await remove(path);
      await app.reload();
      app.go({ ...app.state, view: "settings", site: "" });
    }, website.domain);
  return padded(
    t.data,
    t.exportHint,
    h("div", { class: "buttons" }, file("ndjson", "events", t.eventsNdjson), file("csv", "events", t.eventsCsv), file("ndjson", "daily", t.dailyNdjson), file("csv", "daily", t.dailyCsv)),
    h("div", { class: "buttons ruled" }, action(t.removeSite, drop, { class: "danger" })),
  );
}
