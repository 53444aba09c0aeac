// What every page of the console runs. Without it all pages work as links and forms.
import "htmx.org";
import { followCase } from "./case_page.js";
import { sayChosenFiles } from "./chosen_files.js";
import { closeMenus } from "./menus.js";
import { enterReports } from "./enter.js";
import { guardForms } from "./form_guard.js";
import { sayWhatFailed } from "./htmx_answers.js";
import { lockWhenIdle } from "./lock.js";
import { followQueue } from "./live_queue.js";
import { hearKeys } from "./queue_keys.js";
import { keepPlace } from "./queue_return.js";
import { tick } from "./time_left.js";

guardForms(document);
sayChosenFiles(document);
closeMenus(document);
sayWhatFailed(document);
tick(document);
followCase(document);
enterReports(document);
hearKeys(document);
keepPlace(document);
followQueue(document);
lockWhenIdle(document);
