//! How long judging takes with the shipped rules: a change that rules ask for, a record that none asks for, and what
//! a thousand rules cost more than ten.
//!
//! The timings are criterion's; the figures are measured by themselves, because they are percentiles and ratios.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark that can't run has failed, and it prints"
)]
#![expect(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

#[path = "../../shared/rules/tests/support/mod.rs"]
mod support;

use criterion::Criterion;
use rules::{Chapter, Config, Rule, RuleBook, RuleFile};
use serde_json::{Value, json};
use std::hint::black_box;
use std::mem::ManuallyDrop;
use std::thread;
use std::time::{Duration, Instant};
use support::{config, event, events, rule_files};
use trail::Change;
use trail::file::entries;

/// Rounds over every event.
const ROUNDS: u32 = 2_000;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() {
    let (book, _) = RuleBook::read(rule_files(), &configured());
    let asked: Vec<Change> = events().iter().flat_map(|(_, bytes)| changes(&book, bytes)).collect();
    let mut criterion = Criterion::default().configure_from_args().measurement_time(Duration::from_secs(2));
    let change = trail::parse_record(
        event("ec2/AuthorizeSecurityGroupIngress/all-protocols.json").unwrap().as_bytes(),
    );
    let change = change.unwrap();
    criterion.bench_function("judge a change that violates four rules", |bench| {
        bench.iter(|| book.judge(&change));
    });
    figure("rules_load_ms", load_ms(), "ms", 50.0);
    figure("rules_trust_ms", trust_ms(), "ms", 50.0);
    figure("check_s", check_s(), "s", 10.0);
    figure("judge_match_p99_us", match_p99_us(&book, &asked), "us", 200.0);
    figure("judge_quiet_us_per_kb", quiet_us_per_kb(&book), "us/KB", 2.0);
    figure("judge_rules_1000_over_10", rules_1000_over_10(), "ratio", 1.3);
    criterion.final_summary();
}

/// Everything on, so that every rule is asked: whatever some rule needs is said.
fn configured() -> Config {
    let (book, _) = RuleBook::read(texts(), &Config::default());
    let value = |name: &str| match name {
        name if name.ends_with("_cidrs") => json!(["203.0.113.0/24"]),
        name if name.ends_with("_ports") => json!([22]),
        name if name.ends_with('s') => json!(["yourmedia-*"]),
        _ => json!("yourmedia"),
    };
    let params: Value =
        book.rules().iter().flat_map(Rule::needs).map(|name| (name.to_owned(), value(name))).collect();
    let config = Config::read(&json!({"params": params}).to_string()).unwrap();
    let (book, problems) = RuleBook::read(texts(), &config);
    assert!(
        problems.is_empty() && book.rules().iter().all(|rule| rule.off().is_none()),
        "{:?}",
        book.notes()
    );
    config
}

/// All shipped rules, from their texts to what can be asked, on the cores of the machine as the command does it.
fn load_ms() -> f64 {
    let (files, config) = (texts(), Config::default());
    let cores = thread::available_parallelism().unwrap().get();
    let load = || {
        let chapters: Vec<Chapter> = thread::scope(|scope| {
            let read = |files: &[RuleFile]| Chapter::read(files.iter().cloned(), &config);
            let parts = files.chunks(files.len().div_ceil(cores));
            let running: Vec<_> = parts.map(|files| scope.spawn(move || read(files))).collect();
            running.into_iter().map(|one| one.join().unwrap()).collect()
        });
        ManuallyDrop::new(RuleBook::bound(chapters, &config))
    };
    best_of(10, load).as_secs_f64() * 1e3
}

/// The same as a function starts with them.
fn trust_ms() -> f64 {
    let (files, config) = (texts(), Config::default());
    best_of(10, || ManuallyDrop::new(RuleBook::trust(files.iter().cloned(), &config))).as_secs_f64() * 1e3
}

/// What `gardefou check` does with all rules and all their cases, on one core.
fn check_s() -> f64 {
    let files = rule_files();
    best_of(3, || assert!(rules::check(&files, &config(), &event).problems.is_empty())).as_secs_f64()
}

fn texts() -> Vec<RuleFile> {
    rule_files().into_iter().map(|file| RuleFile { cases_yaml: None, ..file }).collect()
}

fn changes(book: &RuleBook, bytes: &[u8]) -> Vec<Change> {
    let parsed = entries(bytes).filter_map(|entry| entry.parse().ok());
    parsed.filter(|change| book.asks(change)).collect()
}

fn match_p99_us(book: &RuleBook, changes: &[Change]) -> f64 {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        for change in changes {
            let start = Instant::now();
            black_box(book.judge(black_box(change)));
            times.push(start.elapsed());
        }
    }
    times.sort_unstable();
    times.get(times.len() * 99 / 100).unwrap().as_secs_f64() * 1e6
}

/// A trail's file of records that no rule asks for: found, looked at, and left.
fn quiet_us_per_kb(book: &RuleBook) -> f64 {
    let record = event("sts/AssumeRole/by-a-service.json").unwrap();
    let compact = serde_json::from_str::<serde_json::Value>(&record).unwrap().to_string();
    let file = format!("{{\"Records\":[{}]}}", vec![compact; 1_000].join(","));
    let best = best_of(20, || entries(black_box(file.as_bytes())).filter(|entry| asks(book, entry)).count());
    best.as_secs_f64() * 1e6 / (f64::from(u32::try_from(file.len()).unwrap()) / 1024.0)
}

fn asks(book: &RuleBook, entry: &trail::file::Entry<'_>) -> bool {
    entry.header().is_none_or(|header| book.may_ask(header.event_source, header.event_name, entry.bytes()))
}

/// The same records over ten rules and over a thousand, each rule with a call of its own, one asked for.
fn rules_1000_over_10() -> f64 {
    let record = event("ec2/AuthorizeSecurityGroupIngress/ipv4-world.json").unwrap();
    let change = trail::parse_record(record.as_bytes()).unwrap();
    let time = |rules: usize| {
        let (book, problems) = RuleBook::read((0..rules).map(rule), &Config::default());
        assert!(problems.is_empty() && book.rules().len() == rules);
        let judge = || {
            (0..1_000).for_each(|at| {
                black_box(book.asks_for(
                    "ec2.amazonaws.com",
                    if at % 2 == 0 { "RunInstances" } else { "DescribeVpcs" },
                ));
                black_box(book.judge(black_box(&change)));
            });
        };
        best_of(20, judge)
    };
    let (many, few) = (time(1_000), time(10));
    many.as_secs_f64() / few.as_secs_f64()
}

fn rule(at: usize) -> RuleFile {
    let name = if at == 0 { "AuthorizeSecurityGroupIngress".to_owned() } else { format!("MadeUpCall{at}x") };
    let rule_yaml = format!(
        "id: r-{at}\ntitle: t\nseverity: low\nmode: notify\nmessage: m\neach: openings\n\
         when: opening.ingress && opening.exposes('tcp', 22)\nevents: {{ec2.amazonaws.com: [{name}]}}\n"
    );
    RuleFile { path: format!("rules/r-{at}"), rule_yaml, cases_yaml: None }
}

fn best_of<T>(times: usize, mut what: impl FnMut() -> T) -> Duration {
    let once = |_| {
        let start = Instant::now();
        black_box(what());
        start.elapsed()
    };
    (0..times).map(once).min().unwrap()
}

fn figure(name: &str, value: f64, unit: &str, goal: f64) {
    println!("figure {name} {value:.3} {unit} (goal <= {goal})");
}
