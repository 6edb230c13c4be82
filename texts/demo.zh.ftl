# 演示所用的文字。

help-demo = 一分钟看一座城：三个故事和一批真实诉求走完整个升级阶梯；演示规则中一个工作日只有一秒。使用单独的状态目录，结束后不留任何进程。
option-cases = 除三个故事外的办件数
option-seed = 单位和市民的行为由它抽取
demo-ready = 已运行。演示期间可打开 Temporal 自己的网页：{ $ui }
demo-headline = 已开 { $opened }/{ $expected } 件，已办结 { $closed } 件，到时触发 { $escalations } 次
demo-column-rung = 到达的最高阶段
demo-column-closing = 办结方式
demo-column-cases = 件数
demo-open = 未办结
demo-done = { $cases } 件诉求已走完，用时 { $seconds } 秒（{ $source ->
    [pingshan] 坪山热线真实办件和三个故事
   *[other] 项目自编样例和三个故事
  }）。
demo-story-gate = 堵门：晚上十点半，车辆堵住小区大门，半小时内解决。
demo-story-shed = 楼顶铁皮棚：网格员上报，街道、司法所、城管并肩处置。
demo-story-building = 违建：没人动，直到走完五个阶段。
demo-story = { $title } → { $case }：{ $closing }，最高阶段 { $rung }
demo-lateness = 到时升级 { $number } 次：中位迟 { $median } 毫秒，最差 { $worst } 毫秒。
demo-delivery = 首张工单 { $number } 张：从受理到单位中位 { $median } 毫秒，最差 { $worst } 毫秒。
demo-trail = 一路升级的办件 { $case }，从第一条到最后一条：
demo-ledger = 台账已校验：{ $cases } 件共 { $entries } 条，每条链均已重算。
demo-unaccounted = 下落不明：{ $case }
demo-problem = 有误：{ $problem }
demo-sound = 每一件都有下落。
demo-unsound = 并非每一件都有下落。
demo-next = 接下来可以输入：
      LIANDONG_STATE={ $state } { $program } up          再次启动同一套系统，然后在另一个终端：
      LIANDONG_STATE={ $state } { $program } case list
      LIANDONG_STATE={ $state } { $program } case trail demo-illegal-building
      LIANDONG_STATE={ $state } { $program } ledger verify
error-demo-state-taken = { $path } 已存在，且不是演示目录，未作改动。请用 --state 另指位置。
