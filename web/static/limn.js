// Starts what a page with the search form can do with a script. Without this file everything is
// still searched.

import "./viewer/viewer.js"; // before all that follow the history
import "./pick.js";
import "./live.js";
import "./chips.js";
import "./complete.js";
import "./crop.js";
import "./filters.js";
import "./sizes.js";
import "./page.js";
