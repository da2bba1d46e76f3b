// Share links of a website: made, shown again, revoked.

import { get, post, remove } from "./api.js";
import { h, replace, text } from "./dom.js";
import { action, confirmed, field, form } from "./forms.js";
import { padded } from "./panels.js";
import { t } from "./strings.js";
import { copyable } from "./waiting.js";

export function shares(path) {
  const list = h("div", {});
  const name = h("input", { required: true, maxlength: 200, placeholder: t.shareExample });
  const embeddable = h("input", { type: "checkbox" });
  const made = padded(
    t.shareLinks,
    t.sharesHint,
    list,
    form(
      [field(t.name, name), h("label", { class: "check" }, embeddable, t.embeddable)],
      async () => {
        await post(`${path}/shares`, { name: name.value, is_embeddable: embeddable.checked });
        await load();
        return () => {
          name.value = "";
          embeddable.checked = false; // or the next link would be embeddable by mistake
        };
      },
      { label: t.makeLink, done: "" },
    ),
  );
  async function load() {
    const item = (one) =>
      h(
        "div",
        { class: "share-link" },
        h(
          "div",
          { class: "between" },
          h("h3", {}, text(one.name), one.isEmbeddable ? h("span", { class: "quiet" }, ` · ${t.canBeEmbedded}`) : null),
          action(
            t.revoke,
            () =>
              confirmed(t.revokeWarning(one.name), t.revoke, async () => {
                await remove(`${path}/shares/${one.id}`);
                await load();
              }),
            { class: "danger" },
          ),
        ),
        one.url ? copyable(one.url, one.name) : h("p", { class: "quiet" }, t.linkUnknown),
        one.url && one.isEmbeddable
          ? copyable(
              `<iframe src="${one.url}" width="100%" height="900" frameborder="0" loading="lazy"></iframe>`,
              t.embedCode,
            )
          : null,
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
