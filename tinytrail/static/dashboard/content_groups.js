// Content groups, with a preview of what they match before they are saved.

import { post } from "./api.js";
import { debounced, h, replace, text } from "./dom.js";
import { readable } from "./format.js";
import { form } from "./forms.js";
import { latest } from "./loading.js";
import { padded } from "./panels.js";
import { t } from "./strings.js";

/** Whether a pattern can match no path at all, since those begin with a slash. */
const isLost = (pattern) => !/^[/*?[^]/.test(pattern);

export function contentGroups(website, path, change) {
  const rows = h("div", {
    class: "rows",
    oninput: () => {
      isSaid = false;
      look();
    },
  });
  const preview = h("div", { class: "preview", "aria-live": "polite" });
  const wanted = () =>
    [...rows.children]
      .map((row) => [...row.querySelectorAll("input")].map((input) => input.value.trim()))
      .filter(([name, pattern]) => name || pattern)
      .map(([name, pattern]) => ({ name, pattern }));
  let isSaid = false; // what is wrong is said beside the button, and not here as well
  const ask = latest((groups) => post(`${path}/content-groups/preview`, { content_groups: groups }));
  const look = debounced(async () => {
    try {
      const groups = wanted().filter(({ name, pattern }) => name && pattern); // not what is still being written
      const answer = await ask(groups);
      if (!answer) return; // the patterns have changed meanwhile
      const { groups: found, unmatched } = answer;
      const line = (one, name, pattern) =>
        h(
          "tr",
          {},
          h("th", { scope: "row" }, text(name)),
          h("td", { class: "number" }, t.pathCount(one.paths)),
          h("td", { class: "number" }, t.viewCount(one.pageviews)),
          pattern !== undefined && isLost(pattern)
            ? h("td", { class: "problem examples" }, t.lostPattern)
            : h("td", { class: "quiet examples" }, text(one.examples.map(readable).join("  "))),
        );
      replace(
        preview,
        h("h3", {}, t.preview),
        h(
          "table",
          { class: "plain" },
          h(
            "tbody",
            {},
            found.map((one, n) => line(one, one.name, groups[n].pattern)),
            line(unmatched, t.unmatched),
          ),
        ),
      );
    } catch (error) {
      replace(preview, isSaid ? null : h("p", { class: "problem" }, error.message));
    }
  }, 300);
  const save = () => {
    isSaid = true;
    preview.querySelector("p.problem")?.remove();
    return change({ contentGroups: wanted() });
  };
  const add = (group = { name: "", pattern: "" }) => {
    const name = h("input", {
      value: group.name,
      placeholder: "Blog",
      "aria-label": t.groupName,
      maxlength: 200,
    });
    const pattern = h("input", {
      value: group.pattern,
      placeholder: "/blog/*",
      "aria-label": t.pattern,
      spellcheck: "false",
    });
    const row = h(
      "div",
      { class: "row" },
      name,
      pattern,
      h(
        "button",
        {
          type: "button",
          class: "quiet icon",
          "aria-label": t.remove,
          onclick: () => {
            const near = row.nextElementSibling ?? row.previousElementSibling;
            (near?.querySelector("button") ?? more).focus();
            row.remove();
            rows.dispatchEvent(new Event("input", { bubbles: true }));
          },
        },
        "✕",
      ),
    );
    rows.append(row);
    return name;
  };
  website.contentGroups.forEach(add);
  look();
  const more = h("button", { type: "button", class: "quiet", onclick: () => add().focus() }, `+ ${t.addGroup}`);
  return padded(t.contentGroups, t.groupsHint, form([rows, more, preview], save));
}
