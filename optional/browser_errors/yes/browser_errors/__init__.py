"""Reports the errors of visitors' browsers.

The template tag `browser_errors` adds static/browser_errors/report.js, Sentry's SDK, to a page. The SDK posts the errors
of the page to `tunnel`, a view of the site, which scrubs them and passes them on to the tracker.
"""
