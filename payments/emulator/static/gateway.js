// What the modal asks of the emulator. Every answer is an object; one that failed has `error`.

const LOOK_MS = 700;
const UNREACHABLE = { description: "The payment service cannot be reached. Check your connection and try again." };

async function ask(path, body) {
  try {
    const reply = await fetch(`/checkout/${path}`, body === undefined ? {} : {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
      keepalive: true,
    });
    const told = await reply.json();
    return reply.ok ? told : { refused: told.error };
  } catch (reason) {
    return { refused: { ...UNREACHABLE, reason: String(reason) } };
  }
}

export const session = (options) => ask("session", {
  key: options.key, order_id: options.order_id, amount: options.amount, currency: options.currency,
});
export const begin = (attempt) => ask("payments", attempt);
export const sendOtp = (id, otp) => ask(`payments/${id}/otp`, { otp });
export const tellBank = (id, approve) => ask(`payments/${id}/bank`, { approve });
export const cancel = (id) => ask(`payments/${id}/cancel`, {});

/** Look until the bank answered; `onAnswer` is called once, unless stopped before. */
export function awaitAnswer(id, onAnswer) {
  let stopped = false;
  const look = async () => {
    const told = await ask(`payments/${id}`);
    if (stopped) return;
    if (told.success || told.error) onAnswer(told);
    else setTimeout(look, LOOK_MS);
  };
  setTimeout(look, LOOK_MS);
  return () => { stopped = true; };
}
