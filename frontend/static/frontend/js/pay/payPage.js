// The payment page put together: how its reader came decides what happens first; then he pays, changes his seats or
// gives them up, and every end of the booking leads to the booking's own page, whoever brought it about.

import { BuyerForm } from "./buyerForm.js";
import { Farewell } from "./farewell.js";
import { Live } from "./live.js";
import { Mark } from "./mark.js";
import * as sayings from "./model/sayings.js";
import { Paying } from "./paying.js";
import { PayView } from "./payView.js";
import { Proof } from "./proof.js";
import { ask, wakeButtons } from "./buttons.js";
import { TimeLeft } from "./timeLeft.js";


export class PayPage {
  #data;
  #mark;
  #view;
  #time;
  #live;
  #paying;
  #farewell;
  #proof;
  // held, opening, window (Razorpay's is open), proving (he has paid), checking (he may have), leaving.
  #phase = "held";

  constructor(data) {
    this.#data = data;
    this.#mark = new Mark(data.booking);
    this.#view = new PayView(data.hold_seconds);
    this.#time = new TimeLeft(data, {
      tick: (leftMs) => this.#ticked(leftMs),
      milestone: (seconds) => this.#phase === "held" && this.#view.say(seconds),
      over: () => this.#phase === "proving" || this.#phase === "leaving" || this.#farewell.giveUp("timer"),
    });
    this.#live = new Live(data, {
      booking: (booking) => this.#told(booking),
      sample: (sample) => this.#time.measured(sample),
    });
    this.#proof = new Proof({ mark: this.#mark, view: this.#view, live: this.#live }, {
      waiting: (phase) => this.#phase !== "leaving" && this.#enter(phase),
      settled: () => this.#farewell.go(),
    });
    this.#farewell = new Farewell(data.booking, {
      leaving: (saying) => this.#leaving(saying),
      stay: (words) => this.#stay(words),
      gone: () => this.#gone(),
    });
    this.#paying = new Paying(data, this.#mark, {
      time: this.#time,
      opened: () => this.#phase === "opening" && this.#enter("window"),
      paid: (handed) => this.#proof.prove(handed),
      failed: (error) => this.#view.complain(sayings.failed(error, this.#time.ms)),
      dismissed: (reason, hasFailed) => (hasFailed ? this.#mayTryAgain() : this.#farewell.giveUp(reason)),
      noWindow: () => this.#refused(sayings.noWindow(this.#time.ms)),
      tooLate: () => this.#refused(sayings.TOO_LITTLE),
      refused: (reply) => this.#notOpened(reply),
    });
  }

  start() {
    const { meaning, handed } = this.#mark.arrival(this.#data.refresh_policy);
    this.#mark.watch();
    if (meaning === "cancel") return this.#farewell.giveUp("refresh");
    new BuyerForm((buyer) => this.#pay(buyer));
    this.#listen();
    wakeButtons();
    this.#view.phase("held");
    if (meaning === "verify") this.#proof.prove(handed);
    if (meaning === "check") this.#proof.check();
    this.#time.start();
    return this.#live.start();
  }

  #listen() {
    const on = (id, action) => document.getElementById(id).addEventListener("click", action);
    on("change-seats", () => this.#phase === "held" && this.#farewell.changeSeats());
    on("cancel", async () => (await ask("cancel-question")) && this.#phase === "held" && this.#farewell.cancel());
    on("not-paid", () => this.#mayTryAgain());
    addEventListener("pageshow", (event) => {
      // Back on a page that had taken its leave: only the house knows what the booking is by now.
      if (event.persisted && this.#phase === "leaving") location.replace(location.href);
    });
  }

  #pay(buyer) {
    if (this.#phase !== "held") return;
    if (!this.#time.toPaySeconds) return this.#view.complain(sayings.TOO_LITTLE);
    this.#view.complain("");
    this.#view.phase(this.#enter("opening"));
    this.#paying.begin(buyer);
  }

  #notOpened({ status, body }) {
    if (body.code === "booking_confirmed" || status === 404) return this.#farewell.go();
    if (body.code === "hold_expired") return this.#farewell.giveUp("timer");
    return this.#refused(sayings.notOpened(body, this.#time.ms));
  }

  #refused(words) {
    if (this.#phase !== "opening") return;
    this.#view.complain(words);
    this.#mayTryAgain();
  }

  #mayTryAgain() {
    this.#mark.set({ paying: false });
    this.#proof.stop();
    this.#view.phase(this.#enter("held"));
  }

  #told({ status }) {
    if (this.#phase === "leaving" || status === "pending") return;
    // Paid, but the hold is over: the house has not seen the proof yet, and its answer to that decides.
    if (this.#phase === "proving" && status !== "confirmed") return;
    this.#farewell.go();
  }

  #leaving(saying) {
    this.#enter("leaving");
    this.#proof.stop();
    this.#paying.close();
    this.#view.phase("busy", saying);
  }

  #gone() {
    this.#live.stop();
    this.#time.stop();
    this.#mark.forget();
  }

  #stay(words) {
    this.#mayTryAgain();
    this.#view.complain(words);
    if (this.#time.ms <= 0) this.#farewell.giveUp("timer");
  }

  #ticked(leftMs) {
    this.#view.tick(leftMs);
    this.#view.mayPay(this.#time.toPaySeconds > 0);
  }

  #enter(phase) {
    this.#phase = phase;
    return phase;
  }
}
