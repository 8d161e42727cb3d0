//! Who does what in a run: developers, tools, emergencies, an attacker, and the people who decide.

use super::core::{Core, HOUR, MINUTE, Millis, SECOND, What};
use super::faults::{Fault, Faults};
use super::variant::ACCOUNTS;
use fastrand::Rng;
use model::{Direction, FindingId, GroupId, GroupRuleId, Opening, Ports, Source, Traffic};

/// 2026-11-24T09:00:00Z.
pub(crate) const START: Millis = 1_795_510_800 * SECOND;

/// Something that somebody does.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    Open,
    Modify,
    Remove,
    Readd,
    Reverse,
    DeleteGroup,
    Terraform {
        group: GroupId,
        line: Opening,
        rounds: u32,
    },
    Flood,
    Aside,
    Poison,
    /// Somebody changes this line, whatever it is by then.
    Touch(GroupId, GroupRuleId),
    /// Somebody takes this line away and makes it again.
    Remake(GroupId, GroupRuleId),
    Approve {
        finding: Option<FindingId>,
        stale: bool,
    },
    Waive(Option<FindingId>),
    Acknowledge,
    Close,
    Undo(Option<FindingId>),
    Kill(bool),
    /// The message of a doorbell is lost together with its repair: rung once more for nothing.
    Rest,
}

/// How much of each kind of act a run has, and when faults last for a while.
#[derive(Debug, Default)]
pub(crate) struct Script {
    acts: Vec<(u32, Act)>,
    /// How likely somebody meddles with what gardefou is about to do, one in so many; 0: nobody does.
    pub(crate) racy: u32,
    /// How likely people decide something at once.
    pub(crate) hasty: u32,
    pub(crate) length: Millis,
    pub(crate) events: u32,
    /// What the trail remembers is compared a day later.
    pub(crate) late_night: bool,
    /// Timers of days are waited for as well.
    pub(crate) long: bool,
    episodes: Vec<Episode>,
}

#[derive(Debug)]
struct Episode {
    fault: Fault,
    of: String,
    from: Millis,
    to: Millis,
}

impl Script {
    pub(crate) fn swarm(rng: &mut Rng, faults: &Faults) -> Self {
        let all = [
            (23, Act::Open),
            (6, Act::Modify),
            (4, Act::Remove),
            (3, Act::Readd),
            (2, Act::Reverse),
            (1, Act::DeleteGroup),
            (3, Act::Aside),
            (8, Act::Approve { finding: None, stale: false }),
            (1, Act::Approve { finding: None, stale: true }),
            (3, Act::Waive(None)),
            (2, Act::Acknowledge),
            (2, Act::Close),
            (2, Act::Undo(None)),
        ];
        let mut acts = Vec::new();
        for (weight, act) in all {
            let on = rng.u32(0..100) < 75 || matches!(act, Act::Open);
            if on {
                acts.push((weight * rng.u32(1..4), act));
            }
        }
        let length = rng.i64(HOUR..3 * HOUR);
        let racy = [0, 12, 5, 2].get(rng.usize(0..4)).copied().unwrap_or_default();
        let hasty = [0, 12, 5, 3].get(rng.usize(0..4)).copied().unwrap_or_default();
        let (events, long, late_night) = (rng.u32(32..96), rng.u32(0..4) == 0, rng.u32(0..4) == 0);
        let episodes = episodes(rng, faults, length);
        Self { acts, racy, hasty, length, events, late_night, long, episodes }
    }
}

/// Denials, storms, and channels that are down, each for a while.
fn episodes(rng: &mut Rng, faults: &Faults, length: Millis) -> Vec<Episode> {
    let lasting =
        [(Fault::Ec2Denied, 30), (Fault::Ec2Storm, 120), (Fault::ChannelDown, 60), (Fault::TickOutage, 60)];
    let mut episodes = Vec::new();
    for (fault, minutes) in lasting {
        for _ in 0..3 {
            let (from, lasts) = (rng.i64(0..length), rng.i64(MINUTE..minutes * MINUTE));
            let of = match fault {
                Fault::ChannelDown => super::channels::CHANNELS.get(rng.usize(0..3)).copied(),
                Fault::TickOutage => Some("tick"),
                _ => ACCOUNTS.get(rng.usize(0..3)).copied(),
            };
            let drawn = rng.u16(0..1_000);
            if let Some(of) = of.filter(|_| drawn < faults.rate(fault)) {
                let from = START + from;
                episodes.push(Episode { fault, of: of.to_owned(), from, to: from + lasts });
            }
        }
    }
    episodes
}

/// One source's traffic. `None`: that is no network or no range.
pub(crate) fn content(
    protocol: &str,
    first: u16,
    last: u16,
    net: &str,
    direction: Direction,
) -> Option<Opening> {
    let ports = Ports::new(first, last).ok()?;
    let traffic = match protocol {
        "tcp" => Traffic::Tcp(ports),
        "udp" => Traffic::Udp(ports),
        _ => Traffic::Everything,
    };
    Some(Opening {
        rule: None,
        direction,
        traffic,
        source: Source::Net(net.parse().ok()?),
        description: None,
    })
}

pub(crate) type Written = (&'static str, u16, u16, &'static str);

/// What a call of a developer opens: mostly what must not be.
pub(crate) const OPENINGS: [&[Written]; 14] = [
    &[("tcp", 22, 22, "0.0.0.0/0")],
    &[("tcp", 22, 22, "0.0.0.0/0"), ("tcp", 443, 443, "203.0.113.0/24")],
    &[("tcp", 22, 22, "::/0")],
    &[("tcp", 22, 22, "0.0.0.0/1"), ("tcp", 22, 22, "128.0.0.0/1")],
    &[("all", 0, 65_535, "0.0.0.0/0")],
    &[("tcp", 3389, 3389, "0.0.0.0/0")],
    &[("tcp", 20, 30, "0.0.0.0/0"), ("tcp", 8443, 8443, "198.51.100.0/24")],
    &[("tcp", 22, 22, "203.0.113.0/24")],
    &[("tcp", 22, 22, "0.0.0.0/0"), ("tcp", 22, 22, "203.0.113.64/26")],
    &[("tcp", 8080, 8080, "0.0.0.0/0")],
    &[("tcp", 9090, 9090, "0.0.0.0/0")],
    &[("tcp", 80, 80, "0.0.0.0/0")],
    &[("tcp", 5432, 5432, "192.0.2.0/24")],
    &[("udp", 161, 161, "198.51.100.0/25")],
];

impl Core {
    /// No tick is started for the next 45 minutes.
    pub(crate) fn outage(&mut self) {
        let (from, to) = (self.now, self.now + 45 * MINUTE);
        self.script.episodes.push(Episode { fault: Fault::TickOutage, of: "tick".to_owned(), from, to });
    }

    pub(crate) fn in_episode(&mut self, fault: Fault, of: &str) -> bool {
        let now = self.now;
        let within = |one: &Episode| one.fault == fault && one.of == of && (one.from..one.to).contains(&now);
        let on = !self.calm && self.script.episodes.iter().any(within);
        if on {
            self.happened(fault);
        }
        on
    }

    /// All that is known from the start of what people will do.
    pub(crate) fn plan_acts(&mut self) {
        let (length, events) = (self.script.length, self.script.events);
        let total: u32 = self.script.acts.iter().map(|(weight, _)| weight).sum();
        for _ in 0..events {
            let at = self.rng.i64(0..length);
            let mut drawn = self.rng.u32(0..total.max(1));
            let act = self.script.acts.iter().find(|(weight, _)| {
                let hit = drawn < *weight;
                drawn = drawn.saturating_sub(*weight);
                hit
            });
            if let Some((_, act)) = act.cloned() {
                self.at(START + at, What::Act(act));
            }
        }
        for (of_ten, act) in [(3, Act::Flood), (3, Act::Poison)] {
            let at = self.rng.i64(0..length);
            if self.rng.u32(0..10) < of_ten {
                self.at(START + at, What::Act(act));
            }
        }
        if self.rng.u32(0..10) < 3 {
            let (at, lasts) = (self.rng.i64(0..length), self.rng.i64(MINUTE..20 * MINUTE));
            self.at(START + at, What::Act(Act::Kill(true)));
            self.at(START + at + lasts, What::Act(Act::Kill(false)));
        }
        if self.rng.u32(0..10) < 4 {
            self.plan_terraform();
        }
    }

    fn plan_terraform(&mut self) {
        let (at, rounds) = (self.rng.i64(0..self.script.length), self.rng.u32(3..10));
        let group = self.some_group();
        let line = self.some_lines().and_then(|lines| lines.first().cloned());
        if let (Some(group), Some(line)) = (group, line) {
            self.at(START + at, What::Act(Act::Terraform { group, line, rounds }));
        }
    }
}
