// Signing in: the key goes to the server once, which gives a cookie that scripts cannot read.

import { post } from "./api.js";
import { h, newId } from "./dom.js";
import { t } from "./strings.js";

export function signInPage(done, why = "") {
  const id = newId("key");
  const hint = newId("hint");
  const trouble = h("p", { class: "problem", role: "alert" }, why);
  const key = h("input", {
    id,
    type: "password",
    name: "api-key",
    autocomplete: "current-password",
    required: true,
    autofocus: true,
    spellcheck: "false",
    "aria-describedby": hint,
  });
  const submit = async (event) => {
    event.preventDefault();
    trouble.textContent = "";
    try {
      await post("api/v1/sessions", { api_key: key.value.trim() });
      key.value = "";
      await done();
    } catch (error) {
      trouble.textContent = error.message;
      key.select();
    }
  };
  return h(
    "form",
    { class: "card signin", onsubmit: submit },
    h("h1", {}, t.signIn),
    h("label", { for: id }, t.apiKey),
    key,
    h("p", { class: "quiet", id: hint }, t.signInHint),
    trouble,
    h("button", { class: "primary" }, t.signIn),
    h("p", { class: "quiet" }, t.signInStays),
  );
}
