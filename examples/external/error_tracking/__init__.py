"""Reports errors to a tracker. The modules, in the order in which an error passes them:

middleware             gives each request an ID, which log lines (log_filter), events (trace) and responses contain
commands               names the events of a management command, and reports one that fails while nobody sees it
options                configures the SDK, using dsn, release, sampling and ignored_errors; the SDK creates the event
before_send            adds the request's ID to the event and scrubs it
scrubbing.event        scrubs an event with data, which finds private values by name (names, items), by value (values,
                       writings), by shape (tokens, shapes) and by assignment (texts, assigned, context, formats)
spool.transport        writes the scrubbed event to disk (files), under a name that contains its kind (kinds)
spool.thread           sends the events on disk (sender) until the tracker accepts them, keeps the limits (bounds), and mails
                       ADMINS if events wait too long (alarm)
checks, management     report problems with the configuration (conf), the tracker (tracker_api, probe, alert_rules, mailpit)
                       or the spool
heartbeat              reports jobs that have succeeded
views, templates       show the error page, with the ID of the event, and a form (feedback) to describe what happened
visitors               limits, cleans and sends what visitors send: feedback, and violations of the policy (csp_reports)
csp_reports            receives browsers' reports about violations of the Content Security Policy, without those of extensions
"""
