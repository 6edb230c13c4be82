# 考核：指标、剔除，以及由此生成的网页和工作簿。

figure-response = 及时签收率
figure-timely = 按时答复率
figure-solution = 解决率
figure-satisfaction = 满意率
figure-first-go = 一次办结率
figure-supervised = 督办件解决率
figure-accepted = 受理量
figure-led = 主办件
figure-grid = 网格员上报件
figure-referred = 提请件
figure-grid-workers = 参与网格员
figure-followers = 关注人数
figure-petitions = 信访量

short-response = 签收
short-timely = 按时
short-solution = 解决
short-satisfaction = 满意
short-first-go = 一次办结
short-supervised = 督办

measure-response = 须签收的主办工单中，在签收时限内签收、答复或退单的（P3）。
measure-timely = 已答复或已超时的主办工单中，在时限内答复的（P4 至 P6、P14）。退单被接受的不算答复，不计入。
measure-solution = 回访到市民的次数中，办件以“已解决”办结的。解释可以令人满意，但不算解决（P19）。
measure-satisfaction = 回访到市民的次数中，市民表示满意的（P19）。
measure-first-go = 在派单阶段经市民确认或由此升级的办件中，由首个单位就地解决的。
measure-supervised = 回访到市民或继续升级的督办件中，最终以“已解决”办结的（P13）。
measure-accepted = 本期立案的办件。
measure-led = 首次交该单位主办的办件。
measure-grid = 本期立案的办件中由网格员上报的。
measure-referred = 办件进入提请阶段的次数（P17）。

by-department = 单位
by-district = 区
by-class = 类别

exclusion-reason-legal-way = 已进入诉讼、仲裁、信访或纪检程序
exclusion-reason-duplicate = 已在另一办件中计算
exclusion-reason-emergency = 紧急警情，已即时转出
exclusion-reason-unlawful = 诉求违反法律或政策
exclusion-reason-harassment = 恶意使用热线
exclusion-reason-force-majeure = 不可抗力
exclusion-reason-wrong-department = 从不属于该单位职责

assess-title = 考核 { $first } 至 { $last }
assess-against = 对比 { $first } 至 { $last }。按决定性记录写入台账的时间计入，时区 { $zone }。
assess-interval = 区间（Wilson，95%）是调整后比率实际可能所在的范围；基数越小，区间越宽。
assess-no-ranking = 按编码排列，不作排名（P20）。
assess-excluded = 调整后指标剔除的办件：{ $cases } 件。
assess-nothing-excluded = 没有剔除办件：原始指标与调整后指标相同。
assess-empty = 本期没有可计入的内容。
assess-written = 已写入：{ $file }
assess-outside = { $figures }：由其他系统统计，本台账没有记录。
assess-adjusted-row = ↳ 调整后
assess-nobody = 未确定
assess-explained = { $figure }，{ $first } 至 { $last }：原始 { $raw }，调整后 { $adjusted }。
assess-explained-part = 只查看前 { $limit } 条；用 --limit 查看更多。
assess-rebuilt = 已根据 { $cases } 个办件的事实重新生成全部考核数据。
assess-excluded-now = 办件 { $case } 已从调整后指标剔除：{ $reason }，批准人 { $approved_by }。
assess-included-now = 办件 { $case } 重新计入调整后指标，批准人 { $approved_by }。

assess-six = 六升一降
assess-rates = 各项比率：原始与调整后
assess-groups = 按{ $by }
assess-exclusions = 剔除的办件
assess-custody = 已办结的办件在谁手中
assess-measures = 计算口径
assess-custody-days = 自然日
assess-made = { $at } 根据台账事实计算。
assess-chart-rate = { $figure }：原始与调整后，附 95% 区间
assess-axis-rate = 比率

column-raw = 原始
column-adjusted = 调整后
column-interval = 95% 区间
column-period-before = 同期
column-now = 本期
column-change = 变化
column-group = 对象
column-led = 办件
column-counted = 计入
column-entry = 条目
column-approved-by = 批准人
column-entered-by = 录入人
column-at = 时间
column-excluded = 剔除原因
column-measure = 计算口径
column-share = 基数

counted-for = 分子
counted-against = 仅分母

error-period-unknown = 没有 { $period } 这样的周期。请写 2026-11、2026Q4 或 2026。
error-period-backwards = 周期的结束（{ $last }）早于开始（{ $first }）。
error-period-part = 请同时给出 --from 和 --to，或给出 --period。
error-exclusion-by-one = 剔除须由一人录入、另一人批准；{ $by } 不能兼任。
error-exclusion-known = 办件 { $case } 已被剔除，批准人 { $by }。没有任何改动。
error-exclusion-none = 办件 { $case } 没有被剔除，无可撤销。

help-assess = 一段时期的各项比率：原始与调整后并列，可按单位、区或类别。
help-assess-exclude = 从调整后指标中剔除一个办件，须有清单中的理由和批准人。
help-assess-include = 另记一条以撤销剔除：办件重新计入调整后指标。
help-assess-rebuild = 根据台账中的事实重新生成全部考核数据。
option-period = 周期：月、季或年；不写则为本月 [2026-11|2026Q4|2026]
option-assess-from = 第一天，代替 --period
option-assess-to = 最后一天
option-assess-against = 对比的周期；不写则为上年同期
option-assess-by = 按什么分列
option-html = 把带图表的网页写入此文件
option-xlsx = 把工作簿写入此文件
option-explain = 列出一项指标背后的办件，不利的在前
option-explain-department = 只看该单位
option-explain-district = 只看该区
option-exclusion-reason = 剔除理由
option-include-reason = 撤销剔除所依据的理由
option-approved-by-assess = 批准人；不能是录入人
option-exclusion-remark = 需要说明的情况
progress-assess = 办件
field-case-id = 办件
field-excluded = 剔除
