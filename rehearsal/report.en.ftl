# What the report of a rehearsal says. Rungs, outcomes and the like are called as in texts/en.ftl.

title = Policy rehearsal
subtitle = { $cases } cases, walked through the real workflow in virtual time
page-title = { $title }: { $policies }
against = against
partial = Broken off: the figures cover only the { $done } of { $asked } cases that had come to their end under every policy.
fallen = { $count } cases failed by a mistake of the program and are not counted:
made = Took { $seconds } s, { $rate } cases a second

# figures
key-figures = Key figures
figure = Figure
difference = Difference
cases = Cases rehearsed
first-go = Solved at the first go, without climbing
reached = Came to: { $rung }
still-open = Not ended after { $days } days
days-to-end = Calendar days to the end: median / 9 of 10 within
silent = Orders not acknowledged or not answered in time
returns = Returns
satisfied = Satisfied at the callback, of those reached
calls = Callbacks made
busiest = Most callbacks of one head of department on a day
days-over = Heads × days with more than { $limit }
odd-orders = Order deadlines outside office time
odd-calls = Callback deadlines outside office time
provisional = Provisional order deadlines

# charts
chart-rungs = How many cases reach each rung
chart-reasons = Why cases come to a supervised order
chart-when = When cases reach each rung (bar: median; line: 9 of 10)
chart-months = Supervised orders, meetings and referrals per month
chart-departments = Whose cases come to a supervised order
chart-callbacks = Busiest callback day of each head of department (dashed: the limit of { $limit })
chart-deadlines = Where deadlines fall
chart-outcomes = Outcomes
chart-beside = How high the same case comes under the two policies
table-departments = All departments

axis-cases = cases
axis-share = share
axis-calls = calls on one day
axis-working-days = working days after intake
axis-calendar-days = calendar days after intake
month-supervised = Supervised orders
month-meetings = Joint meetings
month-referrals = Referrals
of-orders = orders
of-calls = callbacks
in-office = in office time
weekend = weekend
holiday = holiday
outside-hours = outside office hours
open = not ended
department = Department
nobody = (nobody yet)
led = Lead orders
late = Late
over-limit = Days over { $limit }
busiest-day = Busiest day

# sample and notes
sample = The cases
sample-text = From { $file }: { $in_file } cases in the file ({ $unreadable } more rows unreadable), { $picked } taken, which came in from { $first } to { $last }; moved by { $weeks } weeks, so here they come in from { $begins } to { $ends }. Seed { $seed }.
notes = Notes and assumptions
note-people = How departments, citizens, supervisors and the others behave comes from: { $departments }. What is called assumed is a guess without a source.
note-effort = Departments take as long as they take: no limit makes them faster, no workload slower.
note-same = Both policies meet the same cases, people and luck, so differences come from the rules; the same seed gives the same figures.
note-moved = Cases are moved by whole weeks: weekday and time of day stay; the holidays and the weather of their own time do not come along.
note-scale = Numbers are those of these { $picked } cases, not of a city; callbacks per head and day grow with the cases.
note-nobody = In a rehearsal nobody asks for an extension or a hold, withdraws, merges, or escalates by hand.
note-office = Working days and office time are counted on one calendar: { $office }. The last instant of office time counts as inside.
note-provisional = Provisional: the deadline rests on a holiday list that is not published yet, and will be computed again.
note-first = Reaching a rung counts once a case; supervised orders and meetings per month count each time.
