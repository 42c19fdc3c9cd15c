// Starts what the page can do with a script. Without this file everything is still searched.

import "./pick.js";
import "./live.js";
import "./chips.js";
import "./crop.js";
import "./filters.js";
import "./selection.js";
import "./scroll.js";
import "./keys.js";
import "./marks.js";
import "./copy.js";
import "./jobs.js";
import "./send.js";
import "./atlas.js";
import "./film.js";
