// Starts the page of a screen from the data that came with it.

import { DoorDisplay } from "./app/door.js";
import { LobbyBoard } from "./app/lobby.js";
import { Pairing } from "./app/pairing.js";

const PAGES = { lobby: LobbyBoard, door: DoorDisplay, pairing: Pairing };
const data = JSON.parse(document.getElementById("kiosk-data").textContent);
new PAGES[data.page](data).start();
