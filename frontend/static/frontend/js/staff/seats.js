// Starts the staff's map of a show from the data that came with it.

import { SeatDesk } from "./seatDesk.js";

new SeatDesk(JSON.parse(document.getElementById("show-data").textContent)).start();
