# Policies, calendars, the clock of a case, rehearsals.

help-policy = The ladder and its limits as cited data.
help-policy-lint = Check a policy: what cannot work, where and why.
help-policy-show = The ladder with its limits and their sources.
help-policy-diff = What differs between two policies.
help-policy-activate = From now on cases open under this policy; open cases keep theirs.
help-policy-migrate = Let named open cases go on under another policy, by a recorded decision.
help-policy-fit = Print a departments file for rehearsals, fitted to past cases and the verdict on each.
help-policy-rehearse = Try a policy in virtual time: the real workflow, scripted people, cases from a file.
help-calendar = The working days that limits are counted on.
help-calendar-show = The days of a year that break the weekly rhythm, their source, and how far the list reaches.
help-calendar-publish = Publish a new or revised list of days; every open case is computed again.
help-case-hold = Stop a case's clock for a reason that its policy lists.
help-case-release = Let the clock run again.
help-case-custody = In whose hands the case was, and how long; adds up exactly to its life.
help-order-extend = Ask for more time, once, before the limit has passed.

argument-policy = a shipped policy's name, a stored version such as haikou@2, or a file
argument-other-policy = the policy to compare with
argument-cases = open cases
argument-year = the year
argument-calendar-file = TOML with source, days_off, days_worked and horizon
option-all-open = every open case
option-dry-run-deadlines = only list every deadline before and after
option-cases-file = CSV of past cases
option-against = a second policy to set beside it
option-fit-policy = the policy under whose limits the verdicts were given
option-late-column = the column that says that a case was closed too late
option-in-time-column = the column that says that a case was closed in time
option-verdict-yes = what stands in such a column for yes
option-departments-file = how departments behave; without it as the assumed profile says
option-rehearse-limit = so many cases of the file, spread over it
option-report = write the report here, as one HTML file
option-revise = allow changes of days that have passed
option-hold-reason = one of the policy's reasons
option-approved-by = who approves it, by name
option-until = when it ends by itself, ISO 8601
option-extension-days = how many days more, in the unit of the policy's extension
option-told-citizen = how the citizen was told

column-limit = Limit
column-worth = Worth
column-rule = Rule
column-confidence = Conf.
column-source = Source
column-key = Key
column-before = Before
column-after = After
column-shift = Shift
column-day = Day
column-weekday = Weekday
column-kind = Kind
column-standing = Standing
column-hands = In the hands of
column-hold = On hold
column-clock-time = By the clock
column-working-time = Working time
column-figure = Figure
column-policy = Policy

unit-clock-seconds = { $value } s
unit-clock-minutes = { $value } min
unit-clock-hours = { $value } h
unit-clock-days = { $value } d
unit-working-minutes = { $value } working min
unit-working-hours = { $value } working h
unit-working-days = { $value } wd

severity-refuse = cannot work
severity-remark = worth a look
custody-sum = its whole life

limit-assignment = hand-over
limit-handle = handling
limit-supervised = supervised order
limit-confirm-explanation = confirmation
limit-convene = meeting to be convened
limit-conclude = meeting to conclude
limit-decide = decision on the referral
limit-answer = commission's answer
limit-papers = papers for the commission
limit-verify = verification
limit-rectification = rectification
limit-callback = callback
limit-acknowledge = acknowledgement
limit-task = task

policy-clean = { $file }: nothing to object to.
policy-linted = { $file }: { $findings ->
    [one] one finding
   *[other] { $findings } findings
}.
policy-everywhere = everywhere
policy-owner = owner: { $owner }
policy-up = not solved: up to { $rung }
policy-same = The two say the same.
policy-active-already = { $policy } is in force already, since { $at }, by decision of { $by }. Nothing was changed.
policy-activated = From now on cases open under { $policy }, by decision of { $by }. Open cases keep theirs.
change-foreseen = { $cases ->
    [one] One case looked at
   *[other] { $cases } cases looked at
}; { $moved } would move. Nothing was changed.
change-done = { $cases ->
    [one] One case computed again
   *[other] { $cases } cases computed again
}; { $moved } moved. Before and after are in the ledger.
change-refused = { $case } was not changed: { $reason }
limit-moved = { $limit } { $before } → { $after }
shown-provisional = { " " }(provisional)
now-provisional = The limit is provisional: it rests on working days that are not published yet.
calendar-horizon = Published until { $horizon }; later days are projected. Revision { $revision }; source: { $source }
calendar-changed = { $day }: now { $kind }
calendar-published = Revision { $revision } is in force; { $changed ->
    [one] one day
   *[other] { $changed } days
} changed.
day-off = off
day-worked = worked
day-published = published
day-projected = projected
weekdays = Mon Tue Wed Thu Fri Sat Sun
held = { $case } is on hold until { $until }: its clock stands still.
released = { $case } is no longer on hold: its clock goes on with what was left.
progress-rehearsal = Rehearsing
rehearsal-cases = Cases
rehearsal-ended = Ended
rehearsal-first-go = Solved at the first go
rehearsal-callbacks = Callbacks
rehearsal-over = Head and day with more than 30 callbacks
rehearsal-odd = Order deadlines on odd days or hours
rehearsal-done = Rehearsed in { $seconds } s, { $rate } cases a second, seed { $seed }.
rehearsal-partial = Broken off: only cases that had ended under every policy are counted.
rehearsal-fallen = { $cases } cases failed by a mistake and are not counted.
rehearsal-report = Report: { $file }

command-hold = hold
command-release = release
command-extend = extend
command-change-rules = change of rules


finding-key-unknown = this key is not known
finding-value-missing = something must stand here
finding-value-not-positive = { $value } is not more than nothing
finding-value-too-large = { $value } is more than { $most }
finding-value-not-allowed = { $value } is none of: { $allowed }
finding-text-too-long = longer than { $limit } characters
finding-value-malformed = { $value } is not of the form that is needed
finding-limit-too-long = no limit is longer than ten years
finding-shifts-overlap = shifts are in order and do not overlap
finding-not-toml = this is no TOML: { $detail }
finding-not-utf-8 = this is no text in UTF-8
finding-ladder-missing = no rungs are named
finding-rung-twice = the rung { $rung } stands here a second time; first at { $first }
finding-rung-missing = the rung { $rung } is missing
finding-rung-unreachable = nothing leads to the rung { $rung }
finding-rung-leads-nowhere = the rung { $rung } cannot be left upwards
finding-rung-leads-to-itself = the rung { $rung } leads to itself
finding-rung-out-of-order = the rung { $rung } stands after { $after }, which is higher
finding-rung-leads-outside = the rung { $rung } leads to { $up }, which the policy does not have
finding-rung-leads-down = the rung { $rung } leads down to { $up }
finding-ladder-loop = the rung { $rung } leads to { $up } and from there back
finding-rung-leads-past = the rung { $rung } leads to { $up } and passes { $next } by
finding-owner-cannot-act = { $owner } cannot act on the rung { $rung }; allowed: { $allowed }
finding-acknowledge-too-long = not shorter than { $limit }, within which the answer is due
finding-window-too-long = not shorter than { $limit }: an order could be returned to its very end
finding-warning-before-term = the warning would come before the term of { $limit } begins
finding-units-mixed = { $limit } is counted in { $other }, this in { $unit }: they cannot be compared
finding-precondition-unreachable = the rung { $rung } does not lie below the referral: no case has gone through it by then
finding-deciders-too-few = { $value } decide; at least { $least } must
finding-hold-twice = the reason { $hold } stands here a second time; first at { $first }
finding-approver-cannot-act = nobody of that office can approve { $hold }; allowed: { $allowed }
finding-referral-too-late = in the worst case a case takes { $total } from intake to the referral; the bound is { $bound } { $unit }
finding-extension-repeated = { $value } extensions are granted; elsewhere it is one
finding-warning-after-supervised = the red warning comes after { $limit } has passed as well
finding-bound-missing = no bound is stated for the time from intake to the referral

error-already-held = The case is on hold already ({ $reason }, until { $until }). Possible: { $allowed }.
error-not-held = The case is not on hold, so there is nothing to release. Possible now, at { $step }: { $allowed }.
error-hold-reason-unknown = { $asked } is no reason for a hold under this case's policy. Possible: { $allowed }.
error-hold-ends-before-it-begins = A hold needs an end that is still to come; { $until } is over.
error-hold-too-long = A hold until { $at } is too long for this reason: until { $until } at the most.
error-extension-only-for-lead = Order { $order } is an assisting one; only the lead can ask for more time.
error-no-extension = The policy { $policy } grants no extension.
error-extension-used = Order { $order }: an extension has been granted already, and { $times } is all there can be.
error-extension-too-long = { $days } days are more than the { $longest } { $unit ->
    [working_days] working
   *[other] calendar
} days that can be granted.
error-case-not-open = Case { $case } is not open, or nobody knows it.

field-after = after
field-before = before
field-approved-by = approved by
field-told-citizen = citizen told
field-unit = unit
field-limits = limits
