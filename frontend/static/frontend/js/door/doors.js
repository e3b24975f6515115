// Choosing a door: the one that was used last on this phone is marked.

import { lastDoor } from "./memory.js";

document.querySelector(`[data-show="${CSS.escape(lastDoor() ?? "")}"]`)?.setAttribute("data-last", "");
