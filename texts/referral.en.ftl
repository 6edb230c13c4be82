# The gate before a referral.

precondition-rung = rung gone through in vain
precondition-served = order received
precondition-minutes = minutes of the meeting
precondition-extension = citizen told of the extension
proof-exhausted = ended without a result
proof-not-exhausted = not ended without a result
proof-replied = replied
proof-acknowledged = acknowledged
proof-returned = returned
proof-withdrawn = withdrawn
proof-undelivered = could not be delivered; in the inbox
proof-silent = silent beyond its limit, on record
proof-unheard = nothing heard, no limit passed
proof-kept = kept
proof-missing = missing
proof-told = told
met = met
unmet = UNMET
column-met = Met
column-precondition = Precondition
column-proof = Shown by
referral-said-yes = { $by } is for the referral ({ $at }): { $reason }
referral-said-no = { $by } is against the referral ({ $at }): { $reason }
referral-deciders = { $needed } different people must say yes, with reasons; one no declines. Without all rungs gone through, only --grounds breach is possible.
help-referral-show = The preconditions of a referral, met and unmet, and who has decided what.
referral-gate = Case { $case } ({ $step }): { $unmet ->
    [0] every precondition of a referral is met.
    [one] one precondition of a referral is unmet.
   *[other] { $unmet } preconditions of a referral are unmet.
    }
answer-accepted = taken on
answer-declined = not taken on
answer-more = papers wanted
referral-answer-accepted = The commission has taken on case { $case }.
referral-answer-declined = The commission has not taken on case { $case }.
referral-answer-more = The commission wants papers before it answers the referral of case { $case }.
referral-supplied = { $number ->
    [one] One paper is on record for the commission
   *[other] { $number } papers are on record for the commission
    }: case { $case }.
referral-said-accepted = { $by } has taken the case on ({ $at }): { $reason }
referral-said-declined = { $by } has not taken the case on ({ $at }): { $reason }
referral-said-more = { $by } wants papers ({ $at }): { $reason }
referral-papers = { $by } has supplied { $number ->
    [one] one paper
   *[other] { $number } papers
    } ({ $at }). { $reason }
help-referral-answer = The commission's answer: it takes the case on, does not, or wants papers first.
help-referral-supply = Supply the papers that the commission asked for.
option-takes-on = the commission takes the case on
option-does-not-take-on = the commission does not take it on
option-wants-papers = the commission wants papers first; the reason says which
option-supplied = a paper for the commission; its name and SHA-256 go on record. May be given several times
error-answers-own-referral = { $by } has decided on this referral; somebody else must answer it for the commission.
error-verifies-own-work = { $by } has said in the department's name that it was put right; somebody outside the department must verify it.
