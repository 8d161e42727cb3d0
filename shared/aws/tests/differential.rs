//! The ledger on DynamoDB and the ledger in memory give the same answers: otherwise what runs in memory proves nothing.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "a test that starts the local AWS"
)]

mod local;

use aws::DynamoLedger;
use engine::{Attr, Condition, Cursor, Edit, Index as _, Item, Key, Ledger as _, Write};
use fastrand::Rng;
use jiff::Timestamp;
use local::LocalAws;
use sim::MemoryLedger;

const ROUNDS: u32 = 600;
const TEXTS: [&str; 3] = ["OPEN", "QUEUED", ""];
/// Reserved words of DynamoDB among them.
const NAMES: [&str; 4] = ["state", "owner", "ttl", "n"];

fn attr(rng: &mut Rng, name: &str) -> Attr {
    match name {
        "n" => Attr::N(rng.i64(0..4)),
        "owner" => Attr::Bool(rng.bool()),
        "ttl" => Attr::List(vec![TEXTS.map(str::to_owned)[rng.usize(0..3)].clone()]),
        _ => Attr::S(TEXTS[rng.usize(0..3)].to_owned()),
    }
}

fn condition(rng: &mut Rng, depth: u32) -> Condition {
    let name = NAMES[rng.usize(0..4)];
    match rng.u32(0..if depth == 0 { 5 } else { 7 }) {
        0 => Condition::Always,
        1 => Condition::Absent,
        2 => Condition::Lacks(name),
        3 => Condition::Is(name, attr(rng, name)),
        4 => Condition::Below(name, rng.i64(0..4)),
        5 => Condition::All((0..rng.u32(1..4)).map(|_| condition(rng, depth - 1)).collect()),
        _ => Condition::Any((0..rng.u32(1..4)).map(|_| condition(rng, depth - 1)).collect()),
    }
}

fn item(rng: &mut Rng) -> Item {
    let names = NAMES.into_iter().filter(|_| rng.bool()).collect::<Vec<_>>();
    names.into_iter().map(|name| (name.to_owned(), attr(rng, name))).collect()
}

fn edit(rng: &mut Rng) -> Edit {
    match rng.u32(0..4) {
        0 => Edit::Put(item(rng)),
        1 => Edit::Delete,
        2 => Edit::Check,
        _ => {
            let mut set = item(rng);
            set.remove("n");
            let remove =
                NAMES.into_iter().filter(|name| *name != "n" && !set.contains_key(*name) && rng.bool());
            let remove = remove.collect();
            Edit::Update { set, add: vec![("n", rng.i64(1..3))], remove }
        }
    }
}

/// What a transaction needs: a check has a condition, a put one it can write down.
fn write(rng: &mut Rng, key: &Key) -> Write {
    let edit = edit(rng);
    let mut only_if = condition(rng, 2);
    while edit == Edit::Check && !asks(&only_if) {
        only_if = condition(rng, 2);
    }
    Write { key: key.clone(), edit, only_if }
}

/// DynamoDB wants a condition of a check; one that always holds is none.
fn asks(condition: &Condition) -> bool {
    match condition {
        Condition::Always => false,
        Condition::All(parts) => parts.iter().any(asks),
        Condition::Any(parts) => parts.iter().all(asks),
        _ => true,
    }
}

#[tokio::test]
async fn the_ledger_on_dynamodb_and_the_ledger_in_memory_give_the_same_answers() {
    let local = LocalAws::start();
    let dynamo = DynamoLedger::new(local.table().await, "ledger".to_owned());
    let memory = MemoryLedger::default();
    let mut rng = Rng::with_seed(7);
    let keys: Vec<Key> = (0..3).map(|at| Key { pk: format!("F#{at}"), sk: "S".to_owned() }).collect();
    let (mut done, mut refused) = (0, 0);
    for round in 0..ROUNDS {
        let chosen = rng.choose_multiple(&keys, 1 + rng.clone().usize(0..3));
        let writes: Vec<Write> = chosen.into_iter().map(|key| write(&mut rng, key)).collect();
        let (real, reference) =
            (dynamo.commit(&writes).await.unwrap(), memory.commit(&writes).await.unwrap());
        assert_eq!(real, reference, "round {round}: {writes:?}");
        if real == engine::Commit::Done {
            done += 1;
        } else {
            refused += 1;
        }
        for key in &keys {
            let (real, reference) = (dynamo.read(key).await.unwrap(), memory.read(key).await.unwrap());
            assert_eq!(real, reference, "round {round}: {key:?} after {writes:?}");
        }
    }
    println!("{done} transactions written and {refused} refused, in both alike");
    assert!(done > 100 && refused > 100);
}

/// More than one page of the work index holds.
const FINDINGS: i64 = 620;
/// What a transaction holds.
const AT_ONCE: usize = 100;

/// Findings in three lanes, each due at another time, one in ten of them in none; with a long line of history each.
fn findings(rng: &mut Rng) -> Vec<Write> {
    let put = |pk: &str, sk: &str, item: Item| Write {
        key: Key { pk: pk.to_owned(), sk: sk.to_owned() },
        edit: Edit::Put(item),
        only_if: Condition::Absent,
    };
    let mut writes = Vec::new();
    for at in 0..FINDINGS {
        let pk = format!("F#{}", base32(at));
        let mut item = Item::from([("n".to_owned(), Attr::N(at))]);
        if at % 10 > 0 {
            // Most in one lane: it takes several pages.
            let lane = if rng.u8(0..10) == 0 { rng.u8(1..3) } else { 0 };
            item.insert("work".to_owned(), Attr::S(format!("W#{lane}")));
            item.insert("due_at".to_owned(), Attr::N(1_000 * at));
        }
        writes.push(put(&pk, "S", item));
        writes.push(put(&pk, "H#00000001", Item::from([("cause".to_owned(), Attr::S("x".repeat(2_000)))])));
    }
    writes
}

/// An id as findings have it.
fn base32(number: i64) -> String {
    let digit = |at: u32| char::from(b'a' + u8::try_from((number >> (4 * at)) & 15).unwrap());
    (0..26).map(|at| if at < 8 { digit(at) } else { '2' }).collect()
}

/// Page after page to the end; how many there were.
async fn everything<T>(page: impl AsyncFn(Option<Cursor>) -> engine::Page<T>) -> (Vec<T>, usize) {
    let (mut items, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let page = page(after).await;
        pages += 1;
        items.extend(page.items);
        match page.next {
            Some(next) => after = Some(next),
            None => return (items, pages),
        }
    }
}

#[tokio::test]
async fn partitions_lanes_and_everything_are_the_same_in_both() {
    let local = LocalAws::start();
    let dynamo = DynamoLedger::new(local.table().await, "ledger".to_owned());
    let memory = MemoryLedger::default();
    let mut rng = Rng::with_seed(11);
    for some in findings(&mut rng).chunks(AT_ONCE) {
        assert_eq!(dynamo.commit(some).await.unwrap(), memory.commit(some).await.unwrap());
    }
    let first = format!("F#{}", base32(0));
    for prefix in ["", "S", "H#", "H#00000001", "X"] {
        let real = dynamo.partition(&first, prefix).await.unwrap();
        assert_eq!(real, memory.partition(&first, prefix).await.unwrap(), "{prefix}");
    }
    let mut most = 0;
    for by in [Timestamp::from_second(100).unwrap(), Timestamp::MAX] {
        for lane in 0..4 {
            let (real, pages) =
                everything(async |after| dynamo.due(lane, by, after.as_ref()).await.unwrap()).await;
            let (reference, _) =
                everything(async |after| memory.due(lane, by, after.as_ref()).await.unwrap()).await;
            assert_eq!(real, reference, "lane {lane} by {by}");
            most = most.max(pages);
        }
    }
    let (mut real, pages) = everything(async |after| dynamo.all(after.as_ref()).await.unwrap()).await;
    real.sort_by(|(one, _), (two, _)| one.cmp(two));
    let (reference, _) = everything(async |after| memory.all(after.as_ref()).await.unwrap()).await;
    assert_eq!(real, reference);
    println!("{} items in {pages} pages, the longest lane in {most}", real.len());
    assert!(most > 1, "the longest lane fits into one page");
}
