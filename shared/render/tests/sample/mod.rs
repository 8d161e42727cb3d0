//! Stories to tell.

use jiff::Timestamp;
use model::{
    Actor, ActorKind, Cause, Culprit, Direction, EventRef, Evidence, Finding, FindingId, Gravity, Item, Life,
    Manual, Mode, Opening, Phase, Plan, Ports, Refusal, Resolution, Resource, Severity, Source, State, Step,
    Traffic, Undecided, Untrusted, Violation, Wait, Work,
};
use render::Story;

/// A story that owns its parts.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) finding: Finding,
    pub(crate) life: Life,
    pub(crate) evidence: Evidence,
}

impl Told {
    pub(crate) fn story(&self) -> Story<'_> {
        Story { finding: &self.finding, life: &self.life, evidence: &self.evidence, digest: false }
    }

    pub(crate) fn in_state(mut self, state: State) -> Self {
        self.life = Life { state, version: 5, ..self.life };
        self
    }
}

pub(crate) fn line(id: &str, traffic: Traffic, net: &str, description: Option<&str>) -> Item {
    Item::Opening(Opening {
        rule: Some(id.parse().unwrap()),
        direction: Direction::Ingress,
        traffic,
        source: Source::Net(net.parse().unwrap()),
        description: description.map(Untrusted::from),
    })
}

pub(crate) fn tcp(port: u16) -> Traffic {
    Traffic::Tcp(Ports::new(port, port).unwrap())
}

pub(crate) fn violation(
    rule: &str,
    title: &str,
    severity: Severity,
    message: &str,
    instead: &str,
) -> Violation {
    Violation {
        rule: rule.parse().unwrap(),
        title: title.to_owned(),
        severity,
        asked: Mode::Revert,
        granted: Mode::Revert,
        reverter: Some("security-group-rules".parse().unwrap()),
        message: message.into(),
        instead: instead.to_owned(),
        culprits: vec![0],
        holds: false,
        waived: None,
    }
}

/// SSH opened to the world beside a legitimate line; nothing done yet.
pub(crate) fn ssh() -> Told {
    let resource = Resource {
        account: "111122223333".parse().unwrap(),
        region: "eu-west-3".parse().unwrap(),
        service: "ec2".parse().unwrap(),
        id: "sg-0a1b2c3d4e5f60718".into(),
    };
    let event = EventRef {
        id: "6f1d4f2c-0b1e-4c5d-9a3b-2f6a7c8d9e0f".parse().unwrap(),
        source: "ec2.amazonaws.com".to_owned(),
        name: "AuthorizeSecurityGroupIngress".to_owned(),
        time: at("2026-11-20T10:12:13Z"),
    };
    let world = line("sgr-0a1", tcp(22), "0.0.0.0/0", Some("temporary"));
    let finding = Finding {
        id: FindingId::of(&resource, event.id.as_str()),
        resource,
        cause: Cause::Event(event),
        actor: Actor { kind: ActorKind::Role, name: "deployer/zoe".into(), ..Actor::unknown() },
        violations: vec![violation(
            "ec2-sg-ssh-open",
            "SSH opened to the internet",
            Severity::Critical,
            "port 22 of sg-0a1b2c3d4e5f60718 opened to 0.0.0.0/0 by deployer/zoe",
            "Use Session Manager, or name the network you come from (`operator_cidrs`).",
        )],
        undecided: vec![],
        culprits: vec![Culprit { item: world, prior: None }],
        neighbours: vec![line("sgr-0b2", tcp(443), "198.51.100.0/24", None)],
        pack: "0a1b2c3d4e5f".to_owned(),
        opened_at: at("2026-11-20T10:12:20Z"),
    };
    Told {
        finding,
        life: Life::born(at("2026-11-20T10:12:20Z"), Gravity::default()),
        evidence: Evidence::default(),
    }
}

/// The same, once AWS answered.
pub(crate) fn reverted() -> Told {
    let mut told = ssh().in_state(State::Verifying { reads: 0, absences: 0 });
    told.life.acted = true;
    told.evidence = evidence(&told.finding);
    told
}

fn evidence(finding: &Finding) -> Evidence {
    let takes_back: Vec<Item> = finding
        .culprits_at(Mode::Revert, &Life::born(finding.opened_at, Gravity::default()))
        .into_iter()
        .map(|culprit| culprit.item)
        .collect();
    let ids: Vec<String> = takes_back.iter().filter_map(|item| item.id().map(str::to_owned)).collect();
    let rules = ids.iter().map(|id| id.parse().unwrap()).collect();
    let step = Step::RevokeIngress { group: "sg-0a1b2c3d4e5f60718".parse().unwrap(), rules };
    Evidence { plan: Some(Plan { steps: vec![step], takes_back }), removed: ids, ..Evidence::default() }
}

/// Everything opened by one line: four rules, one finding; one of them may only tell.
pub(crate) fn four_rules() -> Told {
    let mut told = ssh();
    let rule = |id: &str, title: &str, severity| {
        violation(
            id,
            title,
            severity,
            "everything opened to ::/0 by deployer/zoe",
            "Open the ports that are needed.",
        )
    };
    told.finding.culprits =
        vec![Culprit { item: line("sgr-0c3", Traffic::Everything, "::/0", None), prior: None }];
    told.finding.neighbours.clear();
    told.finding.violations = vec![
        rule("ec2-sg-all-traffic-open", "All traffic opened to the internet", Severity::Critical),
        rule("ec2-sg-ssh-open", "SSH opened to the internet", Severity::Critical),
        rule("ec2-sg-high-risk-ports-open", "Databases and desktops opened to the internet", Severity::High),
        Violation {
            granted: Mode::Notify,
            ..rule("ec2-sg-monitoring-ports-open", "Monitoring opened to the internet", Severity::Medium)
        },
    ];
    told.evidence = evidence(&told.finding);
    told.life.acted = true;
    told.in_state(State::Reverted)
}

pub(crate) fn awaiting() -> Told {
    let mut told = ssh();
    told.finding.actor.invoked_by = Some("cloudformation.amazonaws.com".into());
    told.in_state(State::Awaiting(Wait::Breaker))
}

pub(crate) fn manual_denied() -> Told {
    let mut told = ssh();
    told.life.acted = true;
    told.evidence = Evidence {
        obstacle: Some("ec2:RevokeSecurityGroupIngress is not allowed".into()),
        ..evidence(&told.finding)
    };
    told.evidence.removed.clear();
    told.in_state(State::Manual(Manual::Denied))
}

pub(crate) fn manual_told() -> Told {
    let mut told = ssh();
    told.finding.violations[0].granted = Mode::Notify;
    told.in_state(State::Manual(Manual::Told))
}

pub(crate) fn imprecise() -> Told {
    let mut told = ssh();
    told.evidence.refusal = Some(Refusal::Imprecise {
        why: "what sgr-0a1 held before is not known".into(),
        by_hand: "Set sgr-0a1 of sg-0a1b2c3d4e5f60718 to what it held before.".into(),
    });
    told.in_state(State::Manual(Manual::Imprecise))
}

pub(crate) fn undecided() -> Told {
    let mut told = ssh();
    told.finding.violations.clear();
    told.finding.culprits.clear();
    told.finding.undecided = vec![undecided_rule("`request` has no field `cidrIp`")];
    told.in_state(State::Manual(Manual::Undecided))
}

fn undecided_rule(reason: &str) -> Undecided {
    serde_json::from_value(serde_json::json!({
        "rule": "ec2-sg-ssh-open", "severity": "critical", "granted": "revert", "reason": reason,
    }))
    .unwrap()
}

/// A finding with far more of everything than a message can hold.
pub(crate) fn crowded() -> Told {
    let mut told = reverted();
    let long = "&".repeat(1_000);
    let mut item = line("sgr-0d4", Traffic::Everything, "0.0.0.0/0", Some(&long));
    let Item::Opening(opening) = &mut item else { panic!("not an opening") };
    opening.source = Source::Group { group: long.as_str().into(), account: None };
    let other = |at: usize| {
        let mut item = item.clone();
        let Item::Opening(opening) = &mut item else { panic!("not an opening") };
        opening.rule = Some(format!("sgr-{at:x}").parse().unwrap());
        Culprit { item, prior: None }
    };
    let one = violation("ec2-sg-ssh-open", &"T".repeat(500), Severity::High, &long, &"&".repeat(5_000));
    told.finding.violations =
        (0..30).map(|at| Violation { instead: format!("{at}{}", one.instead), ..one.clone() }).collect();
    told.finding.neighbours = vec![item.clone(); 500];
    told.finding.culprits = (1..500).map(other).collect();
    told.evidence.plan.as_mut().unwrap().takes_back = vec![item.clone(); 500];
    told.evidence.removed = vec![long.clone(); 500];
    told.evidence.removed.push("sgr-0d4".into());
    told.finding.actor.name = long.as_str().into();
    told.life.approval =
        Some(model::Approval { by: long.as_str().into(), at: told.finding.opened_at, of: Vec::new() });
    told
}

/// One text in every place that somebody outside can write to.
pub(crate) fn hostile(text: &str) -> Told {
    let mut told = reverted();
    for (_, place) in PLACES {
        place(&mut told, text);
    }
    told
}

type Place = fn(&mut Told, &str);

/// Where text from outside can stand.
pub(crate) const PLACES: &[(&str, Place)] = &[
    ("actor", |told, text| told.finding.actor.name = text.into()),
    ("invoked by", |told, text| told.finding.actor.invoked_by = Some(text.into())),
    ("call", |told, text| {
        let Cause::Event(event) = &mut told.finding.cause else { panic!("no event") };
        text.clone_into(&mut event.name);
    }),
    ("resource", |told, text| told.finding.resource.id = text.into()),
    ("message", |told, text| told.finding.violations[0].message = text.into()),
    ("description", |told, text| {
        let Item::Opening(opening) = &mut told.finding.neighbours[0] else { panic!("not an opening") };
        opening.description = Some(text.into());
    }),
    ("group", |told, text| {
        let Item::Opening(opening) = &mut told.finding.neighbours[0] else { panic!("not an opening") };
        opening.source = Source::Group { group: text.into(), account: None };
    }),
    ("undecided reason", |told, text| told.finding.undecided = vec![undecided_rule(text)]),
    ("approver", |told, text| {
        told.life.approval =
            Some(model::Approval { by: text.into(), at: at("2026-11-20T10:15:00Z"), of: Vec::new() });
    }),
    ("removed", |told, text| told.evidence.removed.push(text.to_owned())),
    ("tag", |told, text| {
        told.life.acted = false;
        told.life.state = State::Manual(Manual::Protected);
        told.evidence.refusal = Some(Refusal::Protected { mark: text.into() });
    }),
    ("obstacle", |told, text| {
        told.life.state = State::Manual(Manual::Denied);
        told.evidence.obstacle = Some(text.to_owned());
    }),
    ("by hand", |told, text| {
        told.life.state = State::Manual(Manual::Imprecise);
        told.evidence.refusal = Some(Refusal::Imprecise { why: text.to_owned(), by_hand: text.to_owned() });
    }),
];

/// Every state there is.
pub(crate) fn every_state() -> Vec<State> {
    let waits = [Wait::Approve, Wait::Breaker, Wait::Kill, Wait::Late, Wait::Returned, Wait::BlastRadius];
    let manuals = [
        Manual::Told,
        Manual::Undecided,
        Manual::Fight,
        Manual::Exhausted,
        Manual::Protected,
        Manual::Imprecise,
        Manual::Denied,
        Manual::NotObservable,
        Manual::NotConfirmed,
        Manual::Stands,
        Manual::Expired,
        Manual::Collateral,
    ];
    let mut states = vec![
        State::Open,
        State::Queued(Work::Revert),
        State::Queued(Work::Confirm),
        State::Reverting(Phase::Claimed),
        State::Reverting(Phase::Armed),
        State::Verifying { reads: 0, absences: 0 },
        State::Waived,
        State::Acked,
        State::Observed { unconfirmed: false },
        State::Observed { unconfirmed: true },
        State::Reverted,
        State::Resolved(Resolution::Compliant),
        State::Resolved(Resolution::Closed),
        State::Resolved(Resolution::Told),
    ];
    states.extend(waits.map(State::Awaiting));
    states.extend(manuals.map(State::Manual));
    states
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}
