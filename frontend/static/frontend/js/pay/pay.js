// Starts the payment page from the data that came with it.

import { PayPage } from "./payPage.js";

new PayPage(JSON.parse(document.getElementById("pay-data").textContent)).start();
