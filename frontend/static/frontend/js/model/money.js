// Paise to what people read: ₹1,250, and ₹99.50 where there are paise.

const WHOLE = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", maximumFractionDigits: 0 });
const EXACT = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", minimumFractionDigits: 2 });

export function rupees(paise) {
  return (paise % 100 ? EXACT : WHOLE).format(paise / 100);
}
