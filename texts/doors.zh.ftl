## 往来单位：回传、密钥、令牌、网关

callback-kind-acknowledge = 签收
callback-kind-progress = 进展
callback-kind-reply = 答复
callback-kind-return = 退单
callback-kind-extension = 延期申请

callback-outcome-kept = 已留存，尚未交给办件
callback-outcome-accepted = 已接受
callback-outcome-late = 迟到，已留存
callback-outcome-refused = 被拒绝
callback-outcome-after-closing = 办结后收到，按迟到留存

token-kind-clerk = 单位经办人
token-kind-client = 市民渠道
token-kind-grid = 网格员

command-progress = 报告进展
command-note-undelivered = 记下单位系统未接收工单

fact-kind-order-progress = 进展
fact-kind-order-undelivered = 单位系统未接收，已留在其收件箱

said-acknowledge = 工单 { $order } 已签收。
said-progress = 工单 { $order } 的进展已记录；时限不变。
said-reply = 工单 { $order } 的答复按时收到。
said-return = 工单 { $order } 已退单。
said-extension = 工单 { $order } 已延期，仅此一次。
said-late = 工单 { $order } 的{ $kind }迟到；予以留存和显示，但不作决定依据。
said-kept = 工单 { $order } 的{ $kind }已留存；引擎暂时不在，恢复后即交给办件。
said-after-closing = 工单 { $order } 的{ $kind }在办结之后收到；按迟到留存和显示。
said-before = 工单 { $order } 的同一{ $kind }以前已收到（{ $outcome }）；什么也没有改变。

left-in-inbox = 在收件箱中，因为单位系统未接收
endpoint-is = { $department } 在 { $url } 接收工单，同时最多 { $concurrency } 件；{ $minutes } 分钟内未接收的留在其收件箱。
endpoint-none = { $department } 没有自己的系统；工单在其收件箱中等候。
key-is = 密钥 { $serial }（{ $until }）：{ $secret }
key-in-force = 现用
token-issued = { $holder } 的令牌 { $token }，只显示这一次：
token-revoked-now = 令牌 { $token } 已失效。
no-tokens = 没有发放过令牌。

column-delivery = 送达
column-token = 令牌
column-holder = 持有人
column-issued = 签发
column-revoked = 撤销

error-department-unreachable = { $department } 的系统没有接收工单（{ $reason }）；会再次发送。
error-signature-wrong = 请求不能证明来自所称的单位：请用该单位的密钥对正文签名（Standard Webhooks；liandong department key show 单位代码），并在签名后五分钟内发送。
error-not-authenticated = 请求没有说明来自何人；请带上签名或令牌（liandong token issue）。
error-token-needed = 查看须用经办人令牌（liandong token issue --kind clerk）；签名只用于回传。
error-token-revoked = 该令牌已撤销；需要新的令牌（liandong token issue）。
error-token-opens-another-door = 该令牌用于别处：{ $kind }。
error-token-department = 经办人令牌须指明单位，其他令牌不得指明单位。
error-token-unknown = 没有令牌 { $token }；可用 liandong token list 查看。
error-token-revoked-before = 令牌 { $token } 已于 { $at } 撤销。
error-keys-two-valid = { $department } 已有两个有效密钥；请等旧的失效。可以：{ $allowed }。
error-key-unknown = { $department } 没有有效的密钥 { $serial }；可用 liandong department key show 查看。
error-key-is-the-last = { $department } 没有其他有效密钥；请先换新的。可以：{ $allowed }。
error-media-type-wrong = 正文须为 { $allowed }。
error-body-cut-off = 正文没有传完。
error-body-too-slow = 正文没有在 { $seconds } 秒内传完。
error-not-utf8 = 正文不是 UTF-8 文本。

field-kind = 类别
field-holder = 持有人

reason-contradicts-address = 与地址中的不一致
reason-contradicts-token = 不是令牌的持有人

help-order-progress = 报告目前的进展；时限不变。
help-key = 单位的签名密钥。
help-key-show = 打印有效的密钥。
help-key-rotate = 给单位换新密钥；旧的在一段时间内仍有效。
help-key-revoke = 立即使一个密钥失效。
help-department-endpoint = 查看或设定单位系统的接收地址。
help-token = 经办人、市民渠道和网格员的令牌。
help-token-issue = 发放令牌；只显示一次，系统只留其哈希。
help-token-list = 列出已发放的令牌，新的在前。
help-token-revoke = 立即撤销令牌。
argument-serial = 密钥的编号
argument-token = 令牌编号，见列表
option-callback-id = 单位系统给这次回传的唯一编号；没有编号时，同样的内容视为同一次
option-endpoint-url = 接收工单的地址
option-endpoint-inbox = 单位不再有自己的系统：工单在其收件箱中等候
option-concurrency = 同时最多发送多少件
option-inbox-after = 系统多久未接收，工单即留在收件箱
option-overlap = 旧密钥继续有效多久；0 表示立即失效
option-token-kind = 持有者：单位经办人、市民渠道或网格员
option-token-holder = 工作人员的姓名或工号，或渠道名称
option-token-department = 经办人所在单位

## Open311 接口

open311-above = 正由上级研究如何处理。
open311-answered = 已有答复，热线将回访。
open311-asked = 已交{ $department }办理。
open311-attribute-district = 在哪个区（如果知道）。
open311-attribute-street = 在哪个街道、镇或农场（如果知道）。
open311-attribute-urgency = 紧急程度；正危及生命财产的选“危及安全”。
open311-awaited = { $department }办理中，待：{ $awaited }
open311-choose-one = 从所列的值中选一个。
open311-closed = 已办结：{ $closing }。
open311-escalated = 已升级：{ $rung }
open311-kept = 已留存，一分钟左右转办。
open311-overdue = 已超过时限 { $until }
open311-queued = 由热线话务员确定承办单位。
open311-received = 已受理，正在转办。
open311-resting = 时限暂停至 { $until }
