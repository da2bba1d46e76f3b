// Forms: labelled fields, saving with its success and its error said beside the button, and asking before deleting.

import { dialog, h, newId } from "./dom.js";
import { t } from "./strings.js";

/** A domain as people paste it, down to its name. */
export const domainOf = (text) =>
  text
    .trim()
    .replace(/^https?:\/\//i, "")
    .replace(/\/.*$/, "");

/** A labelled control, with a hint below it. */
export function field(label, control, hint) {
  control.id ||= newId("field");
  const below = hint ? h("p", { class: "quiet", id: newId("hint") }, hint) : null;
  if (below) control.setAttribute("aria-describedby", below.id);
  return h("div", { class: "field" }, h("label", { for: control.id }, label), control, below);
}

/**
 * A form whose `save()` may fail: what the server says is shown as it is. main.js looks whether any is unsaved. What
 * `save()` gives, if anything, is run to show what was stored, unless something else was typed meanwhile.
 */
export function form(fields, save, { label = t.save, done = t.saved, extra } = {}) {
  const said = h("span", { role: "status" });
  const hush = () => {
    said.className = "";
    said.textContent = "";
  };
  const button = h("button", { class: "primary" }, label);
  const element = h(
    "form",
    {
      class: "form",
      oninput: () => {
        element.dataset.unsaved = "";
        hush(); // it was about what stood there before
      },
      onsubmit: async (event) => {
        event.preventDefault();
        button.disabled = true;
        hush();
        delete element.dataset.unsaved;
        try {
          const showStored = await save();
          if (!("unsaved" in element.dataset)) {
            showStored?.();
            said.textContent = done;
          }
        } catch (error) {
          said.className = "problem";
          said.textContent = error.message;
          element.dataset.unsaved = "";
        }
        button.disabled = false;
      },
    },
    fields,
    h("div", { class: "buttons" }, button, extra, said),
  );
  element.addEventListener("invalid", hush, true); // the browser says itself what it does not take
  return element;
}

/** A button that does something at once, and says beside it what went wrong. */
export function action(label, work, attributes = {}) {
  const said = h("span", { class: "problem", role: "alert" });
  const button = h(
    "button",
    {
      type: "button",
      ...attributes,
      onclick: async () => {
        said.textContent = "";
        try {
          await work();
        } catch (error) {
          said.textContent = error.message;
        }
      },
    },
    label,
  );
  return h("span", { class: "action" }, button, said);
}

/**
 * Ask before something that cannot be undone; `word`, if given, has to be typed. What `work()` gives, if anything, is
 * run once the question is gone.
 */
export function confirmed(question, label, work, word) {
  const typed = h("input", { autocomplete: "off", autofocus: true });
  const run = async () => {
    if (word && typed.value.trim() !== word) throw Object.assign(new Error(t.typeToConfirm(word)), { status: 400 });
    const after = await work();
    box.close();
    after?.();
  };
  const fields = [h("p", {}, question), word ? field(t.typeToConfirm(word), typed) : null];
  const cancel = h("button", { type: "button", onclick: () => box.close() }, t.cancel);
  const box = dialog(
    label,
    { close: t.close },
    h("div", { class: "padded" }, form(fields, run, { label, done: "", extra: cancel })),
  );
  box.querySelector(".primary").classList.add("danger");
}
