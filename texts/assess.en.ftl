# The assessment: figures, exclusions, and the page and workbook made of them.

figure-response = acknowledged in time
figure-timely = answered in time
figure-solution = solved
figure-satisfaction = satisfied
figure-first-go = solved at the first go
figure-supervised = supervised orders solved
figure-accepted = cases accepted
figure-led = cases led
figure-grid = cases from grid workers
figure-referred = referrals
figure-grid-workers = grid workers taking part
figure-followers = followers
figure-petitions = petitions

short-response = respond
short-timely = in time
short-solution = solved
short-satisfaction = satisf.
short-first-go = 1st go
short-supervised = superv.

measure-response = Of the lead orders that had to be acknowledged: those acknowledged, answered or returned before that limit (P3).
measure-timely = Of the lead orders that were answered or whose limit passed: those answered within the limit (P4 to P6, P14). An accepted return is no answer and is not counted.
measure-solution = Of the callbacks at which the citizen was reached: those that closed the case as solved. An explanation satisfies, but solves nothing (P19).
measure-satisfaction = Of the callbacks at which the citizen was reached: those with the answer "satisfied" (P19).
measure-first-go = Of the cases that a citizen confirmed at the lowest rung or that climbed from it: those that the first department solved there.
measure-supervised = Of the supervised orders that ended with a reached citizen or climbed on: those after which the case was closed as solved (P13).
measure-accepted = Cases opened in the period.
measure-led = Cases in which the department was first asked to lead.
measure-grid = Cases opened in the period that a grid worker entered.
measure-referred = Times that a case came to the referral rung (P17).

by-department = department
by-district = district
by-class = class

exclusion-reason-legal-way = in court, arbitration, petition or discipline
exclusion-reason-duplicate = counted in another case
exclusion-reason-emergency = an emergency, passed on at once
exclusion-reason-unlawful = asks for what law or policy forbids
exclusion-reason-harassment = malicious use of the hotline
exclusion-reason-force-majeure = force majeure
exclusion-reason-wrong-department = never this department's matter

assess-title = Assessment { $first } to { $last }
assess-against = Compared with { $first } to { $last }. Figures are counted when the deciding entry was written, in { $zone } time.
assess-interval = The interval (Wilson, 95 %) is that of the adjusted rate: between which values it may really lie. The fewer there are, the wider it is.
assess-no-ranking = By code; nobody is ranked (P20).
assess-excluded = Left out of the adjusted figures: { $cases }.
assess-nothing-excluded = No case is left out: raw and adjusted figures are the same.
assess-empty = Nothing was counted in this period.
assess-written = Written: { $file }
assess-outside = { $figures }: counted elsewhere; the record does not know them.
assess-adjusted-row = ↳ adjusted
assess-nobody = nobody
assess-explained = { $figure }, { $first } to { $last }: raw { $raw }, adjusted { $adjusted }.
assess-explained-part = Only the first { $limit } are looked at; --limit shows more.
assess-rebuilt = Everything that is assessed was made again from the facts of { $cases } cases.
assess-excluded-now = Case { $case } is left out of the adjusted figures: { $reason }, approved by { $approved_by }.
assess-included-now = Case { $case } counts in the adjusted figures again, approved by { $approved_by }.

assess-six = Six up, one down
assess-rates = Rates, raw and adjusted
assess-groups = By { $by }
assess-exclusions = Cases left out
assess-custody = In whose hands the closed cases were
assess-measures = What is counted
assess-custody-days = days by the clock
assess-made = Computed { $at } from the record of facts.
assess-chart-rate = { $figure }: raw and adjusted, with 95 % interval
assess-axis-rate = rate

column-raw = Raw
column-adjusted = Adjusted
column-interval = 95 % interval
column-period-before = Before
column-now = Now
column-change = Change
column-group = Of
column-led = Cases
column-counted = Counts
column-entry = Entry
column-approved-by = Approved by
column-entered-by = Entered by
column-at = When
column-excluded = Left out
column-measure = Counted
column-share = Of how many

counted-for = for
counted-against = against

error-period-unknown = There is no period { $period }. Write 2026-11, 2026Q4 or 2026.
error-period-backwards = The period ends ({ $last }) before it begins ({ $first }).
error-period-part = Give both --from and --to, or --period.
error-exclusion-by-one = An exclusion is entered by one person and approved by another; { $by } cannot be both.
error-exclusion-known = Case { $case } is left out already, approved by { $by }. Nothing was changed.
error-exclusion-none = Case { $case } is not left out, so there is nothing to undo.

help-assess = Rates of a period: raw and adjusted side by side, by department, district or class.
help-assess-exclude = Leave a case out of the adjusted figures, with a reason from the list and an approver.
help-assess-include = Undo an exclusion by another entry: the case counts in the adjusted figures again.
help-assess-rebuild = Make everything that is assessed again from the facts in the ledger.
option-period = the period: a month, a quarter or a year; this month where it is left out [2026-11|2026Q4|2026]
option-assess-from = the first day, instead of --period
option-assess-to = the last day
option-assess-against = the period to compare with; the same one of the year before where it is left out
option-assess-by = broken down by what
option-html = write a page with charts to this file
option-xlsx = write a workbook to this file
option-explain = list the cases behind one figure, those against it first
option-explain-department = only of this department
option-explain-district = only of this district
option-exclusion-reason = why it is left out
option-include-reason = on which of the reasons the exclusion is undone
option-approved-by-assess = who approved it; not who enters it
option-exclusion-remark = what there is to say about it
progress-assess = cases
field-case-id = case
field-excluded = left out
