// The course of a payment in the modal: choose, prove, wait, outcome; and every way out.

import { countDown } from "./countdown.js";
import { rupees } from "./dom.js";
import * as gateway from "./gateway.js";
import { listen, tell } from "./merchant.js";
import { methodsStep } from "./methods.js";
import { clockParts, openSheet, say, show, showAmount } from "./sheet.js";
import * as steps from "./steps.js";

const TICK_MS = 1100;
const FAREWELL_MS = 4000;
const COMMON = ["order_id", "description", "notes", "key", "amount", "currency"];

let options = null;
let amount = "";
let methods = null;
let payment = null;   // under way: {id, step}
let shown = null;     // the step now, to come back to
let paid = null;      // what the merchant is told once the tick was seen
let done = false;
let asking = false;
let stopClock = () => {};
let stopWaiting = () => {};

function go(step) {
  shown = step;
  show(step);
}

function finish(kind, said) {
  if (done) return;
  done = true;
  stopClock();
  stopWaiting();
  tell(kind, said);
}

/** A request on the phone is the buyer's to answer; a card or a bank page that is left is over. */
async function dismiss(reason) {
  if (payment && payment.step !== "phone") await gateway.cancel(payment.id);
  finish("dismiss", { reason });
}

function wantsToLeave() {
  if (paid) return finish("success", paid);
  if (!payment && !options.modal.confirm_close) return void dismiss("closed");
  const before = shown;
  const onPhone = payment?.step === "phone";
  show(steps.leaveStep({ onPhone, onStay: () => go(before), onLeave: () => dismiss("closed") }));
}

function succeeded(told) {
  payment = null;
  paid = { response: told.success };
  stopClock();
  go(steps.paidStep({ amount, paymentId: told.payment_id }));
  say(`Payment of ${amount} successful.`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  setTimeout(() => finish("success", paid), calm ? 0 : TICK_MS);
}

function failed(error) {
  payment = null;
  tell("failed", { error });
  const close = () => dismiss("failed");
  const mayRetry = options.retry?.enabled ?? options.retry ?? true;
  go(steps.failedStep({ error, onRetry: mayRetry ? choose : null, onClose: close }));
  say(error.description, { alarm: true });
  if (!mayRetry) setTimeout(close, FAREWELL_MS);
}

function answered(told) {
  if (told.success) succeeded(told);
  else if (told.error) failed(told.error);
  else if (told.refused) refused(told.refused);
}

function refused(why) {
  payment = null;
  go(steps.refusedStep({ refused: why, onClose: () => dismiss("refused") }));
  say(why.description, { alarm: true });
}

async function prove(ask) {
  go(steps.busyStep("Confirming your payment"));
  answered(await ask);
}

async function cancelPayment() {
  stopWaiting();
  await prove(gateway.cancel(payment.id));
}

function next(told, chosen) {
  if (told.success || told.error) return answered(told);
  payment = { id: told.payment_id, step: told.step };
  if (told.step === "otp") {
    go(steps.otpStep({
      contact: chosen.contact,
      onOtp: (otp) => prove(gateway.sendOtp(payment.id, otp)),
      onCancel: cancelPayment,
    }));
  } else if (told.step === "phone") {
    go(steps.phoneStep({ vpa: chosen.vpa, amount, onCancel: cancelPayment }));
    stopWaiting = gateway.awaitAnswer(payment.id, answered);
  } else {
    const onDecide = (approve) => prove(gateway.tellBank(payment.id, approve));
    go(steps.bankStep({ bank: methods.banks[chosen.bank], amount, onDecide }));
  }
}

async function pay(chosen) {
  if (asking) return;
  asking = true;
  methods.busy(true);
  const told = await gateway.begin({ ...Object.fromEntries(COMMON.map((name) => [name, options[name]])), ...chosen });
  asking = false;
  methods.busy(false);
  if (told.refused) methods.complain(told.refused);
  else next(told, chosen);
}

function choose() {
  go({ root: methods.root, heading: document.getElementById("merchant") });
}

async function open(asked, dark) {
  options = { ...asked, modal: asked.modal ?? {} };
  openSheet(options, {
    dark, onClose: wantsToLeave, onBackdrop: () => options.modal.backdropclose && wantsToLeave(),
  });
  document.addEventListener("keydown", (event) => event.key === "Escape" && escaped());
  const session = await gateway.session(options);
  if (session.refused) return refused(session.refused);
  amount = rupees(session.amount);
  showAmount(session.amount);
  methods = { ...methodsStep(options, session, `Pay ${amount}`, pay), banks: session.banks };
  choose();
  if (!options.timeout) return;
  stopClock = countDown(options.timeout, {
    ...clockParts(), onSoon: (left) => say(`${left} seconds left to pay.`), onEnd: () => dismiss("timeout"),
  });
}

function escaped() {
  if (options?.modal.escape) wantsToLeave();
}

listen({ onOpen: open, onEscape: escaped });
