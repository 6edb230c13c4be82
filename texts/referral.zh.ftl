# 提请前的把关。

precondition-rung = 阶段已无果而终
precondition-served = 工单已送达
precondition-minutes = 会议纪要
precondition-extension = 延期已告知诉求人
proof-exhausted = 已无果而终
proof-not-exhausted = 尚未无果而终
proof-replied = 已答复
proof-acknowledged = 已签收
proof-returned = 已退单
proof-withdrawn = 已撤回
proof-undelivered = 系统未送达，已入收件箱
proof-silent = 逾期未应，已记录在案
proof-unheard = 尚无回应，也未逾期
proof-kept = 已形成
proof-missing = 缺失
proof-told = 已告知
met = 满足
unmet = 未满足
column-met = 是否满足
column-precondition = 前提
column-proof = 依据
referral-said-yes = { $by } 同意提请（{ $at }）：{ $reason }
referral-said-no = { $by } 不同意提请（{ $at }）：{ $reason }
referral-deciders = 须由 { $needed } 名不同人员同意并说明理由；一人不同意即不提请。未走完全部阶段的，只能以 --grounds breach 提请。
help-referral-show = 提请的前提（是否满足）及各人的决定。
referral-gate = 办件 { $case }（{ $step }）：{ $unmet ->
    [0] 提请的前提全部满足。
   *[other] 提请的前提有 { $unmet } 项未满足。
    }
answer-accepted = 受理
answer-declined = 不予受理
answer-more = 要求补充材料
referral-answer-accepted = 纪委监委已受理办件 { $case }。
referral-answer-declined = 纪委监委不予受理办件 { $case }。
referral-answer-more = 纪委监委要求先补充材料，再答复办件 { $case } 的提请。
referral-supplied = 已为纪委监委登记 { $number } 份材料：办件 { $case }。
referral-said-accepted = { $by } 已受理（{ $at }）：{ $reason }
referral-said-declined = { $by } 不予受理（{ $at }）：{ $reason }
referral-said-more = { $by } 要求补充材料（{ $at }）：{ $reason }
referral-papers = { $by } 补充了 { $number } 份材料（{ $at }）。{ $reason }
help-referral-answer = 纪委监委的答复：受理、不予受理，或要求先补充材料。
help-referral-supply = 补充纪委监委要求的材料。
option-takes-on = 纪委监委受理
option-does-not-take-on = 纪委监委不予受理
option-wants-papers = 要求先补充材料；理由中说明需要哪些
option-supplied = 给纪委监委的材料；其名称和 SHA-256 记录在案；可多次给出
error-answers-own-referral = { $by } 已对本次提请作出决定；须由他人代表纪委监委答复。
error-verifies-own-work = { $by } 曾以部门名义报告已整改；须由部门以外的人员核查。
