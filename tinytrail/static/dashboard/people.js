// Accounts, users and their keys: for admins.

import { get, post, remove } from "./api.js";
import { dialog, h, replace, text } from "./dom.js";
import { action, confirmed, field, form } from "./forms.js";
import { card } from "./panels.js";
import { t } from "./strings.js";
import { copyable } from "./waiting.js";

export function peopleCards(app) {
  const users = card(t.users);
  const accounts = card(t.accounts, { hint: t.accountsHint });
  const userList = h("tbody", {});
  const accountList = h("tbody", {});
  const of = h("select", {}); // whose account a new user is of
  users.body.append(h("table", { class: "plain" }, userList), newUser());
  accounts.body.append(h("table", { class: "plain" }, accountList), newAccount());

  const showKey = (key, who) =>
    dialog(
      t.apiKeyOf(who),
      { close: t.close },
      h("div", { class: "padded" }, h("p", {}, t.keyHint), copyable(key, t.apiKey)),
    );

  function user(one, names) {
    const isSelf = one.id === app.session.user.id;
    const label = one.email ?? t.unnamed;
    const who = isSelf ? `${label} ${t.you}` : label;
    const path = `api/v1/users/${one.id}`;
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, text(label), isSelf ? h("span", { class: "quiet" }, ` ${t.you}`) : null),
      h("td", { class: "quiet" }, t.roles[one.role]),
      h("td", { class: "quiet breaks" }, text(names[one.accountId] ?? "")),
      h(
        "td",
        { class: "number actions" },
        action(t.showKey, async () => showKey((await get(`${path}/api-key`)).apiKey, who)),
        action(t.newKey, () =>
          confirmed(t.newKeyWarning(label), t.newKey, async () => {
            const { apiKey } = await post(`${path}/api-key`);
            return () => showKey(apiKey, who);
          }),
        ),
        isSelf
          ? null
          : action(
              t.remove,
              () =>
                confirmed(t.removeUserWarning(label), t.remove, async () => {
                  await remove(path);
                  await load();
                }),
              { class: "danger" },
            ),
      ),
    );
  }

  function account(one, count) {
    const isOwn = one.id === app.session.user.accountId;
    const drop = () =>
      confirmed(
        t.removeAccountWarning(one.name),
        t.remove,
        async () => {
          await remove(`api/v1/accounts/${one.id}`);
          await app.reload();
          await load();
        },
        one.name,
      );
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, text(one.name)),
      h("td", { class: "quiet" }, t.userCount(count)),
      h("td", { class: "number" }, isOwn ? t.yours : action(t.remove, drop, { class: "danger" })),
    );
  }

  function newUser() {
    const email = h("input", { maxlength: 320, autocomplete: "off" });
    const role = h(
      "select",
      {},
      ["user", "admin"].map((one) => h("option", { value: one }, t.roles[one])),
    );
    const add = async () => {
      const made = await post("api/v1/users", {
        account_id: of.value,
        role: role.value,
        email: email.value.trim() || null,
      });
      await load();
      showKey(made.apiKey, made.email ?? t.unnamed);
      return () => {
        email.value = "";
        role.value = "user"; // or the next one would be an admin by mistake
        of.value = app.session.user.accountId;
      };
    };
    return h(
      "div",
      { class: "padded ruled" },
      h("h3", {}, t.addUser),
      form([field(t.label, email, t.labelHint), field(t.role, role, t.roleHint), field(t.account, of)], add, {
        label: t.add,
        done: "",
      }),
    );
  }

  function newAccount() {
    const name = h("input", { required: true, maxlength: 200 });
    const addAccount = async () => {
      await post("api/v1/accounts", { name: name.value });
      await load();
      return () => (name.value = "");
    };
    return h(
      "div",
      { class: "padded ruled" },
      h("h3", {}, t.addAccount),
      form([field(t.name, name)], addAccount, { label: t.add, done: "" }),
    );
  }

  /** Fill the lists; what is being typed below them stays. */
  async function load() {
    const [everyone, all] = await Promise.all([get("api/v1/users"), get("api/v1/accounts")]);
    const names = Object.fromEntries(all.map((one) => [one.id, one.name]));
    const chosen = names[of.value] ? of.value : app.session.user.accountId;
    const counts = (one) => everyone.filter((someone) => someone.accountId === one.id).length;
    replace(
      userList,
      everyone.map((one) => user(one, names)),
    );
    replace(
      accountList,
      all.map((one) => account(one, counts(one))),
    );
    replace(
      of,
      all.map((one) => h("option", { value: one.id, selected: one.id === chosen }, one.name)),
    );
  }

  return { elements: [users.element, accounts.element], load };
}
