"""Reports errors to a tracker. The path of an error, in the order of the modules:

middleware and context   give the request an ID, which log lines, events and responses carry
options and release      configure the SDK, which turns an exception or a logged error into an event
before_send              adds the request's ID to the event, hands it to the scrubber, returns it to the SDK
scrubbing.event          walks through the event and removes what is private, by the rules of
                         names, values (known secrets), shapes (card numbers, tokens) and texts (assignments)
spool.transport          receives the cleaned event and writes it to disk, through spool.files
spool.sender             sends what is on disk, one request (spool.request) at a time, until the tracker has accepted it
checks, management       tell you what is wrong with the configuration, the tracker or the spool
views, templates         show the error page, with the ID of the event
"""
