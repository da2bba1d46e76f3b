// Figures and dates as people read them.

import { t } from "./strings.js";

// Made as they are first needed, since the first of each kind takes a browser long.
const lazy = (make) => {
  let made;
  return () => (made ??= make());
};
const numbers = (options, locale = t.locale) => lazy(() => new Intl.NumberFormat(locale, options));
const dates = (options) => lazy(() => new Intl.DateTimeFormat(t.locale, { timeZone: "UTC", ...options }));

const whole = numbers();
const short = numbers({ notation: "compact", maximumSignificantDigits: 3 }, t.shortLocale);
const tenths = numbers({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
const percent = numbers({ maximumFractionDigits: 1 });
const day = dates({ weekday: "short", day: "numeric", month: "short", year: "numeric" });
const shortDay = dates({ day: "numeric", month: "short" });
const longDay = dates({ day: "numeric", month: "short", year: "numeric" });
const month = dates({ month: "long", year: "numeric" });
const shortMonth = dates({ month: "short", year: "numeric" });
const clock = dates({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const moment = dates({ dateStyle: "medium", timeStyle: "short", timeZone: undefined });
const countries = lazy(() => new Intl.DisplayNames(t.locale, { type: "region" }));

/** Make those that every page of figures needs; called while there is nothing to do but wait for the server. */
export function prepare() {
  for (const make of [whole, tenths, percent, shortDay, countries]) make();
  rangeInWords("2026-03-13", "2026-03-14");
}

export const number = (value) => whole().format(value);
export const compact = (value) => (Math.abs(value) < 100_000 ? whole().format(value) : short().format(value));
export const share = (part, total) => (total ? `${tenths().format((100 * part) / total)}%` : "");

/** By how many percent, without the sign. */
export const changeInWords = (value) =>
  `${Math.abs(value) < 100 ? percent().format(Math.abs(value)) : compact(Math.round(Math.abs(value)))}%`;

/** Whole seconds as "2m 05s". */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes >= 60) return `${whole().format(Math.floor(minutes / 60))}h ${String(minutes % 60).padStart(2, "0")}m`;
  return minutes ? `${minutes}m ${String(seconds % 60).padStart(2, "0")}s` : `${seconds}s`;
}

const TIMES = new Set(["avg_session_duration", "totalDuration", "averageDuration"]);

/** A metric's value, shortened where it is large. */
export function figure(metric, value) {
  if (metric === "bounce_rate") return `${percent().format(value)}%`;
  return TIMES.has(metric) ? duration(value) : compact(value);
}

/** The same in full, for where there is room. */
export const exactly = (metric, value) =>
  Number.isInteger(value) && figure(metric, value) === compact(value) ? number(value) : figure(metric, value);

/** A long time in its two largest units: "3d 4h". */
export function longDuration(seconds) {
  if (seconds < 86_400) return duration(seconds);
  return `${whole().format(Math.floor(seconds / 86_400))}d ${Math.floor((seconds % 86_400) / 3600)}h`;
}

const utc = (date) => new Date(`${date.length === 7 ? `${date}-01` : date.slice(0, 10)}T${date.slice(11) || "00:00"}Z`);

/** `2026-03-13`, `2026-03-13T14:00` or `2026-03` in words. */
export function dateInWords(date) {
  if (date.length === 7) return month().format(utc(date));
  return date.length > 10 ? `${shortDay().format(utc(date))}, ${clock().format(utc(date))}` : day().format(utc(date));
}

/** The same for an axis; with the year where `isNewYear`. */
function tick(date, isNewYear) {
  if (date.length === 7) return shortMonth().format(utc(date));
  return (date.length > 10 ? clock : isNewYear ? longDay : shortDay)().format(utc(date));
}

/** How a chart says the values and the days of a metric. */
export const chartWords = (metric, title) => ({
  title,
  isTime: TIMES.has(metric),
  value: (value) => exactly(metric, value),
  level: (value) => figure(metric, value).replace(/ 00[ms]$/, ""), // the steps of an axis are round
  date: dateInWords,
  tick,
  unfinished: t.unfinished,
});

export function rangeInWords(start, end) {
  return start === end ? day().format(utc(start)) : longDay().formatRange(utc(start), utc(end));
}

/** A moment of the server's (ISO text or Unix seconds), in the reader's own zone. */
export const momentInWords = (at) => moment().format(typeof at === "number" ? new Date(at * 1000) : new Date(at));

/** How long ago that was, roughly. */
export function ago(at, now = Date.now()) {
  const seconds = Math.max(0, (now - (typeof at === "number" ? at * 1000 : Date.parse(at))) / 1000);
  const relative = new Intl.RelativeTimeFormat(t.locale, { numeric: "auto" });
  const units = [
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
  ];
  const [unit, size] = units.find(([, length]) => seconds >= length) ?? ["second", 1];
  return relative.format(-Math.floor(seconds / size), unit);
}

/** A country's name from its two letters. */
export function country(code) {
  try {
    return countries().of(code) ?? code;
  } catch {
    return code; // not a code that anybody knows
  }
}

const ENCODED = /(?:%[89a-f][0-9a-f])+/gi;
const UNSEEN = /[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}\u2800]/u;

/**
 * A path with the letters beyond ASCII that a browser had encoded. All else stays as it is: `%2F` is no slash, and
 * what cannot be seen, or looks like another spelling (not NFC), would have one path pass for another.
 */
export function readable(path) {
  const shown = path.replace(ENCODED, (bytes) => {
    try {
      const letters = decodeURIComponent(bytes);
      return UNSEEN.test(letters) ? bytes : letters;
    } catch {
      return bytes; // not UTF-8
    }
  });
  return shown === shown.normalize() ? shown : path;
}

/** Today, as far as those without a zone of their own are concerned. */
export const utcToday = () => new Date().toISOString().slice(0, 10);

/** A clock on the wall in a zone: gives its {today, hour}, as `2026-03-13` and `14`. */
export function wallClock(timeZone) {
  const digits = "2-digit";
  const fields = { year: "numeric", month: digits, day: digits, hour: digits, hourCycle: "h23" };
  let format;
  try {
    format = new Intl.DateTimeFormat("en-GB", { timeZone, ...fields });
  } catch {
    format = new Intl.DateTimeFormat("en-GB", { timeZone: "UTC", ...fields }); // a zone younger than this browser
  }
  return () => {
    const { year, month, day, hour } = Object.fromEntries(
      format.formatToParts().map((part) => [part.type, part.value]),
    );
    return { today: `${year}-${month}-${day}`, hour };
  };
}

/** A day, so many days later. */
export function shifted(date, days) {
  const moved = utc(date);
  moved.setUTCDate(moved.getUTCDate() + days);
  return moved.toISOString().slice(0, 10);
}

/** Days in a range, both ends included. */
export const daysIn = (start, end) => Math.round((utc(end) - utc(start)) / 86_400_000) + 1;
