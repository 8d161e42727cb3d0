//! Exposure against an oracle that knows nothing of prefixes: each family is a map of 4,096 equal blocks, and a
//! set of networks is the blocks that it marks.
#![expect(clippy::unwrap_used, reason = "a case that cannot be made must stop the test")]

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use model::{Direction, Opening, Ports, SecurityGroup, Source, Traffic, Untrusted};
use std::sync::LazyLock;
use trail::exposure::{Field, Limits, Transport};

const CASES: usize = 100_000;
/// Networks are no narrower than one block of the map.
const BITS: u8 = 12;
const BLOCKS: usize = 1 << BITS;
const WORDS: usize = BLOCKS / 64;

/// Chance with a seed, so that a failing case can be had again.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).unwrap()).unwrap()
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        *from.get(self.below(from.len())).unwrap()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    V4,
    V6,
}

/// A network of the small universe: `prefix` bits of `first`.
#[derive(Debug, Clone, Copy)]
struct Block {
    family: Family,
    first: usize,
    prefix: u8,
}

impl Block {
    fn net(self) -> IpNet {
        let top = u32::try_from(self.first).unwrap() << (32 - BITS);
        match self.family {
            Family::V4 => Ipv4Net::new(top.into(), self.prefix).unwrap().into(),
            Family::V6 => Ipv6Net::new((u128::from(top) << 96).into(), self.prefix).unwrap().into(),
        }
    }

    fn size(self) -> usize {
        1 << (BITS - self.prefix)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Map([u64; WORDS]);

impl Map {
    const EMPTY: Self = Self([0; WORDS]);

    fn mark(&mut self, first: usize, size: usize) {
        let words = self.0.iter_mut().skip(first / 64);
        if size >= 64 {
            words.take(size / 64).for_each(|word| *word = u64::MAX);
        } else {
            words.take(1).for_each(|word| *word |= ((1 << size) - 1) << (first % 64));
        }
    }

    fn with(mut self, other: &Self) -> Self {
        self.0.iter_mut().zip(other.0).for_each(|(word, other)| *word |= other);
        self
    }

    fn contains(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).all(|(word, other)| other & !word == 0)
    }

    fn meets(&self, other: &Self) -> bool {
        self.0.iter().zip(other.0).any(|(word, other)| word & other != 0)
    }

    /// What remains when only whole aligned blocks of this size may stay.
    fn wholes(&self, size: usize) -> Self {
        let mut kept = *self;
        kept.0.iter_mut().for_each(|word| *word = wholes_of_word(*word, size.min(64)));
        for words in kept.0.chunks_mut((size / 64).max(1)) {
            if words.len() > 1 && words.iter().any(|word| *word != u64::MAX) {
                words.fill(0);
            }
        }
        kept
    }

    /// The prefix of the widest network inside.
    fn width(&self) -> Option<u8> {
        let any = *self != Self::EMPTY;
        (0..=BITS).filter(|_| any).find(|prefix| self.wholes(BLOCKS >> prefix) != Self::EMPTY)
    }
}

fn wholes_of_word(word: u64, size: usize) -> u64 {
    if word == 0 || word == u64::MAX {
        return word;
    }
    let steps = || (0..size.trailing_zeros()).map(|step| 1 << step);
    let starts = steps().fold(word, |starts, step| starts & (starts >> step));
    let aligned = (0..64).step_by(size).fold(0, |aligned, at| aligned | 1 << at);
    steps().fold(starts & aligned, |kept, step| kept | kept << step)
}

fn map_of(blocks: impl Iterator<Item = usize>) -> Map {
    let mut map = Map::EMPTY;
    blocks.for_each(|at| map.mark(at, 1));
    map
}

fn off_the_internet(at: usize) -> bool {
    matches!(at >> 4, 0 | 10 | 127 | 224..=255) || at == (172 << 4) + 1
}

/// The blocks where somebody on the internet can be, a family each. Where only a part of a block is private, the
/// rest is not.
static WORLD: LazyLock<[Map; 2]> =
    LazyLock::new(|| [map_of((0..BLOCKS).filter(|&at| !off_the_internet(at))), map_of(0x200..0x400)]);

static PRIVATE: LazyLock<[Map; 2]> = LazyLock::new(|| {
    let v6 = (0xfc0..0xfe0).chain(0xfe8..0xfec);
    [map_of((0..BLOCKS).filter(|&at| off_the_internet(at))), map_of(v6)]
});

/// What an opening stands for in one family.
#[derive(Debug, Clone, Copy)]
struct Stand {
    map: Map,
    width: Option<u8>,
    too_wide: bool,
    on_the_internet: bool,
}

impl Stand {
    fn of(blocks: &[Block], family: Family, limits: Limits) -> Self {
        let mut map = Map::EMPTY;
        blocks
            .iter()
            .filter(|block| block.family == family)
            .for_each(|block| map.mark(block.first, block.size()));
        let limit = if family == Family::V4 { limits.v4 } else { limits.v6.min(BITS + 1) };
        // A network beyond the limit is made of networks that are just beyond it.
        let too_wide = limit > 0 && !PRIVATE.at(family).contains(&map.wholes(BLOCKS >> (limit - 1)));
        Self { map, width: map.width(), too_wide, on_the_internet: WORLD.at(family).meets(&map) }
    }
}

trait At<T> {
    fn at(&self, family: Family) -> &T;
}

impl<T> At<T> for [T; 2] {
    fn at(&self, family: Family) -> &T {
        let [v4, v6] = self;
        if family == Family::V4 { v4 } else { v6 }
    }
}

struct Case {
    openings: Vec<Opening>,
    /// What each opening stands for.
    stands: Vec<[Stand; 2]>,
    asked: usize,
    group: SecurityGroup,
    limits: Limits,
}

fn traffic(chance: &mut Chance) -> Traffic {
    let ports = |chance: &mut Chance| {
        let (first, last) =
            chance.pick(&[(22, 22), (20, 30), (0, 65535), (1, 65535), (23, 80), (443, 443), (0, 22)]);
        Ports::new(first, last).unwrap()
    };
    match chance.below(8) {
        0 => Traffic::Everything,
        1 => Traffic::Udp(ports(chance)),
        2 => Traffic::Other { protocol: 1, from: Some(-1), to: Some(-1) },
        _ => Traffic::Tcp(ports(chance)),
    }
}

/// The world, or a part of it, cut into pieces; now and then a piece gets lost.
fn pieces(chance: &mut Chance, family: Family) -> Vec<Block> {
    let start = match chance.below(4) {
        0 if family == Family::V6 => Block { family, first: 0x200, prefix: 3 },
        1 => {
            let prefix = u8::try_from(chance.below(13)).unwrap();
            Block { family, first: chance.below(1 << prefix) * (BLOCKS >> prefix), prefix }
        }
        _ => Block { family, first: 0, prefix: 0 },
    };
    let mut pieces = vec![start];
    for _ in 0..chance.below(7) {
        let at = chance.below(pieces.len());
        let piece = pieces.swap_remove(at);
        if piece.prefix == BITS {
            pieces.push(piece);
            continue;
        }
        let half = Block { prefix: piece.prefix + 1, ..piece };
        pieces.extend([half, Block { first: half.first + half.size(), ..half }]);
    }
    if chance.one_in(3) {
        pieces.swap_remove(chance.below(pieces.len()));
    }
    pieces
}

fn case(chance: &mut Chance) -> Case {
    let mut sources: Vec<Vec<Block>> = Vec::new();
    for family in [Family::V4, Family::V6] {
        if !chance.one_in(3) {
            sources.extend(pieces(chance, family).into_iter().map(|piece| vec![piece]));
        }
    }
    if chance.one_in(4) {
        sources.push(pieces(chance, Family::V4));
    }
    if chance.one_in(4) {
        let family = if chance.one_in(2) { Family::V4 } else { Family::V6 };
        sources.push(pieces(chance, family).into_iter().take(1).collect());
    }
    let one_traffic = chance.one_in(2).then(|| traffic(chance));
    let mut case = Case {
        openings: Vec::new(),
        stands: Vec::new(),
        asked: 0,
        group: SecurityGroup {
            group: "sg-01".parse().unwrap(),
            name: Untrusted::default(),
            tags: std::collections::BTreeMap::new(),
            lines: Vec::new(),
            prefix_lists: std::collections::BTreeMap::new(),
            uses: None,
        },
        limits: if chance.one_in(2) {
            Limits::default()
        } else {
            Limits { v4: chance.pick(&[0, 1, 4]), v6: chance.pick(&[0, 4]) }
        },
    };
    for (at, blocks) in sources.iter().enumerate() {
        let stand = |family| Stand::of(blocks, family, case.limits);
        case.stands.push([stand(Family::V4), stand(Family::V6)]);
        let source = match blocks.as_slice() {
            [block] if !chance.one_in(8) => Source::Net(block.net()),
            _ => {
                let list: model::PrefixListId = format!("pl-{at:x}").parse().unwrap();
                case.group
                    .prefix_lists
                    .insert(list.clone(), blocks.iter().map(|block| block.net()).collect());
                Source::PrefixList(list)
            }
        };
        let direction = if chance.one_in(8) { Direction::Egress } else { Direction::Ingress };
        let traffic = one_traffic.unwrap_or_else(|| traffic(chance));
        let rule = Some(format!("sgr-{at:x}").parse().unwrap());
        case.openings.push(Opening { rule, direction, traffic, source, description: None });
    }
    case.asked = chance.below(case.openings.len() + 1);
    // Some of what is asked is among the lines already.
    let known = chance.below(case.asked + 1);
    case.group.lines = case.openings.iter().skip(known).cloned().collect();
    case
}

#[derive(Debug, Clone, Copy)]
enum Asked {
    Port(Transport, u16),
    All,
}

fn lets(traffic: Traffic, transport: Transport, port: Option<u16>) -> bool {
    let ports = match (traffic, transport) {
        (Traffic::Everything, _) => return true,
        (Traffic::Tcp(ports), Transport::Tcp) | (Traffic::Udp(ports), Transport::Udp) => ports,
        _ => return false,
    };
    port.map_or_else(
        || ports.contains(1) && ports.contains(65535),
        |port| (ports.first()..=ports.last()).contains(&port),
    )
}

fn oracle(case: &Case, at: usize, asked: Asked) -> bool {
    let (transports, port) = match asked {
        Asked::Port(transport, port) => (vec![transport], Some(port)),
        Asked::All => (vec![Transport::Tcp, Transport::Udp], None),
    };
    let own = case.openings.get(at).unwrap();
    transports.into_iter().filter(|&transport| lets(own.traffic, transport, port)).any(|transport| {
        [Family::V4, Family::V6].into_iter().any(|family| {
            let stand = case.stands.get(at).unwrap().at(family);
            let Some(width) = stand.width else { return false };
            let beside = case.openings.iter().zip(&case.stands).filter(|(opening, stands)| {
                opening.direction == own.direction
                    && lets(opening.traffic, transport, port)
                    && stands.at(family).width.is_some_and(|prefix| prefix >= width)
            });
            let together = || beside.fold(Map::EMPTY, |all, (_, stands)| all.with(&stands.at(family).map));
            stand.too_wide || (stand.on_the_internet && together().contains(WORLD.at(family)))
        })
    })
}

fn answer(field: &Field, at: usize, asked: Asked, limits: Limits) -> bool {
    match asked {
        Asked::Port(transport, port) => field.exposes(at, transport, port, &limits),
        Asked::All => field.exposes_all(at, &limits),
    }
}

/// Both ways out of one case: the answers that differ, and whether something is still exposed without the culprits.
fn judge(case: &Case, asked: Asked) -> (usize, usize, bool) {
    let field = Field::with_state(case.openings.get(..case.asked).unwrap(), &case.group);
    let answers: Vec<bool> = (0..case.asked).map(|at| answer(&field, at, asked, case.limits)).collect();
    let differences =
        answers.iter().enumerate().filter(|&(at, &exposed)| exposed != oracle(case, at, asked)).count();
    let whole = SecurityGroup { lines: case.openings.clone(), ..case.group.clone() };
    let field = Field::of_group(&whole);
    let culprits: Vec<bool> =
        (0..case.openings.len()).map(|at| answer(&field, at, asked, case.limits)).collect();
    let left = case
        .openings
        .iter()
        .zip(&culprits)
        .filter(|(_, culprit)| !**culprit)
        .map(|(opening, _)| opening.clone());
    let left = Field::of_group(&SecurityGroup { lines: left.collect(), ..whole });
    let still = (0..left.asked().len()).any(|at| answer(&left, at, asked, case.limits));
    (differences, answers.iter().filter(|exposed| **exposed).count(), still)
}

#[test]
#[expect(clippy::print_stdout, reason = "the figure is read by a script")]
fn exposure_agrees_with_the_oracle_and_nothing_is_exposed_without_the_culprits() {
    let mut exposed_cases = 0;
    for seed in 0..CASES {
        let mut chance = Chance(u64::try_from(seed).unwrap());
        let case = case(&mut chance);
        let asked = match chance.below(4) {
            0 => Asked::All,
            1 => Asked::Port(Transport::Udp, 22),
            _ => Asked::Port(Transport::Tcp, 22),
        };
        let (differences, exposed, still) = judge(&case, asked);
        assert_eq!(differences, 0, "seed {seed}: {asked:?} {:?} of {:#?}", case.limits, case.openings);
        assert!(!still, "seed {seed}: {asked:?} something is left of {:#?}", case.openings);
        exposed_cases += usize::from(exposed > 0);
    }
    assert!(
        exposed_cases > CASES / 10 && exposed_cases < CASES * 9 / 10,
        "the cases are of one kind: {exposed_cases}"
    );
    println!("figure exposure_cases {CASES} cases (goal >= 100000)");
}
