// The first step: who pays, and with what. Each method has a form that says what it will send, or complains.

import { expiry, grouped, wrongCvv, wrongExpiry, wrongNumber } from "./card.js";
import { el, field, icon } from "./dom.js";

const UPI_ID = /^[A-Za-z0-9._-]{2,}@[A-Za-z][A-Za-z0-9]+$/;
const CONTACT = /^\+?[0-9][0-9 ()-]{7,}$/;
const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/;

function upi() {
  const id = field("UPI ID", { id: "vpa", inputmode: "email", placeholder: "name@bank", spellcheck: "false" });
  const chip = (vpa) => el("li", {}, el("button", {
    type: "button", class: "chip", onclick: () => { id.input.value = vpa; id.complain(null); },
  }, vpa));
  const root = el("div", {}, id.root,
    el("ul", { class: "chips", "aria-label": "Test addresses" }, chip("success@razorpay"), chip("failure@razorpay")),
    el("p", { class: "hint" }, "These two answer by themselves. Any other UPI ID waits for the emulated phone."));
  return {
    name: "upi", title: "UPI", about: "Approve in any UPI app", root, fields: { vpa: id },
    read() {
      return id.complain(UPI_ID.test(id.value) ? null : "Enter a UPI ID, like name@bank.") ? { vpa: id.value } : null;
    },
  };
}

function card(session) {
  const number = field("Card number", { id: "number", inputmode: "numeric", placeholder: "0000 0000 0000 0000" });
  const until = field("Expires", { id: "expiry", inputmode: "numeric", placeholder: "MM / YY" });
  const cvv = field("CVV", { id: "cvv", inputmode: "numeric", type: "password", maxlength: 4, placeholder: "123" });
  const name = field("Name on card", { id: "name", autocomplete: "off" });
  number.input.addEventListener("input", () => { number.input.value = grouped(number.input.value); });
  until.input.addEventListener("input", () => { until.input.value = expiry(until.input.value); });
  const fill = (chosen) => {
    number.input.value = grouped(chosen.number);
    until.input.value ||= "12 / 34";
    cvv.input.value ||= "123";
    name.input.value ||= "Test Buyer";
    for (const one of [number, until, cvv]) one.complain(null);
  };
  const chips = session.cards.map((one) => el("li", {},
    el("button", { type: "button", class: "chip", onclick: () => fill(one) }, one.label)));
  const root = el("div", {},
    el("p", { class: "label", id: "cards-label" }, "Fill in a test card"),
    el("ul", { class: "chips row", tabindex: "0", "aria-labelledby": "cards-label" }, ...chips),
    number.root, el("div", { class: "two" }, until.root, cvv.root), name.root);
  const known = session.cards.map((one) => one.number);
  return {
    name: "card", title: "Card", about: "Visa, Mastercard, RuPay", root, fields: { number },
    read() {
      const good = [
        number.complain(wrongNumber(number.value, known)),
        until.complain(wrongExpiry(until.value)),
        cvv.complain(wrongCvv(cvv.value)),
      ].every(Boolean);
      return good ? { number: number.value, name: name.value } : null;
    },
  };
}

function netbanking(session) {
  const bank = field("Bank", { id: "bank" }, [["", "Choose your bank"], ...Object.entries(session.banks)]);
  return {
    name: "netbanking", title: "Netbanking", about: "Log in at your bank", root: bank.root, fields: { bank },
    read: () => (bank.complain(bank.value ? null : "Choose your bank.") ? { bank: bank.value } : null),
  };
}

/** Mail and phone: a line when both are known, fields when not or when they shall be changed. */
function contactPart({ prefill = {}, readonly = {}, hidden = {} }) {
  const phone = field("Phone", { id: "contact", type: "tel", value: prefill.contact, readonly: readonly.contact });
  const mail = field("Email", { id: "email", type: "email", value: prefill.email, readonly: readonly.email });
  if (hidden.contact) phone.root.hidden = true;
  if (hidden.email) mail.root.hidden = true;
  const fields = el("div", {}, phone.root, mail.root);
  const known = prefill.contact && prefill.email;
  const edit = readonly.contact && readonly.email ? null : el("button", {
    type: "button", class: "link", onclick: () => { fields.hidden = false; line.hidden = true; phone.input.focus(); },
  }, "Edit");
  const line = el("div", { class: "contact" }, el("span", {}, `${prefill.contact} · ${prefill.email}`), edit);
  fields.hidden = Boolean(known);
  line.hidden = !known || Boolean(hidden.contact && hidden.email);
  return {
    root: el("div", {}, line, fields),
    read() {
      const good = [
        phone.complain(phone.root.hidden || CONTACT.test(phone.value) ? null : "Enter a phone number."),
        mail.complain(mail.root.hidden || MAIL.test(mail.value) ? null : "Enter an email address."),
      ].every(Boolean);
      return good ? { contact: phone.value, email: mail.value } : null;
    },
  };
}

/** The whole step. `onPay` gets what was chosen; it may complain about a field by its name. */
export function methodsStep(options, session, payLabel, onPay) {
  const contact = contactPart(options);
  const forms = [upi(), card(session), netbanking(session)];
  const wrong = el("p", { class: "wrong", role: "alert" });
  const rows = forms.map((form) => {
    const radio = el("input", { type: "radio", name: "method", value: form.name });
    const panel = el("div", { class: "panel", hidden: true }, form.root);
    const label = el("label", {}, icon(form.name), el("span", { class: "name" }, form.title,
      el("small", {}, form.about)), radio);
    return { form, radio, panel, root: el("div", { class: "method" }, label, panel) };
  });
  let chosen = null;
  const choose = (row) => {
    chosen = row.form;
    for (const other of rows) {
      other.radio.checked = other === row;
      other.panel.hidden = other !== row;
      other.root.classList.toggle("chosen", other === row);
    }
  };
  for (const row of rows) row.radio.addEventListener("change", () => choose(row));
  choose(rows.find((row) => row.form.name === options.prefill?.method) ?? rows[0]);
  const pay = el("button", { class: "button main", type: "submit" }, payLabel);
  const root = el("form", { novalidate: true, class: "step", onsubmit: (event) => {
    event.preventDefault();
    wrong.textContent = "";
    const [who, what] = [contact.read(), chosen.read()];
    if (who && what) onPay({ method: chosen.name, ...who, ...what });
    else root.querySelector("[aria-invalid=true]")?.focus();
  } },
  el("div", { class: "scroll" }, contact.root,
    el("fieldset", {}, el("legend", {}, "Pay with"), el("div", { class: "methods" }, ...rows.map((row) => row.root))),
    wrong),
  el("div", { class: "foot" }, pay));
  return {
    root,
    busy: (is) => { pay.setAttribute("aria-disabled", String(is)); pay.textContent = is ? "Please wait…" : payLabel; },
    complain(refused) {
      const target = chosen.fields[refused.field];
      if (target) { target.complain(refused.description); target.input.focus(); }
      else wrong.textContent = refused.description;
    },
  };
}
