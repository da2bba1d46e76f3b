// The funnel: its steps are part of the address, so a funnel can be bookmarked like any view.

import { debounced, h, newId, replace, text } from "./dom.js";
import { number, readable, share } from "./format.js";
import { card, csvButton } from "./panels.js";
import { MOST_STEPS } from "./state.js";
import { t } from "./strings.js";

const rate = (part, total) => share(part, total || 1); // of nothing, nothing

/** The panel. `query()` gives the parameters that hold for the page, `suggest()` paths and events to offer. */
export function funnelPanel(app, query, suggest) {
  const csv = csvButton("funnel", () => ({ ...query(), steps: app.state.steps }));
  const { element, body } = card(t.funnel, { className: "funnel", extra: csv });
  const list = h("datalist", { id: newId("steps") });
  const form = h("form", { class: "steps", onsubmit: (event) => event.preventDefault() });
  const result = h("ol", { class: "result" });
  const says = h("p", { role: "status" });
  const sides = h("div", { class: "sides" }, form, h("div", {}, says, result));
  body.append(h("p", { class: "quiet hint" }, t.funnelHint), sides, list);
  let steps = null;
  let addressed = ""; // those of the address when it was last looked at

  const given = () => steps.map((step) => step.trim()).filter(Boolean);
  const tell = () => element.isConnected && app.go({ ...app.state, steps: given() }, { replace: true });
  const soon = debounced(tell, 500);

  function drawForm() {
    const row = (step, n) => {
      const input = h("input", {
        value: step,
        list: list.id,
        placeholder: n % 2 ? "signup" : "/pricing",
        "aria-label": t.step(n + 1),
        "data-key": `step${n}`,
        maxlength: 2048,
        oninput: (event) => {
          steps[n] = event.target.value;
          soon();
        },
      });
      const remove = h(
        "button",
        {
          type: "button",
          class: "quiet icon",
          "aria-label": t.removeStep(n + 1),
          onclick: () => change(steps.filter((_, other) => other !== n)),
        },
        "✕",
      );
      return h("div", { class: "step" }, input, steps.length > 2 ? remove : null);
    };
    const add = h(
      "button",
      { type: "button", class: "quiet", "data-key": "add", onclick: () => change([...steps, ""], true) },
      `+ ${t.addStep}`,
    );
    replace(form, steps.map(row), steps.length < MOST_STEPS ? add : null);
  }

  function change(others, focusLast = false) {
    steps = others;
    while (steps.length < 2) steps.push("");
    drawForm();
    if (focusLast) form.querySelector(".step:nth-last-child(2) input").focus();
    else tell();
  }

  return {
    element,
    /** `funnel`: the report's rows; none while there are not two steps. `refused`: why there are none. */
    update({ funnel, refused } = {}) {
      replace(
        list,
        suggest().map((value) => h("option", { value }, readable(value))),
      );
      const wanted = app.state.steps.join("\n");
      const isNew = wanted !== addressed; // else what is being typed is ahead of the address
      addressed = wanted;
      if (steps === null || (isNew && given().join("\n") !== wanted && !form.contains(document.activeElement))) {
        steps = [...app.state.steps];
        while (steps.length < 2) steps.push("");
        drawForm();
      }
      csv.hidden = !funnel;
      const first = funnel?.[0]?.sessions ?? 0;
      const bar = (row, n) => {
        const item = h(
          "li",
          {},
          h("span", { class: "name", title: row.step }, text(readable(row.step))),
          h("strong", {}, number(row.sessions)),
          h(
            "span",
            { class: "quiet" },
            n ? `${t.ofBefore(rate(row.conversion_rate, 100))} · ${t.ofFirst(rate(row.sessions, first))}` : "",
          ),
        );
        item.style.setProperty("--share", `${first ? (100 * row.sessions) / first : 0}%`);
        return item;
      };
      replace(result, funnel ? funnel.map(bar) : []);
      says.className = refused ? "problem" : "quiet";
      says.textContent = refused ?? (app.state.steps.length === 1 ? t.funnelNeeds : "");
    },
  };
}
