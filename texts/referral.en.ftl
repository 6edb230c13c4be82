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
