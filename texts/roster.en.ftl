# Callbacks over many cases, the duty roster and the duty diary.

callback-result-wrong-number = wrong number
rating-very-satisfied = very satisfied
rating-satisfied = satisfied
rating-fairly-satisfied = fairly satisfied
rating-unsatisfied = unsatisfied
rating-very-unsatisfied = very unsatisfied
field-rating = rating
field-comment = the citizen's words

duty-head = head on duty
duty-caller = callback officer
diary-kind-sign-in = signed in
diary-kind-note = note
diary-kind-point = open point
diary-kind-confirm = taken over
diary-kind-settle = settled
diary-kind-close = closed

callback-queue-empty = Nobody waits for a callback here.
callback-allowance = { $by } has called back { $called } of { $number } citizens today.
called-again = Case { $case } was called again: { $rating }. The first caller was { $by }.
called-again-in-vain = The second call of case { $case } reached nobody; it can be tried again.
sample-is = Sample of { $month }: { $cases } of { $of } cases called back ({ $percent } %, seed { $seed }, drawn by { $by }, { $at }).
flattery-asked = Asked a second time: { $asked }. Not reached: { $unreached }. Not called yet: { $waiting }.
flattery-first = As the first callers recorded it, { $rate } of { $number } citizens were satisfied.
flattery-unknown = Nobody was asked twice yet, so nothing can be said about how far the ratings flatter.
flattery-is = Of those asked twice { $first } were satisfied at the first call and { $second } at the second: flattered by { $points } points (95 % between { $low } and { $high }; Newcombe, paired).
flattery-chance = That may be chance: the interval holds 0.
flattery-real = That is more than chance: the interval does not hold 0.

roster-set = { $person } is on duty on { $day } as { $duty } of { $department }.
roster-imported = { $entered } entries made in the roster of { $department } for { $month }.
roster-gaps = Nobody is on duty as { $duty } on: { $days }
roster-doubles = { $person } is on duty more than once on { $day }: { $duties }
roster-duty-of = { $duty } of { $department }
signed-in = { $by } has signed in as { $duty } of { $department } for the shift of { $day }.
signed-in-instead = instead of { $person }
signed-in-late = Late by { $length }: the shift began { $begins }.
late-by = late by { $length }
signed-in-fully = Nothing is left to confirm: the shift is taken over.
points-to-confirm = { $number ->
    [one] One open point must be confirmed (liandong diary confirm POINT) before anything is written:
   *[other] { $number } open points must be confirmed (liandong diary confirm POINT) before anything is written:
    }
diary-left-open = The diary of { $day } was never closed.
diary-unconfirmed = { $number ->
    [one] UNCONFIRMED: one open point in the diary of { $department } has been taken over by nobody.
   *[other] UNCONFIRMED: { $number } open points in the diary of { $department } have been taken over by nobody.
    }
diary-point = { "  " }#{ $point } { $day } { $by }: { $text }
diary-point-of-case = { "  " }#{ $point } { $day } { $by }, case { $case }: { $text }
diary-written = Entry { $number } is in the diary of { $day }.
diary-point-written = Open point #{ $number } is in the diary of { $day }; the next shift must confirm it.
diary-settled = Point #{ $point } is settled (entry { $number }, diary of { $day }).
diary-closed-now = The diary of { $day } of { $department } is closed. Open points handed over: { $number }.
diary-empty = The diary is empty.

column-attempts = Called in vain
column-first-caller = First caller
column-second-rating = Second rating
column-asked-twice = Asked twice
column-first-rate = First
column-second-rate = Second
column-flattery = Flattered by
column-duty = Duty
column-person = Who
column-signed-in = Signed in
column-text = Text

error-rating-contradicts = The rating and the result contradict each other: the upper three ratings are "satisfied", the lower two "unsatisfied", and nobody rates who was not reached.
error-callbacks-used-up = { $by } has called back { $number } citizens today, as many as one person may (P19). The next call is possible from { $at }.
error-no-head-today = { $by } is on no roster on { $day }; name a department with --department.
error-month-unknown = There is no month { $month }. Write it as 2026-11.
error-never-called-back = The citizen of case { $case } was never reached by a callback, so there is nothing to call again about.
error-not-in-sample = Case { $case } is not in its month's sample; "liandong callback sample" lists those that are.
error-second-caller-same = { $by } made the first call of case { $case }; somebody else must make the second.
error-called-again-already = Case { $case } was called again by { $by } already ({ $at }).
error-second-rating-missing = A citizen who was reached has a rating, and nobody else.
error-sample-drawn = The sample of { $month } was drawn by { $by } ({ $at }) with { $percent } % and seed { $seed }; a month is drawn once.
error-sample-not-drawn = No sample of { $month } was drawn: liandong callback sample --month { $month } --share PERCENT --seed NUMBER.
error-roster-taken = { $person } has that duty on { $day }; whoever replaces somebody names them with --instead-of.
error-roster-doubled = { $day } has that duty already in line { $first }.
error-day-outside-month = { $day } is not between { $first } and { $last }.
error-roster-gap = Nobody of { $department } is on the roster for { $day }; enter somebody first: liandong roster set.
error-not-on-roster = { $by } is not on the roster for { $day }; { $person } is. Who comes in their place adds --instead-of { $person }.
error-not-instead-of = { $by } cannot sign in for { $day } in that person's place: on duty is { $person }.
error-shift-not-now = The shift of { $day } runs from { $at } to { $until }; sign in on its day or before it ends.
error-signed-in-already = { $by } has signed in for { $day } already ({ $at }); a shift is signed in for once.
error-not-signed-in = { $by } has not signed in for an open shift of { $department }.
error-points-unconfirmed = Open points of the shift before are not confirmed: { $points }. Confirm each first: liandong diary confirm POINT --department { $department }.
error-point-confirmed = Point { $point } is confirmed for { $day } already.
error-point-unknown = { $department } has no open point { $point } to do that with.
error-diary-closed = The diary of { $day } of { $department } is closed.

help-callback-queue = The cases that wait for a callback, what is due first.
help-callback-sample = Draw which cases of a month somebody else calls again; by a seed, once.
help-callback-again = Record the second call to a citizen of the sample, by somebody else.
help-callback-flattery = How far the first callers' ratings flatter, with an interval.
help-roster = Who is on duty when.
help-roster-set = Put somebody on the roster for a day.
help-roster-import = Enter a month's roster from a CSV file with the columns day, duty, person.
help-roster-show = A month's roster, its gaps and double entries, and who has signed in.
help-roster-sign-in = Sign in for a shift and see what the one before left open.
help-diary = The duty diary: what a shift writes down and hands over.
help-diary-write = Write into the diary of one's own shift.
help-diary-confirm = Take over one open point of the shift before.
help-diary-settle = Say that an open point is done with.
help-diary-close = Close the diary of one's shift and hand its open points over.
help-diary-show = The diary; what nobody has confirmed comes first.
argument-month = the month [2026-11]
argument-day = the day [2026-11-26]
argument-roster-file = a CSV file with the columns day, duty, person
argument-point = the number of an open point
argument-diary-text = what is to be written down
option-head = whose queue: the departments that this person is on duty for today
option-queue-department = only what this department's head is to call
option-rating = on the scale of five; the result follows from it
option-comment = what the citizen said, in his words
option-sample-month = which month's callbacks
option-sample-share = how many of a hundred
option-sample-seed = any whole number; the same one draws the same cases
option-again-unreached = nobody was reached
option-duty = as what
option-person = who is on duty
option-instead-of = the person on the roster who is replaced
option-shift-day = the shift's day; today where it is left out
option-diary-open = it is an open point: the next shift must confirm it
option-diary-case = the case it is about
option-settle-text = what was done
option-close-text = a last remark
option-diary-month = only the shifts of this month
