// Starts the page of a door from the data that came with it.

import { DoorPage } from "./doorPage.js";

new DoorPage(JSON.parse(document.getElementById("door-data").textContent)).start();
