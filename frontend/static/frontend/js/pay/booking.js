// Starts the page of a booking from the data that came with it.

import { BookingPage } from "./bookingPage.js";

new BookingPage(JSON.parse(document.getElementById("booking-data").textContent)).start();
