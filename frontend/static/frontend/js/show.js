// Starts the seat page from the data that came with it.

import { SeatPage } from "./app/seatPage.js";

new SeatPage(JSON.parse(document.getElementById("show-data").textContent)).start();
