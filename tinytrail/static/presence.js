// Keeps the page of GET /presence live: a frame a second from a WebSocket. All of its addresses are relative,
// so that the page works below any path of a proxy's.
"use strict";

(() => {
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const FIRST_WAIT = 1000, LONGEST_WAIT = 60000; // ms between tries to connect
  const SILENCE = 10000; // ms without a frame after which a connection counts as dead
  const WORTH_TELLING = 600; // seconds of absence whose end a screen reader is told

  const element = (id) => document.getElementById(id);
  const number = (value) => value.toLocaleString("en-US");
  const local = new Intl.DateTimeFormat("en-GB", {
    day: "numeric", month: "long", year: "numeric",
    hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "short",
  });

  // As words.py says them.
  function duration(seconds, units = 2) {
    const words = [];
    for (const [name, size] of UNITS) {
      const count = Math.floor(seconds / size);
      seconds -= count * size;
      if (count) words.push(`${number(count)} ${name}${count === 1 ? "" : "s"}`);
      if (words.length && (words.length === units || !count)) break;
    }
    return words.join(" ") || "0 seconds";
  }

  const ago = (seconds, units) => (seconds ? `${duration(seconds, units)} ago` : "just now");

  // Only what changes is touched, so that a selection lives and a screen reader stays quiet.
  function write(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function writeTime(parent, at, text) {
    let time = parent.querySelector("time");
    if (!time) {
      time = document.createElement("time");
      parent.replaceChildren(time);
    }
    const iso = new Date(at * 1000).toISOString();
    if (time.dateTime !== iso) {
      time.dateTime = iso;
      time.title = local.format(at * 1000);
    }
    write(time, text);
  }

  function newRow() {
    const row = document.createElement("tr");
    const name = document.createElement("th");
    name.scope = "row";
    const beats = document.createElement("td");
    beats.className = "number";
    row.append(name, document.createElement("td"), beats);
    return row;
  }

  function showDevices(devices, now) {
    const body = element("devices");
    while (body.rows.length < devices.length) body.append(newRow());
    while (body.rows.length > devices.length) body.lastElementChild.remove();
    devices.forEach((device, index) => {
      const [name, last, beats] = body.rows[index].cells;
      write(name, device.name);
      if (device.last_beat === null) write(last, "never");
      else writeTime(last, device.last_beat, ago(Math.max(0, now - device.last_beat), 1));
      write(beats, number(device.num_beats));
    });
    element("some").hidden = !devices.length;
    element("none").hidden = devices.length > 0;
  }

  let before = null; // the frame shown last

  function show(stats) {
    const { last_seen, last_seen_relative } = stats;
    write(element("ago"), last_seen === null ? "never" : ago(last_seen_relative));
    if (last_seen !== null) writeTime(element("when"), last_seen, local.format(last_seen * 1000));
    write(element("longest_absence"), duration(stats.longest_absence));
    write(element("total_beats"), number(stats.total_beats));
    write(element("num_visits"), number(stats.num_visits));
    write(element("uptime"), duration(stats.uptime));
    showDevices(stats.devices, last_seen + last_seen_relative); // their sum is the server's time
    if (before && stats.total_beats > before.total_beats && before.last_seen_relative >= WORTH_TELLING) {
      write(element("news"), `Seen again, after ${duration(before.last_seen_relative)}.`);
    }
    before = stats;
  }

  let socket = null, wait = FIRST_WAIT, retry = 0, watchdog = 0;

  function say(state, text) {
    const link = element("link");
    if (link.dataset.state === "lost" && state === "live") write(element("news"), "Connected again.");
    if (link.dataset.state === "live" && state === "lost") write(element("news"), "Connection lost.");
    link.dataset.state = state;
    write(link, text);
    link.hidden = false;
  }

  function expectFrame() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => socket && socket.close(), SILENCE);
  }

  function connect() {
    const url = new URL("api/stats/ws", document.baseURI);
    url.protocol = url.protocol.replace("http", "ws");
    const current = socket = new WebSocket(url);
    let opened = false;
    expectFrame();
    current.onmessage = ({ data }) => {
      if (current !== socket) return;
      opened = true;
      wait = FIRST_WAIT;
      expectFrame();
      show(JSON.parse(data));
      say("live", "Live");
    };
    current.onclose = () => {
      if (current !== socket) return; // left on purpose
      clearTimeout(watchdog);
      if (!opened) poll(); // a proxy may pass no WebSocket on
      say("lost", "Reconnecting…");
      retry = setTimeout(connect, wait * (0.75 + Math.random() / 2));
      wait = Math.min(wait * 2, LONGEST_WAIT);
    };
  }

  function leave() {
    clearTimeout(retry);
    clearTimeout(watchdog);
    const left = socket;
    socket = null;
    if (left) left.close();
  }

  async function poll() {
    try {
      const response = await fetch("api/stats", { cache: "no-store" });
      if (response.ok) show(await response.json());
    } catch {
      // no connection at all; the next try will tell
    }
  }

  // A page that nobody looks at costs the server nothing.
  function follow() {
    if (document.hidden) leave();
    else if (!socket) {
      wait = FIRST_WAIT;
      connect();
    }
  }

  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", leave);
  addEventListener("pageshow", follow);
  follow();
})();
