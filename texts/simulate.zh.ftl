# liandong department simulate 的文字。

help-department-simulate = 以进程模拟单位：通过 HTTP 接收工单并答复，可守规矩，也可不守。供试用，也供各单位开发自己一侧时参照。
argument-departments = 单位代码；可同时模拟多个
option-simulate-all = 名录中的全部单位
option-secret = 该单位的密钥（轮换期间可给两个）；不给则取密钥表中的
option-simulate-host = 监听地址
option-simulate-port = 监听端口；0 表示任选空闲端口
option-simulate-gateway = 网关地址；不给则用工单上印的地址
option-conduct = 行为方式
option-simulate-seed = 各种决定由它推出
option-within = 守规矩的单位办一张工单用多久
option-register = 运行期间把地址登记到名录
option-for = 到时停止：90s、10m、2h；不给则直到 Ctrl-C

simulating = { $departments } 个单位在 { $url }/departments/CODE 应答（{ $conduct }）。按 Ctrl-C 结束。
simulating-private = { $host } 不是公网地址：只有工作进程的 LIANDONG_ALLOWED_NETWORKS 放行，工单才会到这里。
column-received = 收到
column-taken = 已受理
column-overtaken = 已过时
column-rightly-refused = 理应拒绝
column-unheard = 无回音
column-wrong = 有误

error-input-length = { $value } 不是时长；请写成 90s、10m 或 2h。
error-secret-malformed = 密钥形如 whsec_ 加 base64，由 liandong department key show CODE 给出。
error-secret-of-one = --secret 只属于一个单位：请只写一个 CODE。
