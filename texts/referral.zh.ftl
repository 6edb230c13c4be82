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
