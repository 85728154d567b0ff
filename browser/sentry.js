// Reports the errors of a page. The data attributes of the <script> element configure it: see docs/browser-errors.md.
import {
  BrowserClient,
  captureException,
  captureMessage,
  dedupeIntegration,
  defaultStackParser,
  eventFiltersIntegration,
  getCurrentScope,
  globalHandlersIntegration,
  httpContextIntegration,
  linkedErrorsIntegration,
  makeFetchTransport,
  setTag,
} from "@sentry/browser";

// A page that fails again and again sends only a few events.
const EVENTS = 10;
const PERIOD = 60_000; // milliseconds
let times = [];
let lastEventId = "";

const limit = (event) => {
  const now = Date.now();
  times = times.filter((time) => now - time < PERIOD);
  if (times.length >= EVENTS) return null;
  times.push(now);
  lastEventId = event.event_id;
  return event;
};

const start = ({dsn, tunnel, release, environment, trace}) => {
  if (!dsn) return;
  const client = new BrowserClient({
    dsn,
    tunnel,
    release,
    environment,
    beforeSend: limit,
    // Since version 11, the SDK collects cookies and the visitor's IP address by default.
    dataCollection: {cookies: false, userInfo: false},
    integrations: [
      eventFiltersIntegration(), // drops "Script error." and other messages that say nothing about the site
      globalHandlersIntegration(),
      linkedErrorsIntegration(),
      dedupeIntegration(),
      httpContextIntegration(),
    ],
    sendClientReports: false, // GlitchTip does not store them
    stackParser: defaultStackParser,
    transport: makeFetchTransport,
  });
  const scope = getCurrentScope();
  // The trace ID of the page's request joins the events of the page to those of the server.
  if (/^[0-9a-f]{32}$/.test(trace)) scope.setPropagationContext({...scope.getPropagationContext(), traceId: trace});
  scope.setClient(client);
  client.init();
};

window.Sentry = {captureException, captureMessage, setTag, lastEventId: () => lastEventId};
try {
  start(document.currentScript.dataset);
} catch {
  // A page must work without its reports.
}
