"""Three told cases: the blocked gate, the rooftop shed, and the illegal building that climbs the whole ladder."""

from dataclasses import dataclass

from demo.plans import Conduct, Manner, Plan
from domain.citizen import Citizen
from domain.demand import Channel, Urgency
from domain.intake import NewDemand
from domain.ladder import Rung


@dataclass(frozen=True)
class Story:
    """A case with its people; ``name`` is the key of its title among the texts."""

    name: str
    demand: NewDemand
    plan: Plan


BLOCKED_GATE = Story(
    "demo-story-gate",
    NewDemand(
        reference="demo:blocked-gate",
        matter="blocked-gate",
        urgency=Urgency.DANGER,
        district="460106",
        street="460106003",
        place="金贸街道某小区北门",
        description="晚上十点半，两辆车把小区大门堵死，消防车也进不来。",
        citizen=Citizen(phone="0898-00000000"),
    ),
    Plan(conduct={Rung.DISPATCH: Conduct(acknowledges=0.2, replies=0.8)}),
)

ROOFTOP_SHED = Story(
    "demo-story-shed",
    NewDemand(
        reference="demo:rooftop-shed",
        channel=Channel.GRID,
        matter="rooftop-shed",
        district="460106",
        street="460106001",
        place="中山街道某居民楼楼顶",
        department="longhua-urban-mgmt",
        assisting=("street-460106001", "longhua-justice"),
        description="楼顶违规搭建的铁皮棚年久失修，随时可能坠落，业主置之不理。",
    ),
    Plan(conduct={Rung.DISPATCH: Conduct(acknowledges=0.5, replies=4.0)}),
)

ILLEGAL_BUILDING = Story(
    "demo-story-building",
    NewDemand(
        reference="demo:illegal-building",
        matter="illegal-building",
        district="460108",
        street="460108005",
        place="人民街道某村",
        description="有人无证加盖三层楼房，多次反映一直没人处理。",
    ),
    Plan(
        conduct={
            Rung.DISPATCH: Conduct(Manner.SILENT),
            Rung.SUPERVISED: Conduct(Manner.LATE),
            Rung.REFERRAL: Conduct(limit_days=5),
        },
        concludes=False,
    ),
)

STORIES = (BLOCKED_GATE, ROOFTOP_SHED, ILLEGAL_BUILDING)
