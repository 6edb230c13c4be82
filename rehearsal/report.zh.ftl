# 预演报告所用的文字。各阶段、结果等词取自 texts/zh.ftl。

title = 时限规则预演
subtitle = { $cases } 件诉求在虚拟时间中，沿真实流程走完全程
page-title = { $title }：{ $policies }
against = 对比
partial = 预演中途停止：以下只统计已在各规则下走完的 { $done } 件（共 { $asked } 件）。
fallen = 有 { $count } 件因程序错误未能走完，未计入：
made = 用时 { $seconds } 秒，每秒 { $rate } 件

# 指标
key-figures = 主要指标
figure = 指标
difference = 差异
cases = 预演诉求
first-go = 一次办结（已解决且未升级）
reached = 升至：{ $rung }
still-open = { $days } 天后仍未办结
days-to-end = 办结用时（自然日）：中位 / 九成以内
silent = 工单逾期未签收或未答复
returns = 退单
satisfied = 回访满意（占已联系上的）
calls = 回访电话
busiest = 一位单位负责人单日最多回访
days-over = 单日超过 { $limit } 个的（人·日）
odd-orders = 工单期限落在办公时间之外
odd-calls = 回访期限落在办公时间之外
provisional = 工单期限为暂定

# 图
chart-rungs = 多少诉求升到各阶段
chart-reasons = 为何进入督办
chart-when = 何时到达各阶段（柱：中位；线端：九成以内）
chart-months = 每月督办、联席会议、提请
chart-departments = 哪些单位的诉求进入督办
chart-callbacks = 各单位负责人回访最多的一天（虚线：上限 { $limit }）
chart-deadlines = 期限落在何时
chart-outcomes = 结果
chart-beside = 同一诉求在两种规则下升到的最高阶段
table-departments = 各单位明细

axis-cases = 件数
axis-share = 占比
axis-calls = 单日回访数
axis-working-days = 受理后工作日
axis-calendar-days = 受理后自然日
month-supervised = 督办
month-meetings = 联席会议
month-referrals = 提请纪委监委
of-orders = 工单
of-calls = 回访
in-office = 办公时间内
weekend = 周末
holiday = 节假日
outside-hours = 工作日的办公时间外
open = 未办结
department = 单位
nobody = （尚无单位）
led = 主办工单
late = 逾期
over-limit = 超过 { $limit } 个的天数
busiest-day = 单日最多回访

# 样本与说明
sample = 样本
sample-text = 来源 { $file }：文件共 { $in_file } 件（另有 { $unreadable } 行无法读取），取 { $picked } 件，原受理时间 { $first } 至 { $last }；整体平移 { $weeks } 周，预演中 { $begins } 至 { $ends } 受理。随机种子 { $seed }。
notes = 说明与假设
note-people = 单位、市民、督办员等的行为来自：{ $departments }。标为 assumed 的是假设，没有出处。
note-effort = 单位办理需要多久就是多久：时限再短也不会更快，工作再多也不会更慢。
note-same = 两种规则遇到的是同一批诉求、同一批人、同样的运气，差异只来自规则；同一种子得到同样的数字。
note-moved = 诉求按整周平移，星期与时刻不变；原来的节假日和天气不会跟着平移。
note-scale = 件数只属于这 { $picked } 件，不是全市的数量；每人每日回访数也随件数增加。
note-nobody = 预演中无人申请延期或挂起，无人撤诉、并案，也无人手工升级。
note-office = 工作日与办公时间都按同一日历计算：{ $office }。办公时段的最后一刻算作办公时间内。
note-provisional = 暂定期限：所依据的放假安排尚未公布，公布后会重新计算。
note-first = “升至各阶段”每件只计第一次；按月的督办与会议每次都计。
