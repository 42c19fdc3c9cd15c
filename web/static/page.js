// Starts what any page can do with a script; some, as those to sign in and of the API, have no
// search form.

import "./viewer/viewer.js"; // before all that follow the history
import "./viewer/forms.js";
import "./viewer/select.js";
import "./selection/tray.js";
import "./selection/touch.js";
import "./selection/keys.js";
import "./board.js";
import "./scroll.js";
import "./keys.js";
import "./marks.js";
import "./copy.js";
import "./take.js";
import "./jobs.js";
import "./send.js";
import "./dropbox.js";
import "./parts.js";
import "./atlas.js";
import "./film.js";
import "./hover.js";
