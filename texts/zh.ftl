### 给人看的中文文字。键与 en.ftl 相同；测试会把两个文件和源代码对照。

## 词语

nothing = 无
yes = 是
no = 否
late = 迟到：{ $reply }
silent = 到期未答复
overdue = 已超时
overdue-by = 超时 { $length }
since = 自 { $since }
told = { $what }：{ $details }
until = 时限 { $until }
provisional = 暂定：所依据的工作日尚未公布
slot-name = 姓名
slot-text = 文字
slot-department = 单位代码
slot-file = 文件

## 代号

rung-dispatch = 常规派单
rung-supervised = 督办
rung-joint-meeting = 联席会议
rung-referral = 提请纪委监委
rung-rectification = 限期整改

end-callback = 回访
end-closed = 办结

status-queued = 待话务员指派
status-handling = 办理中
status-callback = 待回访
status-closed = 已办结

closing-resolved = 已解决
closing-explained = 已解释
closing-unreached = 已答复，未联系上市民
closing-withdrawn = 已撤诉
closing-merged = 已并案

outcome-resolved = 已解决
outcome-explained = 已解释
outcome-explanation-refused = 解释未获认可
outcome-not-acknowledged = 未签收
outcome-overdue = 超时
outcome-returned-too-often = 退单过多
outcome-disputed = 职责有争议
outcome-no-conclusion = 未形成结论
outcome-violation-found = 认定违法
outcome-declined = 不予提请
outcome-declined-again = 再次不予提请
outcome-verified = 整改属实
outcome-escalated = 人工升级
outcome-satisfied = 满意
outcome-unsatisfied = 不满意
outcome-unreached = 未联系上
outcome-withdrawn = 撤诉
outcome-merged = 并案

party-operator = 话务员
party-department = 单位
party-supervisor = 督办人员
party-commission = 纪委监委人员

awaited-assignment = 指派单位
awaited-acknowledgement = 签收
awaited-reply = 答复
awaited-confirmation = 确认解释
awaited-meeting = 召集联席会议
awaited-conclusion = 联席会议结论
awaited-decision = 提请决定
awaited-answer = 纪委监委答复
awaited-papers = 向纪委监委补充材料
awaited-verification = 核查整改
awaited-callback = 回访

role-lead = 主办
role-assisting = 协办

order-status-sent = 已派发
order-status-acknowledged = 已签收
order-status-replied = 已答复
order-status-returned = 已退单
order-status-withdrawn = 已撤回
order-status-superseded = 已被升级取代

result-resolved = 已解决
result-explained = 已解释

withdrawal-reason-returned = 退单
withdrawal-reason-reassigned = 改派其他单位
withdrawal-reason-withdrawn = 市民撤诉
withdrawal-reason-merged = 办件并案

callback-result-satisfied = 满意
callback-result-unsatisfied = 不满意
callback-result-unreached = 未联系上


command-assign = 指派单位
command-acknowledge = 签收
command-return = 退单
command-explain = 确认或驳回解释
command-escalate = 升级
command-withdraw = 撤诉
command-merge = 并案
command-absorb = 并入重复办件
command-convene = 召集联席会议
command-conclude = 作出会议结论
command-decide = 决定是否提请
command-answer-referral = 答复提请
command-supply-papers = 补充材料
command-verify = 核查整改
command-record-callback = 记录回访
command-note-late-reply = 登记迟到答复
command-reply = 答复

grounds-exhausted = 前面各阶段均已用尽
grounds-breach = 涉嫌失职

nature-consultation = 咨询
nature-request = 求助
nature-complaint = 投诉举报

urgency-danger = 危及安全
urgency-utility = 水电气热故障
urgency-normal = 一般

channel-phone = 电话
channel-app = 应用程序
channel-wechat = 微信
channel-web = 网站
channel-letter = 来信
channel-grid = 网格员
channel-other = 其他

level-municipal = 市级单位
level-district = 区级单位
level-street = 街道、镇
level-utility = 公用企业
level-site = 机场、港口、车站

matter-class-city-management = 城市管理
matter-class-social-governance = 社会治理
matter-class-public-service = 公共服务

hands-commission = 纪委监委人员
hands-department = 单位
hands-hold = 挂起
hands-hotline = 热线
hands-meeting = 联席会议

fact-kind-case-opened = 受理办件
fact-kind-case-queued = 转话务员待派
fact-kind-case-absorbed = 并入重复办件
fact-kind-case-escalated = 人工升级
fact-kind-case-withdrawn = 市民撤诉
fact-kind-case-merged = 并入其他办件
fact-kind-case-closed = 办结
fact-kind-rung-entered = 进入阶段
fact-kind-rung-left = 离开环节
fact-kind-wait-overdue = 等待超时
fact-kind-order-sent = 派发工单
fact-kind-order-acknowledged = 签收工单
fact-kind-order-returned = 退单
fact-kind-order-replied = 答复工单
fact-kind-order-replied-late = 迟到答复，已留存
fact-kind-order-silent = 单位到期未答复
fact-kind-order-withdrawn = 撤回工单
fact-kind-order-superseded = 工单被升级取代
fact-kind-order-assigned = 指派单位
fact-kind-explanation-confirmed = 解释获得确认
fact-kind-explanation-refused = 解释未获认可
fact-kind-meeting-convened = 召集联席会议
fact-kind-meeting-concluded = 联席会议结束
fact-kind-referral-armed = 备妥提请
fact-kind-referral-decided = 提请决定
fact-kind-referral-answered = 纪委监委答复
fact-kind-referral-papers-supplied = 已补充材料
fact-kind-finding-recorded = 认定违法
fact-kind-commission-informed = 报告纪委监委
fact-kind-rectification-verified = 整改核查属实
fact-kind-rectification-failed = 整改未落实
fact-kind-callback-due = 应当回访
fact-kind-extension-granted = 同意延期
fact-kind-hold-started = 挂起
fact-kind-hold-ended = 挂起结束
fact-kind-limits-moved = 时限调整
fact-kind-warning-yellow = 黄色预警
fact-kind-warning-red = 红色预警
fact-kind-callback-recorded = 记录回访

actor-engine = 系统
actor-operator = 话务员
actor-supervisor = 督办人员
actor-commission = 纪委监委人员
actor-caller = 回访人

audit-kind-audit = 审计
audit-kind-gap = 中断

down-engine-down = 引擎停机
down-worker-down = 无工作进程
down-record-down = PostgreSQL 不可用

difference-kind-projection = 列表与台账不符
difference-kind-not-recorded = 台账缺事实
difference-kind-not-in-engine = 引擎中没有
difference-kind-contradicted = 引擎与台账矛盾
difference-kind-not-opened = 未成办件
difference-kind-silent = 办件无应答

mended-repaired = 已修复
mended-beyond-repair = 此法不能修复

firing-climb = 进入下一阶段
firing-silence = 逾期未应
firing-yellow = 黄色预警
firing-red = 红色预警
firing-wait = 等待超时
firing-informed = 告知纪委监委
firing-hold-end = 挂起到期

flaw-missing = 缺失
flaw-doubled = 重复
flaw-unfounded = 无到期而触发
flaw-early = 未到期即触发
flaw-misdated = 到期时间与规则不符
flaw-late-return = 超期退单
flaw-adrift = 在办而无人推动
flaw-overtaken = 已被抢先（不算错）
flaw-unreadable = 无法核算

cause-on-time = 准时
cause-engine-down = 引擎停机
cause-worker-down = 工作进程停机
cause-calendar-revised = 日历修订
cause-policy-changed = 规则变更
cause-hold = 挂起到期晚见
cause-unknown = 不明

shift-hold = 挂起
shift-extension = 延期
shift-calendar = 日历
shift-policy = 规则

## 字段

field-accepted = 同意
field-address = 地址
field-answer = 答复
field-assisting = 协办单位
field-awaited = 事由
field-basis = 依据
field-body = 正文
field-by = 经办人
field-calendar = 日历
field-callback-id = 答复编号
field-came-from = 来自
field-channel = 渠道
field-citizen = 市民
field-class = 类别
field-closing = 结果
field-code = 代码
field-confirmed = 确认
field-days = 工作日数
field-department = 单位
field-description = 诉求内容
field-district = 区
field-due = 时限
field-duplicate = 重复办件
field-email = 电子邮箱
field-endpoint = 接口地址
field-evidence = 证据
field-grounds = 提请理由
field-into = 并入
field-lead = 主办单位
field-level = 级别
field-limit-days = 整改工作日数
field-line = 行
field-matter = 事项
field-matter-class = 类别
field-matters = 事项
field-media-url = 图片链接
field-members = 参会单位
field-merged-into = 并入
field-minutes = 会议纪要
field-name = 姓名
field-name-en = 英文名称
field-nature = 性质
field-of = 因为
field-opened-at = 时间
field-order-id = 工单
field-outcome = 结果
field-party = 等待
field-papers = 材料
field-passed = 属实
field-phone = 电话
field-place = 地点
field-point = 坐标
field-return-by = 退单截止
field-policy = 时限规则
field-provisional = 暂定
field-reason = 原因
field-received-at = 收到
field-reference = 来源编号
field-remark = 备注
field-reported-at = 反映时间
field-reply = 答复
field-result = 结果
field-role = 角色
field-row = 整行
field-rung = 阶段
field-statement = 答复内容
field-station = 环节
field-status = 状态
field-street = 街道
field-suggests = 建议单位
field-task = 任务
field-tasks = 任务
field-to = 升至
field-unmet = 未满足
field-until = 时限
field-urgency = 紧急程度

## 错误里的原因

reason-duplicate-date = 同一日期列了两次
reason-before-start = 早于起始时间
reason-contradicts-idempotency-key = 与 Idempotency-Key 不一致
reason-doubled = 出现两次
reason-moment-malformed = 请写带时区的时间，例如 2026-11-25T00:00:00Z
reason-span-too-long = 一次最多查询 90 天
reason-empty = 内容为空
reason-impossible-date = 没有这个日期
reason-in-both-lists = 同一日期既列为休息又列为上班
reason-key-missing = 缺少该项
reason-key-unknown = 没有这一项
reason-malformed = 格式不对
reason-matter-unknown = 没有这个事项
reason-missing = 缺少该项
reason-not-a-list = 须为方括号内的列表
reason-not-a-text = 须为引号内的文字
reason-not-toml = 不是有效的 TOML
reason-not-one-of = 不在允许的取值之内
reason-opened = 受理
reason-source-values = values 只能与 column 一起用
reason-source-ways = column、template 和 value 须有且只有一个
reason-time-format = 不是日期时间的格式
reason-too-long = 太长
reason-unknown = 没有这个字段
reason-unknown-key = 没有这一项
reason-value-malformed = 格式不对
reason-value-unknown = 不在允许的取值之内
reason-zone-unknown = 没有这个时区

reason-department-doubled = 有一个单位出现了两次
reason-department-unknown = 没有这个单位
reason-limit-too-long = 时限不能超过十年
reason-low-above-high = 下限高于上限
reason-nature-unknown = 没有这种性质
reason-rung-unknown = 没有这个升级阶段
reason-shifts-overlap = 班次重叠
reason-urgency-unknown = 没有这种紧急程度
reason-value-out-of-range = 超出范围

misfit-gap = 前面缺号
misfit-hash = 内容与其哈希值不符
misfit-missing-tail = 办件记录提到这一条，但台账里没有
misfit-prev-hash = 与上一条接不上

## 错误：所说的不存在

error-case-unknown = 没有办件 { $case }。查看已有办件：liandong case list
error-case-not-on-record-yet = 办件 { $case } 已受理，但还没有记入台账；请稍后再试。
error-department-unknown = 没有单位 { $department }。{ $did_you_mean ->
    [none] 查看已有单位：liandong department list
   *[other] 是不是 { $did_you_mean }？
 }
error-district-unknown = 没有区 { $district }。{ $did_you_mean ->
    [none] 区代码是六位数字，例如 460105。
   *[other] 是不是 { $did_you_mean }？
 }
error-street-unknown = 没有街道 { $street }。{ $did_you_mean ->
    [none] 街道代码是九位数字，例如 460105001。
   *[other] 是不是 { $did_you_mean }？
 }
error-matter-unknown = 没有事项 { $matter }。{ $did_you_mean ->
    [none] 事项见 reference/matters.csv。
   *[other] 是不是 { $did_you_mean }？
 }
error-rung-unknown = 没有升级阶段 { $rung }。可用的有：{ $rungs }。
error-order-unknown = 没有工单 { $order }。查看单位的工单：liandong order inbox 单位代码
error-file-unknown = 没有文件 { $file }。
error-mapping-unknown = 没有列映射 { $mapping }。可用的有：{ $mappings }；也可以给出以 .toml 结尾的文件。
error-policy-unknown = 没有时限规则 { $policy }。可用的有：{ $policies }；也可以给出以 .toml 结尾的文件。
error-reference-unknown = 随附的文件里没有 { $name }。
error-route-unknown = 这个地址上什么也没有。
error-format-unknown = 没有这种格式；可以用：{ $allowed }。
error-request-unknown = 该密钥持有者所提交的诉求中没有这一件。
error-service-unknown = 没有这项服务；服务清单见 services.json。

## 错误：现在不合规则

error-not-allowed-here = 办件处于“{ $step }”，不能{ $asked }。现在可以：{ $allowed }。
error-already-acknowledged = 工单 { $order } 已于 { $at } 签收，不能重复签收；等待答复。
error-already-assigned = 单位 { $department } 在本办件已有未结工单；请另选单位。
error-already-convened = 联席会议已召集（{ $members }）。现在可以：{ $allowed }。
error-already-decided = { $by } 已对本次提请作出决定；须由另一个人决定。
error-already-replied = 工单 { $order } 已经答复；以第一次答复为准。
error-already-running = 联动已在文件夹 { $state } 上运行（进程 { $pid }）；请先停止它，或用 --state 另选文件夹。
error-being-merged = 办件 { $case } 正在并入 { $into }；请等并案结束。
error-cannot-escalate-to = 办件处于“{ $rung }”，不能升级到“{ $to }”。可以升至：{ $allowed }。
error-case-closed = 办件 { $case } 已办结（{ $closing }），不能再{ $asked }。新的诉求请另开办件。
error-merge-into-itself = 办件 { $case } 不能并入自己；请给出另一个办件。
error-method-not-allowed = 这个地址不接受这种请求方法。
error-no-lead-yet = 还没有主办单位，{ $department } 不能先协办；请先指派主办单位。
error-not-at-the-meeting = { $department } 没有参加这次会议，不能分给任务。参会单位：{ $members }。
error-api-key-missing = 此处需要 api_key。
error-api-key-wrong = 这个 api_key 无效；请向热线申请（liandong token issue --kind client）。
error-id-used-otherwise = 这个 Idempotency-Key（或 token）已用于另一份内容；没有改动任何数据。
error-not-returnable = “{ $rung }”阶段的工单 { $order } 不能退单。可以：{ $allowed }。
error-order-ended = 工单 { $order } 已结束（{ $status }），不能再{ $asked }。
error-order-not-yours = 工单 { $order } 不是派给 { $department } 的；只有收到工单的单位才能答复。
error-other-case-not-open = 没有可以并入的未结办件 { $case }。
error-other-case-unreachable = 办件 { $case } 现在没有回应，没有并案；请稍后再试。
error-preconditions-unmet = 不能以“用尽”为由提请，以下阶段尚未无果而终：{ $unmet }。可以：{ $allowed }。
error-refused-by-case = 办件拒绝了这个要求（{ $reason }）；什么也没有改变。
error-replied-otherwise = 工单 { $order } 已有另一个内容的答复（{ $callback }）；以第一次答复为准。
error-limit-passed = 时限已于 { $until } 届满，不能再{ $asked }。
error-return-window-over = 工单 { $order } 只能在 { $until } 之前退单，现在视为接受。可以：{ $allowed }。

## 错误：输入不对

error-input-missing = { $field }：缺少或为空。
error-input-too-long = { $field }：太长，最多 { $limit } 个字符。
error-input-too-few = { $field }：太少，至少要有 { $least } 个。
error-input-malformed = { $field }：“{ $value }”格式不对。
error-input-phone = { $field }：“{ $value }”不是电话号码；应为 7 至 20 位数字，可以有空格和连字符，国家代码前加 +。
error-input-time = { $field }：“{ $value }”不是时间；请写成 2026-11-23 18:43 或 2026-11-23T18:43:05+08:00。
error-input-unknown = { $field }：没有“{ $value }”；可用的有 { $choices }。
error-input-out-of-range = { $field }：不能是 { $value }；应为 1 至 365 的整数。
error-input-assignment = { $field }：“{ $value }”应写成“单位代码=值”。
error-input-doubled = { $field }：{ $value } 出现了两次。
error-input-either = { $field } 须有且只有一个。
error-input-invalid = { $field }：{ $reason }。
error-input-not-text = 有一个参数不是 UTF-8 文字。
error-member-doubled = 参会单位里有一个单位出现了两次。
error-task-doubled = 有一个单位分到了两项任务；请合写成一项。
error-tasks-without-lead = 有任务而没有主办单位；请用 --lead 在其中指定。
error-lead-without-task = 主办单位没有任务；请用 --task 给出。
error-days-without-task = { $department } 有工作日数而没有任务。
error-time-impossible = { $field }：{ $value } 在将来，或早于 2000 年。
error-body-too-large = 请求太大，最多 { $limit } 字节。
error-json-malformed = 请求不是有效的 JSON。
error-form-malformed = 参数不是合法的表单：应为 name=value，以 & 相连，用 % 转义。
error-parameter-invalid = { $parameter }：{ $reason }。

error-amount-negative = { $field }：{ $value } 是负数。
error-date-expected = { $field }：{ $value } 是时间，这里需要日期。
error-extension-not-positive = { $field }：延期必须大于零，不能是 { $value }。
error-instant-out-of-range = { $field }：时间超出了可以计算的年份。
error-instant-without-zone = { $field }：{ $value } 没有时区。
error-spans-differ-in-basis = { $field }：{ $got } 时间不能与 { $basis } 时间比较。
error-calendar-range-invalid = { $field }：日历不能从 { $first } 到 { $last }；可以是 { $earliest } 到 { $latest }。
error-calendar-file-invalid = 日历文件 { $file }，{ $field }：{ $reason }：{ $detail }。没有存入任何内容。
error-policy-invalid = 时限规则文件 { $file }，{ $key }：{ $reason }。
error-mapping-key = 列映射文件 { $file }，{ $key }：{ $reason }。
error-mapping-syntax = 列映射文件 { $file } 不是有效的 TOML：{ $reason }。

error-calendar-changed-meanwhile = 日历 { $calendar } 在此期间已被他人修改（修订 { $revision }）；请查看后再试。
error-calendar-dates-outside = 有 { $count } 个日期不在日历所及的 { $first } 至 { $last } 之内：{ $dates }。
error-calendar-list-incomplete = 名单不完整：有 { $count } 个法定节假日既未列为休息也未列为上班：{ $dates }。
error-calendar-moves-past = 有 { $count } 个已过去的日子会改变：{ $dates }。可以：{ $allowed }。
error-calendar-revision-unknown = 日历 { $calendar } 没有修订 { $revision }。
error-callback-id-used = 答复编号 { $callback } 已用于工单 { $order }；每次答复须有自己的编号。
error-conduct-key = 行为文件 { $file }，{ $key }：{ $reason }。
error-conduct-syntax = 行为文件 { $file } 不是有效的 TOML：{ $reason }。
error-extra-missing = 没有安装 { $package }。安装：pip install 'liandong[{ $extra }]'。
error-policy-none-active = 还没有施行任何时限规则；受理第一件事项时，自带的规则开始施行。
error-policy-refused = 时限规则 { $policy } 行不通：{ $key }：{ $reason }（共 { $findings } 处，详见 liandong policy lint）。
error-policy-version-taken = 时限规则 { $policy } 的版本 { $version } 已是另一份规则；下一个可用的版本是 { $next }。
error-policy-version-unknown = 时限规则 { $policy } 没有版本 { $version }。
error-policy-version-unreadable = 本版本的联动读不了时限规则 { $policy } 的版本 { $version }；请安装存入它的版本。
error-rehearsal-empty = 文件 { $file } 里没有可供演练的办件。
error-rehearsal-limit = { $field }：不能是 { $value }；至少要有一个办件。
error-verdicts-missing = 文件 { $file } 没有说明任何办件是否按时（列 { $columns }）。

error-file-columns = 文件 { $file } 缺少这些列：{ $missing }。
error-file-column-doubled = 文件 { $file } 里的列 { $column } 出现了两次。
error-file-empty = 文件 { $file } 没有数据行。
error-file-encoding = 文件 { $file } 既不是 UTF-8 也不是 GB18030，第 { $line } 行起无法识别；请另存为 UTF-8。
error-file-header = 文件 { $file } 的表头（第 { $line } 行）不是有效的 CSV。
error-file-too-large = 文件 { $file } 超过 { $limit } MiB；请拆分。
error-file-unreadable = 文件 { $file } 无法读取；请确认它是文件，而且有读取权限。

error-characters-forbidden = 含有控制字符
error-code-doubled = 这个代码在第 { $first } 行已经出现
error-endpoint-credentials = 接口地址不能带用户名或密码
error-endpoint-malformed = “{ $value }”不是 http 或 https 地址
error-level-place = 级别 { $value } 的单位所填的区、街道不符
error-matter-doubled = 事项 { $matter } 出现了两次
error-reference-doubled = 同一来源编号在第 { $first } 行已经出现
error-row-columns = 应有 { $expected } 格，实有 { $found } 格
error-row-quotes = 引号没有闭合
error-row-too-long = 这一行太长
error-street-elsewhere = 街道 { $street } 属于区 { $district }。
error-text-too-long = 太长，最多 { $limit } 个字符
error-time-implausible = “{ $value }”不在 1990 至 2099 年之间
error-time-malformed = “{ $value }”不符合时间格式 { $format }
error-time-skipped = “{ $value }”不存在：夏令时跳过了这一时刻
error-value-malformed = “{ $value }”格式不对
error-value-missing = 缺少
error-value-unknown = “{ $value }”不在已知取值之内

error-port-not-usable = { $host } 的端口 { $port } 不能使用（{ $reason }）；请用 { $variable } 另设端口。
error-port-taken = { $host } 的端口 { $port } 被占用（{ $reason }）；请停止占用它的程序，或用 { $variable } 另设端口。
error-program-missing = { $variable } 指定了 { $path }，但没有这个程序。
error-servers-half-named = { $given } 指定了外部服务器，但没有设置 { $missing }；请两个都设置，或都不设置。
error-setting-invalid = { $variable } 不能用（{ $reason }）：{ $text }。
error-setting-missing = 没有设置 { $variable }，它也没有默认值。
error-state-not-traversable = { $user } 必须能经过 { $path } 才能到达 { $state }；请用 chmod o+x 放行，或用 { $variable } 另选文件夹。
error-state-not-writable = 状态文件夹 { $path } 不能写入（{ $reason }）；请用 { $variable } 或 --state 另选文件夹。
error-database-address = 看不懂 PostgreSQL 的地址；{ $variable } 应形如 postgresql://user:password@host:5432/database。
error-temporal-address = Temporal 的地址 { $address } 不对：{ $reason }
error-temporal-config = 无法读取 Temporal 的配置：{ $reason }

## 错误：缺少服务器

error-nothing-running = { $state } 上没有运行中的服务。启动：liandong up。也可以用 TEMPORAL_ADDRESS 和 LIANDONG_DATABASE_URL 指定服务器。
error-database-unreachable = 连接不上 PostgreSQL（{ $reason }）；什么也没有改变。请检查它是否运行，以及 LIANDONG_DATABASE_URL 的值。
error-temporal-unreachable = 连接不上 { $address } 的 Temporal（{ $reason }）。请检查它是否运行，以及 TEMPORAL_ADDRESS 的值。
error-case-does-not-answer = 办件 { $case } 没有回应，可能没有工作进程在运行（liandong worker）。重试之前请先看“liandong case show { $case }”：也许已经办了。
error-case-not-open-yet = 办件 { $case } 已受理，但还没有开办；请过一分钟再试。
error-kept-not-handed-over = 工单 { $order } 的答复已留存，但现在送不到办件；一分钟左右会自动送达，不必再做什么。
error-kept-not-opened = 办件 { $case } 已留存，但现在不能开办；一分钟左右会自动开办，不必再做什么。
error-embedded-missing = 没有安装程序 { $program }。安装：pip install 'liandong[{ $extra }]'。也可以用 TEMPORAL_ADDRESS 和 LIANDONG_DATABASE_URL 指定服务器。
error-gateway-unreachable = { $url } 的网关没有回应（{ $reason }）。启动：liandong gateway
error-namespace-missing = 命名空间 { $namespace } 不能使用也不能创建（{ $reason }）；请让管理员创建。
error-namespace-not-usable = 命名空间 { $namespace } 在 { $seconds } 秒内没有就绪；请再试。
error-no-worker = 任务队列 { $queue } 上没有工作进程。启动：liandong worker
error-out-of-order = 联动现在不能保存任何东西；什么也没有改变。请稍后再试。
error-part-crashed = { $part } 自行结束了（退出 { $exit }）：{ $said } 见 { $log }。
error-part-not-ready = { $part } 在 { $seconds } 秒内没有就绪：{ $said } 见 { $log }。
error-postgres-user = PostgreSQL 不能以 root 运行，而为它创建用户 { $user } 失败：{ $said }
error-search-attributes-missing = 缺少检索属性 { $names }，而且不能登记（{ $reason }）；请让管理员登记。
error-state-not-readable = 状态文件夹 { $path } 不能读取（{ $reason }）；请以其所有者运行，或用 { $variable } 另选文件夹。
error-stopping = 联动正在停机，这件事可能还没有办。请稍后再发一次：已经办过的不会办两次。

## 错误：检查没有通过

error-attributes-missing = 命名空间 { $namespace } 缺少检索属性。登记：liandong migrate
error-differences-found = 有 { $number } 件办件在引擎、台账与列表中不一致。可重放事实的：liandong doctor --repair
error-directory-is-empty = 单位名录是空的。导入：liandong department import haikou
error-postgres-other-version = 文件夹 { $path } 是 PostgreSQL { $found } 创建的，需要 { $needed }；请把它移开，或使用创建它的联动版本。
error-reference-damaged = 随附的文件 { $file } 第 { $line } 行损坏；请重新安装联动。
error-running-unreadable = { $path } 是另一版本的联动写的；请用 Ctrl-C 停止那一个，再启动这一个。
error-schema-ahead = 数据库的版本是 { $revision }，本程序不认识（需要 { $wanted }）；请安装更新版本的联动。
error-schema-behind = 数据库的版本是 { $revision }，需要 { $wanted }。升级：liandong migrate
error-search-attribute-type = 检索属性 { $name } 登记为 { $found }，需要 { $needed }；请换一个命名空间。
error-temporal-too-old = { $program } 太旧或不是 Temporal（{ $found }）；需要服务器 { $needed } 或更新版本。请用 { $variable } 另行指定。
error-unexpected = 出现了意料之外的错误，已写入日志。

unknown-code = 被拒绝：{ $code }（{ $params }）。
unexpected = 出现了意料之外的错误（{ $kind }）。
unexpected-logged = 出现了意料之外的错误（{ $kind }）；出错位置写在 { $log }。

## HTTP 标题

http-400 = 无法理解
http-401 = 未通过身份验证
http-403 = 不属于该单位
http-404 = 没有找到
http-405 = 不允许的方法
http-409 = 被拒绝
http-413 = 太大
http-415 = 媒体类型不对
http-422 = 输入不对
http-500 = 意外错误
http-503 = 暂不可用

## 回答

opened = 办件 { $case } 已开办。
opened-before = 这个来源编号以前已开办办件 { $case }；没有另开。
now-accepted = 办件 { $case } 已受理，还没有工作进程接手。
now-moving = 办件 { $case }：{ $rung }，{ $status }。
now-waiting = 办件 { $case }：{ $rung }，{ $status }；等待{ $who }：{ $awaited }。
now-waiting-until = 办件 { $case }：{ $rung }，{ $status }；等待{ $who }：{ $awaited }，时限 { $until }。
now-closed = 办件 { $case } 已办结：{ $closing }。
now-merged = 办件 { $case } 已办结，并入 { $into } 继续办理。
next-step = 下一步：{ $command }
assigned = 已为办件 { $case } 指派 { $department }（{ $role }）。
merged = 办件 { $case } 已并入 { $into }。
escalated = 办件 { $case } 已升级。
withdrawn = 办件 { $case } 已撤诉。
explanation-confirmed = 办件 { $case } 的解释已获确认。
explanation-refused = 办件 { $case } 的解释未获认可。
convened = 办件 { $case } 的联席会议已召集：{ $members }。
concluded = 办件 { $case } 的联席会议已有结论：{ $lead } 主办，共 { $tasks } 项任务。
not-concluded = 办件 { $case } 的联席会议结束，未形成结论。
referral-accepted = { $by } 同意提请办件 { $case }。
referral-declined = { $by } 不同意提请办件 { $case }。
rectification-passed = 办件 { $case } 的整改核查属实。
rectification-failed = 办件 { $case } 的整改未落实，已再次责令整改。
callback-recorded = 办件 { $case } 的回访已记录：{ $result }。
more-than-limit = 后面还有；这里是前 { $limit } 条。要多看：--limit
no-cases = 没有这样的办件。
no-orders = 没有未结工单。
inbox-orders = 未结工单 { $orders } 件，最紧的在前：
import-done = 新开办件 { $opened } 件，以前已开办 { $known } 件。
import-stopped = 中途停止：新开办件 { $opened } 件，以前已开办 { $known } 件。再次导入同一文件即可接着办。
import-checked = { $rows } 行没有问题；没有开办任何办件。
import-problems = { $rows } 行有误，已略过：
import-more = ……另有 { $problems } 处；用 --output json 可看全部。
row-problem = 第 { $line } 行，{ $field }：{ $reason }
departments-imported = 名录里现已写入 { $departments } 个单位。
directory-empty = 单位名录是空的。导入：liandong department import haikou
ledger-fits = 台账各链均相符：{ $cases } 个办件，{ $entries } 条记录。
ledger-misfit = 台账不符：办件 { $case } 第 { $seq } 条：{ $reason }。
migrate-current = 数据库的版本是 { $revision }，无需升级。
migrate-done = 数据库的版本已从 { $before } 升到 { $revision }。
progress-import = 开办办件
progress-verify = 核对台账

up-postgres = 正在启动 PostgreSQL ……
up-temporal = 正在启动 Temporal ……
up-preparation = 正在准备数据表、命名空间和检索属性 ……
up-worker = 正在启动工作进程 ……
up-gateway = 正在启动网关 ……
up-ready = 联动正在运行。按 Ctrl-C 停止。
up-stopped = 已停止。
up-where-gateway = 网关
up-where-temporal = Temporal
up-where-ui = Temporal 网页
up-where-state = 状态文件夹
up-where-logs = 日志
up-policy = 新办件的时限规则
up-other-policy = 新办件仍按此前启用的 { $policy } 办理，而不是 { $asked }。如要更换：liandong policy activate { $asked } --by 姓名 --reason 理由
up-next = 下一步：liandong department import haikou，然后：liandong case open --description 文字

check-ok = 正常
check-failed = 不正常
check-skipped = 未检查
check-settings = 设置
check-programs = 内嵌程序
check-servers = 服务器位置
check-database = PostgreSQL
check-schema = 数据表
check-temporal = Temporal
check-attributes = 检索属性
check-worker = 工作进程
check-gateway = 网关
check-directory = 单位名录
check-differences = 引擎、台账、列表
doctor-not-whole = 只比对了 { $limit } 件；要更多请用 --limit。
doctor-ok = 一切正常。
doctor-failed = { $failed } 项检查没有通过。

audit-as-of = 审计截至 { $at }：{ $scope }
audit-whole = 全部办件
audit-open = 在办的及上次审计以来在办过的办件
audit-counts = 办件 { $cases } 件，事实 { $facts } 条；已触发时限 { $fired } 个，计时中 { $pending } 个。
audit-deemed = 逾期未退、视为接收的工单：{ $deemed }
audit-clean = 缺失 0，重复 0。
audit-verdict = 缺失 { $missing }，重复 { $doubled }。存在问题：
audit-flaw = { $flaw }：{ $number }
audit-more = …… 另有 { $number } 项
audit-shifted-by = { $shift } { $number } 个
audit-shifted = 到期前曾变动的时限：{ $shifts }
audit-worst = 最晚的：
progress-audit = 正在审计

## 表头

column-absorbed = 并入的办件
column-acknowledge-by = 签收时限
column-return-by = 退单截止
column-actor = 何人
column-allowed = 现在可以
column-answer = 答复
column-assisting = 协办单位
column-case = 办件
column-cause = 原因
column-median = 中位
column-number = 数量
column-p99 = p99
column-what = 事项
column-worst = 最晚
column-check = 检查
column-citizen = 市民
column-code = 代码
column-department = 单位
column-description = 诉求内容
column-district = 区
column-difference = 差异
column-due = 时限
column-happened = 何事
column-last-facts = 台账/引擎/列表
column-lateness = 迟延
column-lead = 主办单位
column-level = 级别
column-matters = 事项
column-merged-into = 并入
column-name = 名称
column-opened = 开办
column-order = 工单
column-remedy = 怎么办
column-result = 结果
column-role = 角色
column-rung = 阶段
column-status = 状态
column-street = 街道
column-task = 任务
column-time = 时间
column-urgency = 紧急程度
column-waits-for = 等待

## 命令行

usage-missing = 缺少 { $name }。
usage-option = 这里没有选项 { $name }。
usage-option-near = 这里没有选项 { $name }。是不是 { $near }？
usage-option-value = 选项 { $name } 用得不对：缺少它的值，或者它不带值。
usage-value = { $name } 的值不可用。
usage-command = <命令>
usage-command-unknown = 没有命令 { $name }。
usage-command-near = 没有命令 { $name }。是不是 { $near }？
usage-command-missing = 缺少命令。
usage-other = 看不懂这条命令：{ $reason }
usage-help = 帮助：{ $command }
usage-options = [选项]
help-usage = 用法：
help-arguments = 参数：
help-options = 选项：
help-commands = 命令：
help-exit-codes = 退出码：
exit-0 = 已办
exit-1 = 意料之外的错误
exit-2 = 命令写得不对
exit-3 = 所说的不存在
exit-4 = 现在不合规则
exit-5 = 输入不对
exit-6 = 连接不上服务器
exit-7 = 部分完成：导入时有错误的行
exit-8 = 检查没有通过
exit-130 = 被 Ctrl-C 中断

help-liandong = 联动把市民的诉求从第一个来电一直带到最后一次回访；没有人办，就升到下一个阶段。
help-case = 开办、查看和推动办件。
help-case-open = 开办一个办件。没有指定单位时，按事项和地点选择。
help-case-show = 查看一个办件：在哪个阶段，等待什么，有哪些工单，现在可以做什么。
help-case-list = 列出办件，最新的在前。
help-case-trail = 按台账列出一个办件的全部经过，以及每次升级的迟延。
help-case-assign = 为办件指派单位：主办或协办。
help-case-merge = 把重复办件并入另一个办件。
help-case-escalate = 人工把办件升到更高阶段。
help-case-withdraw = 市民撤诉，结束办件。
help-case-explain = 确认或驳回“无法解决”的解释。
help-case-import = 开办 CSV 文件里的办件（UTF-8 或 GB18030）。同一文件导入两次不会重复开办。
help-order = 单位怎样处理自己的工单。
help-order-inbox = 列出单位的未结工单，最紧的在前。
help-order-acknowledge = 单位签收工单。
help-order-reply = 单位对工单作出最终答复。
help-order-return = 单位退单，须有原因和依据。
help-meeting = 联席会议。
help-meeting-convene = 召集至少两个单位的联席会议。
help-meeting-conclude = 联席会议作出结论：主办单位和任务，或者未形成结论。
help-referral = 提请纪委监委。
help-referral-decide = 决定是否提请；须有两个不同的人同意。
help-rectification = 限期整改。
help-rectification-verify = 说明整改是否真正落实。
help-callback = 回访市民。
help-callback-record = 记录市民的意见，或没有联系上。
help-department = 单位名录。
help-department-import = 从 CSV 文件导入单位；代码相同的会被替换。
help-department-list = 列出单位及其办理的事项。
help-ledger = 台账。
help-ledger-verify = 重新计算台账的每条链，指出第一条不符的记录。
help-audit = 只凭台账核查：该触发的时限是否都触发了、有无重复、晚了多少；有问题则退出码为 8。
help-up = 在本机启动全部：服务器、工作进程和网关。
help-worker = 办理办件，直到收到 SIGINT 或 SIGTERM。
help-gateway = 通过 HTTP 为单位的系统服务，直到收到 SIGINT 或 SIGTERM。
help-migrate = 把数据表、命名空间和检索属性升级到本版本的要求。
help-doctor = 逐项检查所需的一切是否齐备。

argument-case = 办件编号
argument-cases-file = CSV 文件
argument-department = 单位代码
argument-departments-file = CSV 文件，或 haikou（随附的名录）
argument-into = 并入的办件
argument-order = 工单编号：办件编号加点和序号
option-accept = 同意提请
option-address = 市民的地址
option-audit-all = 全部办件，不限于在办的及上次审计以来在办过的
option-audit-case = 只查这一件
option-as-of = 以此时（ISO 8601）的台账为准；不给则为当前
option-assist = 作为协办，而不是主办
option-assisting = 协办单位；可以多次给出
option-basis = 规则或法律依据
option-by = 谁说的：经办人的姓名或工号
option-callback-result = 市民的意见
option-channel = 诉求来自哪个渠道
option-confirm = 认可解释
option-days = 某单位任务的工作日数；可以多次给出
option-decline = 不同意提请
option-evidence = 佐证材料；其名称和 SHA-256 记录在案，文件留在原处；可多次给出
option-default = 默认：{ $default }
option-description = 市民所说的内容；- 表示从标准输入读取
option-district = 区代码
option-dry-run = 只检查文件，不开办
option-failed = 没有落实
option-gateway-host = 监听的地址
option-gateway-port = 网关的端口；0 表示任意空闲端口
option-grounds = 提请理由
option-help = 显示本页
option-import-limit = 最多开办多少件
option-lang = 语言
option-lead = 主办单位，用于有人比名录更清楚的时候
option-limit = 最多列出多少行
option-limit-days = 整改的工作日数，用于核查工单
option-legal-basis = 核查工单：认定违法的法律依据
option-mapping = 各列的含义
option-matter = 事项代码
option-meeting-lead = 今后主办的单位
option-members = 参会单位，用逗号分隔
option-minutes = 会议纪要摘要
option-name = 市民的姓名
option-nature = 诉求的性质；不填则按事项
option-no-conclusion = 各单位没有达成一致
option-of-department = 只列出该单位有过工单的办件
option-of-district = 只列出该区的单位
option-of-matter = 只列出办理该事项的单位
option-output = text 给人看，json 给程序用
option-own-department = 说话的单位
option-passed = 已经落实
option-phone = 市民的电话
option-place = 地点的文字说明
option-policy = 新办件采用的时限规则：随附的名称，或文件
option-repair = 重放事实以修复；台账条目一概不改
option-reason = 原因
option-reference = 诉求在来源系统里的编号；同一编号不会重复开办
option-refuse = 不认可解释
option-remark = 所见或所说
option-reported-at = 市民反映的时间；不写时差则为北京时间
option-required = 必填
option-result = resolved 已解决，或 explained 无法解决并说明原因
option-rung = 只列出处于该阶段的办件
option-state = 内嵌服务器的数据和日志所在的文件夹
option-statement = 做了什么，或为什么做不到
option-status = 只列出该状态的办件
option-street = 街道代码
option-suggests = 应归哪个单位
option-task = 某单位的任务；可以多次给出
option-task-queue = 所服务的任务队列
option-temporal-port = Temporal 的端口
option-temporal-ui-port = Temporal 网页的端口
option-to = 升到哪个阶段；不填则为下一个
option-urgency = 紧急程度；不填则按事项
option-variable = 环境变量：{ $variable }
