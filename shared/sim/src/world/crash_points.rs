//! Every handler, killed at each of its port calls, before it is applied and after: what it was for comes to its end.

use super::core::{Core, MINUTE, Start, What};
use super::ec2::Who;
use super::faults::{Fault, Faults};
use super::run::Sim;
use super::script::{Act, START, content};
use super::variant::Variant;
use engine::FindingRecord;
use fastrand::Rng;
use model::{Direction, GroupId, Manual, State};

/// A canonical story, in which one invocation dies.
struct Story {
    name: &'static str,
    /// Whose invocation, after so many others of its kind.
    of: (&'static str, u32),
    variant: usize,
    play: fn(&mut Sim),
    ends: fn(&Core) -> bool,
}

/// How many points there were, and where the end was wrong.
#[derive(Debug, Default)]
pub struct CrashPoints {
    pub points: u32,
    /// By story.
    pub stories: Vec<(&'static str, u32)>,
    pub wrong: Vec<String>,
}

const REVERTED: &str = "sg-10000000000000000";
const APPROVED: &str = "sg-20000000000000000";

const STORIES: [Story; 12] = [
    Story { name: "evaluate", of: ("evaluate", 0), variant: 0, play: opened, ends: reverted },
    Story { name: "evaluate, an echo", of: ("evaluate", 1), variant: 0, play: opened, ends: reverted },
    Story { name: "revert, acting", of: ("revert", 0), variant: 0, play: opened, ends: reverted },
    Story { name: "revert, the first read", of: ("revert", 1), variant: 0, play: opened, ends: reverted },
    Story { name: "revert, the second read", of: ("revert", 2), variant: 0, play: opened, ends: reverted },
    Story { name: "notify", of: ("notify", 0), variant: 0, play: opened, ends: reverted },
    Story { name: "notify, the end", of: ("notify", 1), variant: 0, play: opened, ends: reverted },
    Story { name: "sweep, present state", of: ("sweep", 0), variant: 3, play: unheard, ends: reverted },
    Story { name: "sweep, a timer", of: ("sweep", 0), variant: 1, play: waits, ends: expired },
    Story { name: "a person approves", of: ("person", 0), variant: 1, play: approved, ends: reverted },
    Story { name: "a person waives", of: ("person", 0), variant: 1, play: waived, ends: stands },
    Story { name: "a person undoes", of: ("person", 0), variant: 0, play: undone, ends: put_back },
];

/// Runs them all.
pub fn crash_points(variants: &[Variant]) -> CrashPoints {
    let mut all = CrashPoints::default();
    for story in &STORIES {
        let Some(variant) = variants.get(story.variant) else { continue };
        let mut points = 0;
        loop {
            match played(story, variant, points + 1) {
                Played::Through => break,
                Played::Well => {}
                Played::Badly(end) => {
                    all.wrong.push(format!("{} killed at {}: {end}", story.name, points + 1));
                }
            }
            points += 1;
        }
        all.points += points;
        all.stories.push((story.name, points));
    }
    all
}

/// How a story ended whose handler was to be killed at a point.
enum Played {
    /// The invocation was through before.
    Through,
    Well,
    Badly(String),
}

fn played(story: &Story, variant: &Variant, point: u32) -> Played {
    let mut core = Core::new(Rng::with_seed(1), Faults::default(), variant.clone(), false);
    core.calm = true;
    // Nothing else is there to be seen.
    let ours = |id: &GroupId| [REVERTED, APPROVED].contains(&id.as_str());
    core.ec2.groups.retain(|id, _| ours(id));
    core.ec2.past.retain(|interval| ours(&interval.group));
    core.planned_crash = Some((story.of.0, story.of.1, point));
    core.after(MINUTE, What::Tick);
    let mut sim = Sim::new(core);
    (story.play)(&mut sim);
    let mut core = sim.world().lock();
    if !core.fired.contains_key(&Fault::Crash) {
        return Played::Through;
    }
    core.end();
    let broken =
        core.violations.first().map(|violation| format!("{} {}", violation.invariant, violation.what));
    let wrong = (!(story.ends)(&core)).then(|| format!("{:?}", states(&core)));
    broken.or(wrong).map_or(Played::Well, Played::Badly)
}

fn open(sim: &Sim, group: &str) {
    let mut core = sim.world().lock();
    let line = content("tcp", 22, 22, "0.0.0.0/0", Direction::Ingress);
    if let (Ok(group), Some(line)) = (group.parse::<GroupId>(), line) {
        // A refusal shows in how the story ends.
        let _ = core.authorize(&group, &[line], &Who::Developer);
    }
}

fn person(sim: &mut Sim, act: Act, until: i64) {
    sim.world().lock().starts.push(Start::Person(act));
    sim.until(START + until * MINUTE);
}

fn opened(sim: &mut Sim) {
    open(sim, REVERTED);
    sim.until(START + 20 * MINUTE);
}

fn unheard(sim: &mut Sim) {
    sim.world().lock().deaf = true;
    open(sim, APPROVED);
    sim.world().lock().after(MINUTE, What::Present);
    sim.until(START + 45 * MINUTE);
}

fn waits(sim: &mut Sim) {
    open(sim, APPROVED);
    sim.until(START + 45 * MINUTE);
}

/// Who hears nothing does it again.
fn approved(sim: &mut Sim) {
    open(sim, APPROVED);
    sim.until(START + 2 * MINUTE);
    person(sim, Act::Approve { finding: None, stale: false }, 4);
    person(sim, Act::Approve { finding: None, stale: false }, 20);
}

fn waived(sim: &mut Sim) {
    open(sim, APPROVED);
    sim.until(START + 2 * MINUTE);
    person(sim, Act::Waive(None), 3);
    person(sim, Act::Waive(None), 6);
}

fn undone(sim: &mut Sim) {
    open(sim, REVERTED);
    sim.until(START + 3 * MINUTE);
    person(sim, Act::Undo(None), 4);
    person(sim, Act::Undo(None), 6);
}

fn states(core: &Core) -> Vec<State> {
    let records = core.table.findings().filter_map(|(_, item)| FindingRecord::try_from(item).ok());
    records.map(|record| record.life.state).collect()
}

fn all(core: &Core, is: fn(State) -> bool) -> bool {
    let states = states(core);
    !states.is_empty() && states.into_iter().all(is)
}

fn open_lines(core: &Core) -> usize {
    let world = |line: &&model::Opening| line.source == model::Source::Net(ipnet::Ipv4Net::default().into());
    core.ec2.groups.keys().map(|id| core.ec2.lines(id).iter().filter(world).count()).sum()
}

fn reverted(core: &Core) -> bool {
    all(core, |state| state == State::Reverted) && open_lines(core) == 0
}

fn expired(core: &Core) -> bool {
    all(core, |state| state == State::Manual(Manual::Expired)) && open_lines(core) == 1
}

fn stands(core: &Core) -> bool {
    all(core, |state| state == State::Waived) && open_lines(core) == 1
}

fn put_back(core: &Core) -> bool {
    all(core, |state| matches!(state, State::Reverted | State::Waived)) && open_lines(core) == 1
}
