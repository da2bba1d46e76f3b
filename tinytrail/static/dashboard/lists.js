// What the panels of a website's page list: which report, under which columns, and what a row filters by.

import { h, text } from "./dom.js";
import { country, readable } from "./format.js";
import { t } from "./strings.js";

const filter = (dimension, value) => `${dimension}:${value}`;
const visits = [{ key: "visits", title: t.visits }];

/** A list of visits by one thing of theirs. */
const byVisits = (column, key, dimension, show) => ({
  column,
  measures: visits,
  name: (row) => row[key],
  show: show && ((row) => show(row[key])),
  filters: (row) => [filter(dimension, row[key])],
});

/** How rows of paths are called. */
export const ofPath = { name: (row) => row.path, show: (row) => readable(row.path) };

/** Properties that a filter can name: the first "=" in it ends the name. */
const CAN_BE_NAMED = /^[^=]+$/;

const campaign = (row) => [row.utmSource, row.utmMedium, row.utmCampaign].map((part) => part || "–").join(" / ");

/**
 * By tab: {title, report, own (its parameters), rows(data), total ("visits", "pageviews" or none), ...of table.js}.
 * Those that are short come whole, and are searched here: only here is known under which names they are shown.
 */
export const LISTS = {
  pages: {
    title: t.allPages,
    report: "pages",
    rows: (data) => data.rows,
    total: "pageviews",
    column: t.page,
    measures: [
      { key: "pageviews", title: t.views },
      { key: "uniquePageviews", title: t.unique },
    ],
    ...ofPath,
    filters: (row) => [filter("page", row.path)],
    tag: (row, choose) =>
      row.contentGroup &&
      h(
        "button",
        { class: "tag", title: t.filterByGroup, onclick: () => choose([filter("content_group", row.contentGroup)]) },
        text(row.contentGroup),
      ),
  },
  landing: {
    title: t.landingPages,
    report: "flow",
    rows: (data) => data.landing_pages,
    total: "visits",
    column: t.landingPage,
    measures: [{ key: "entries", title: t.entries }],
    ...ofPath,
    filters: (row) => [filter("entry", row.path)],
  },
  exit: {
    title: t.exitPages,
    report: "flow",
    rows: (data) => data.exit_pages,
    total: "visits",
    column: t.exitPage,
    measures: [{ key: "exits", title: t.exits }],
    ...ofPath,
    filters: (row) => [filter("exit", row.path)],
    csv: { list: "exit_pages" },
  },
  channels: {
    title: t.channels,
    report: "sources",
    own: { group_by: "channel" },
    rows: (data) => data.rows,
    total: "visits",
    ...byVisits(t.channel, "channel", "channel"),
    isWhole: true,
  },
  referrers: {
    title: t.referrers,
    report: "sources",
    own: { group_by: "domain" },
    rows: (data) => data.rows,
    total: "visits",
    ...byVisits(t.referrer, "referrer", "referrer"),
  },
  campaigns: {
    title: t.campaigns,
    report: "sources",
    own: { group_by: "utm" },
    rows: (data) => data.rows,
    total: "visits",
    column: t.campaignColumn,
    measures: visits,
    name: campaign,
    filters: (row) =>
      [
        ["utm_source", row.utmSource],
        ["utm_medium", row.utmMedium],
        ["utm_campaign", row.utmCampaign],
      ]
        .filter(([, value]) => value)
        .map(([name, value]) => filter(name, value)),
  },
  devices: {
    title: t.deviceTypes,
    report: "devices",
    rows: (data) => data.device_types,
    total: "visits",
    ...byVisits(t.device, "deviceType", "device", (name) => t.deviceNames[name] ?? name),
    isWhole: true,
  },
  browsers: {
    title: t.browsers,
    report: "devices",
    rows: (data) => data.browsers,
    total: "visits",
    ...byVisits(t.browser, "browserFamily", "browser"),
    isWhole: true,
    csv: { list: "browsers" },
  },
  systems: {
    title: t.systems,
    report: "devices",
    rows: (data) => data.os_families,
    total: "visits",
    ...byVisits(t.system, "osFamily", "os"),
    isWhole: true,
    csv: { list: "os_families" },
  },
  screens: {
    title: t.screens,
    report: "devices",
    rows: (data) => data.screen_resolutions,
    total: "visits",
    ...byVisits(t.screenColumn, "bucket", "screen", (name) => t.screenNames[name] ?? name),
    isWhole: true,
    csv: { list: "screen_resolutions" },
  },
  countries: {
    title: t.countries,
    report: "countries",
    rows: (data) => data.rows,
    total: "visits",
    ...byVisits(t.country, "country", "country", country),
    isWhole: true,
  },
  events: {
    title: t.customEvents,
    report: "custom-events",
    rows: (data) => data.rows,
    column: t.event,
    measures: [{ key: "count", title: t.count }],
    name: (row) => row.name,
    filters: (row) => [filter("event", row.name)],
  },
  properties: {
    title: t.properties,
    report: "event-properties",
    rows: (data) => data.rows,
    column: t.property,
    measures: [{ key: "count", title: t.count }],
    name: (row) => `${row.property}: ${row.value}`,
    filters: (row) => (CAN_BE_NAMED.test(row.property) ? [filter("property", `${row.property}=${row.value}`)] : []),
  },
};

/** The panels, and the lists that are their tabs. */
export const PANELS = [
  { key: "pages", title: t.pages, tabs: ["pages", "landing", "exit"], empty: t.noPages },
  { key: "sources", title: t.sources, tabs: ["channels", "referrers", "campaigns"], empty: t.noSources },
  { key: "devices", title: t.devices, tabs: ["devices", "browsers", "systems", "screens"], empty: t.noDevices },
  { key: "countries", title: t.countries, tabs: ["countries"], empty: t.noCountries },
  { key: "events", title: t.events, tabs: ["events", "properties"], empty: t.noEvents },
];

/** Those rows that have a text in their name, as it is stored or as it is shown. */
export const having = (list, rows, wanted) =>
  rows.filter((row) => `${list.name(row)}\n${list.show?.(row) ?? ""}`.toLowerCase().includes(wanted.toLowerCase()));

const PATHS = ["page", "entry", "exit"]; // dimensions

/** A filter in words: {dimension, value, stored (the value as it is stored)}. */
export function inWords(given) {
  const colon = given.indexOf(":");
  const dimension = given.slice(0, colon);
  const value = given.slice(colon + 1);
  const shown = {
    device: t.deviceNames[value],
    screen: t.screenNames[value],
    country: dimension === "country" && country(value),
  };
  const words = PATHS.includes(dimension) ? readable(value) : shown[dimension] || value;
  return { dimension: t.dimensions[dimension] ?? dimension, value: words, stored: value };
}
