//! The simulation as a command: runs seeds, prints figures, and the story of what broke.

use crate::coverage;
use crate::world::{Campaign, Failure, Fault, Line, Options, Variant, crash_points, minimise, run, variants};
use clap::Parser;
use model::planted::Bug;
use std::collections::BTreeMap;
use std::io::Write;
use std::process::ExitCode;
use std::time::Instant;

/// Seeds that once found something: always run.
const REGRESSIONS: &str = include_str!("../regressions.txt");
/// A planted fault is looked for in so many seeds.
const PLANTED_SEEDS: u64 = 2_000;
/// So many of the last lines of a story are told.
const LAST_LINES: usize = 60;
const SECONDS_MAX: u64 = 120;
const REVERTS_MIN: u64 = 20_000;

#[derive(Debug, Parser)]
#[command(name = "sim", about = "The production handlers over a simulated AWS, in virtual time")]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag of the command line")]
struct Asked {
    /// FROM..TO
    #[arg(long, default_value = "0..2000", value_parser = seeds)]
    seeds: (u64, u64),
    #[arg(long, default_value_t = 2)]
    jobs: usize,
    /// Prints the whole story of each seed.
    #[arg(long)]
    trace: bool,
    /// Looks for each of the planted faults (needs the feature `planted`).
    #[arg(long)]
    planted: bool,
    /// One of them.
    #[arg(long)]
    bug: Option<String>,
    /// Kills each handler at each of its port calls.
    #[arg(long)]
    crash_points: bool,
    /// Prints how often each fault happened and each move was seen.
    #[arg(long)]
    census: bool,
}

fn seeds(text: &str) -> Result<(u64, u64), String> {
    let (from, to) = text.split_once("..").ok_or("seeds are FROM..TO")?;
    let number = |text: &str| text.parse::<u64>().map_err(|error| error.to_string());
    Ok((number(from)?, number(to)?))
}

/// Which promise each planted fault breaks.
pub fn breaks(bug: Bug) -> &'static str {
    match bug {
        Bug::AnswerOnlyCompensation => "I1",
        Bug::WaiverWhileArmed => "I2",
        Bug::ShortLease => "I3",
        Bug::CloseOnFirstAbsent | Bug::ReturnIsSuccess => "I4",
        Bug::AckBeforeWrite | Bug::DedupeByEnvelope | Bug::SeenFirst => "I5",
        Bug::BreakerPerAttempt => "I7",
        Bug::NoFence => "I8",
        Bug::RevokeByContent => "I9",
        Bug::TtlAsTimer => "I11",
    }
}

/// Exit 1 when a promise was broken.
pub fn main(arguments: impl Iterator<Item = String>) -> ExitCode {
    let asked = Asked::parse_from(std::iter::once("sim".to_owned()).chain(arguments));
    let mut out = std::io::stdout().lock();
    match answer(&asked, &mut out) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(out, "{error:#}");
            ExitCode::from(2)
        }
    }
}

fn answer(asked: &Asked, out: &mut impl Write) -> anyhow::Result<bool> {
    let variants = variants()?;
    if asked.crash_points {
        let all = crash_points(&variants);
        for (story, points) in &all.stories {
            writeln!(out, "{points:>4} {story}")?;
        }
        for wrong in &all.wrong {
            writeln!(out, "{wrong}")?;
        }
        writeln!(out, "figure crash_points {} points (goal >= 150)", all.points)?;
        writeln!(out, "figure crash_points_wrong {} points (goal = 0)", all.wrong.len())?;
        return Ok(all.wrong.is_empty());
    }
    if asked.planted {
        return planted(asked, &variants, out);
    }
    if let Some(name) = &asked.bug {
        let bug = Bug::ALL.into_iter().find(|bug| format!("{bug:?}").eq_ignore_ascii_case(name));
        let bug = bug.ok_or_else(|| anyhow::anyhow!("one of {:?}", Bug::ALL))?;
        return find(bug, asked, &variants, out);
    }
    #[expect(clippy::disallowed_methods, reason = "how long it took is what is measured")]
    let began = Instant::now();
    let mut all: Vec<u64> = (asked.seeds.0..asked.seeds.1).collect();
    if all.len() > 100 {
        all.extend(regressions());
    }
    let campaign = Campaign::run(&all, asked.jobs, &variants, None, false);
    let took = began.elapsed().as_secs();
    report(asked, &campaign, &variants, out)?;
    figures(&campaign, took, out)?;
    Ok(campaign.failures.is_empty())
}

pub fn regressions() -> impl Iterator<Item = u64> {
    let seed = |line: &str| line.split_whitespace().next()?.parse().ok();
    REGRESSIONS.lines().filter(|line| !line.starts_with('#')).filter_map(seed)
}

fn report(
    asked: &Asked,
    campaign: &Campaign,
    variants: &[Variant],
    out: &mut impl Write,
) -> anyhow::Result<()> {
    if asked.census {
        for (fault, times) in &campaign.fired {
            writeln!(out, "{times:>9} {}", fault.word())?;
        }
        for (from, to, why) in &campaign.moves {
            writeln!(out, "{from} -> {to} ({why})")?;
        }
    }
    if asked.trace {
        for seed in asked.seeds.0..asked.seeds.1 {
            let told = run(seed, variants, &Options { traced: true, ..Options::default() });
            for line in told.map(|ran| ran.trace).unwrap_or_default() {
                writeln!(out, "{}", line.text)?;
            }
        }
    }
    let mut by: BTreeMap<&str, Vec<&Failure>> = BTreeMap::new();
    for failure in &campaign.failures {
        by.entry(failure.violation.invariant).or_default().push(failure);
    }
    for (invariant, failures) in by {
        let seeds: std::collections::BTreeSet<u64> = failures.iter().map(|failure| failure.seed).collect();
        writeln!(
            out,
            "{invariant} is violated in {} seeds: {:?}",
            seeds.len(),
            seeds.iter().take(12).collect::<Vec<_>>()
        )?;
        if let Some(first) = failures.first() {
            story(first, variants, out)?;
        }
    }
    Ok(())
}

/// What happened in a seed that broke a promise.
fn story(failure: &Failure, variants: &[Variant], out: &mut impl Write) -> anyhow::Result<()> {
    let Failure { seed, variant, violation } = failure;
    let (left, off) = minimise(*seed, violation.invariant, variants);
    let words = |faults: &std::collections::BTreeSet<Fault>| {
        faults.iter().map(|fault| fault.word()).collect::<Vec<_>>().join(", ")
    };
    writeln!(out, "seed {seed} ({variant}) violates {}: {}", violation.invariant, violation.what)?;
    writeln!(out, "faults it needs: {}", words(&left))?;
    let Some(ran) = run(*seed, variants, &Options { off, traced: true }) else { return Ok(()) };
    let same = |one: &&crate::world::Violation| one.invariant == violation.invariant;
    let Some(minimal) = ran.violations.iter().find(same) else { return Ok(()) };
    writeln!(out, "with these alone: {}", minimal.what)?;
    for line in about(&ran.trace, minimal) {
        writeln!(out, "  {}", line.text)?;
    }
    writeln!(out, "again: make sim SEEDS={seed}..{} TRACE=1\n", seed + 1)?;
    Ok(())
}

/// The lines about what was violated, and the last ones before.
fn about<'a>(trace: &'a [Line], violation: &crate::world::Violation) -> Vec<&'a Line> {
    let names = |line: &&Line| violation.about.iter().any(|name| line.text.contains(name.as_str()));
    let mut lines: Vec<&Line> = trace.iter().filter(names).collect();
    let skip = lines.len().saturating_sub(LAST_LINES * 2);
    lines.drain(..skip);
    lines
}

fn figures(campaign: &Campaign, seconds: u64, out: &mut impl Write) -> anyhow::Result<()> {
    let unseen = coverage::unseen(&campaign.moves);
    for (from, to, why) in &unseen {
        writeln!(out, "never seen: {from} -> {to} ({why})")?;
    }
    let silent: Vec<&Fault> = Fault::ALL.iter().filter(|fault| !campaign.fired.contains_key(fault)).collect();
    for fault in &silent {
        writeln!(out, "never happened: {}", fault.word())?;
    }
    writeln!(out, "{} findings, hash {:016x}", campaign.findings, campaign.hash)?;
    writeln!(out, "figure sim_seeds {} seeds (goal >= 2000)", campaign.seeds)?;
    writeln!(out, "figure sim_violations {} violations (goal = 0)", campaign.failures.len())?;
    writeln!(out, "figure sim_reverts {} reverts (goal >= {REVERTS_MIN})", campaign.reverts)?;
    writeln!(out, "figure sim_transitions_unseen {} transitions (goal = 0)", unseen.len())?;
    writeln!(out, "figure sim_faults_unseen {} faults (goal = 0)", silent.len())?;
    writeln!(out, "figure sim_s {seconds} s (goal <= {SECONDS_MAX})")?;
    Ok(())
}

fn planted(asked: &Asked, variants: &[Variant], out: &mut impl Write) -> anyhow::Result<bool> {
    let mut found = 0;
    for bug in Bug::ALL {
        found += u32::from(find(bug, asked, variants, out)?);
    }
    writeln!(out, "figure sim_planted_found {found} faults (goal = 12)")?;
    Ok(found == 12)
}

/// Is the fault found, on the promise that it breaks, by a seed that is clean without it?
fn find(bug: Bug, asked: &Asked, variants: &[Variant], out: &mut impl Write) -> anyhow::Result<bool> {
    let expected = breaks(bug);
    let mut from = asked.seeds.0;
    let most = asked.seeds.0 + PLANTED_SEEDS;
    while from < most {
        let some: Vec<u64> = (from..(from + 25).min(most)).collect();
        from += 25;
        let campaign = Campaign::run(&some, asked.jobs, variants, Some(bug), false);
        let own = campaign.failures.iter().find(|failure| failure.violation.invariant == expected);
        let Some(failure) = own else { continue };
        let clean = Campaign::run(&[failure.seed], 1, variants, None, false).failures.is_empty();
        let Failure { seed, violation, .. } = failure;
        writeln!(
            out,
            "{bug:?}: seed {seed} violates {expected}: {} (clean without: {clean})",
            violation.what
        )?;
        return Ok(clean);
    }
    writeln!(out, "{bug:?}: not found on {expected} in {PLANTED_SEEDS} seeds")?;
    Ok(false)
}
