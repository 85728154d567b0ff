"""Reports errors to a tracker. The path of an error, in the order of the modules:

middleware             gives the request an ID, which log lines (log_filter), events and responses carry
options                configures the SDK, with dsn, release, sampling and ignored_errors; the SDK turns a failure into an event
before_send            adds the request's ID to the event and cleans it
scrubbing.event        cleans an event with data, which finds what is private by its name (names, items), by its value (values,
                       writings), by its shape (tokens, shapes) and by assignment (texts, assigned, context, formats)
spool.transport        writes the cleaned event to disk, through files, under a name that tells its kind (kinds)
spool.thread           sends what is on disk, through sender, until the tracker has accepted it, and keeps its bounds
checks, management     say what is wrong with the configuration (conf), the tracker (tracker_api) or the spool
views, templates       show the error page, with the ID of the event
"""
