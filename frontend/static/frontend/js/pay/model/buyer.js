// Who pays: what the house needs to know, checked as the server checks it.

const MAIL = /^[^@\s]+@[^@\s]+\.[^@\s]+$/;
const PHONE = /^\+?[0-9][0-9 -]{7,18}$/;
const NAME_MAX = 100;
const MAIL_MAX = 254;

/** What is wrong with each field, in words: {name, email, phone}, "" where it is right. */
export function complaints({ name, email, phone }) {
  return {
    name: !name ? "Tell us the name for the booking." : name.length > NAME_MAX ? "That name is too long for us." : "",
    email: MAIL.test(email) && email.length <= MAIL_MAX ? "" : "Enter an address like asha@example.org.",
    phone: !phone || PHONE.test(phone) ? "" : "Enter digits only, like +91 98765 43210, or leave it empty.",
  };
}

/** The buyer as the server and Razorpay want him: no spaces around, no empty phone. */
export function tidy({ name, email, phone }) {
  const trimmed = phone.trim();
  return { name: name.trim(), email: email.trim(), ...(trimmed ? { phone: trimmed } : {}) };
}
