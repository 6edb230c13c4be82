"""Where working calendars come from: published lists, projections past them, and override files.

Each source makes a ``domain.calendar.WorkCalendar``, which is plain data and travels inside a case. This
package may import the libraries that carry the lists; it is never imported by a workflow, whose deadlines
must not depend on which release of a library a worker has installed.
"""
