use super::*;
use model::{AccountId, Direction, GroupId, GroupRuleId, Untrusted};

fn opening(rule: &str, traffic: Traffic, source: &str) -> Opening {
    let source = match source.parse() {
        Ok(net) => Source::Net(net),
        Err(_) if source.starts_with("pl-") => Source::PrefixList(source.parse().unwrap()),
        Err(_) => Source::Group { group: Untrusted::from(source), account: None::<AccountId> },
    };
    let rule: Option<GroupRuleId> = (!rule.is_empty()).then(|| rule.parse().unwrap());
    Opening { rule, direction: Direction::Ingress, traffic, source, description: None }
}

fn tcp(first: u16, last: u16) -> Traffic {
    Traffic::Tcp(Ports::new(first, last).unwrap())
}

fn ssh(source: &str) -> Opening {
    opening("", tcp(22, 22), source)
}

fn group(lines: &[Opening]) -> SecurityGroup {
    SecurityGroup {
        group: "sg-01".parse::<GroupId>().unwrap(),
        name: Untrusted::default(),
        tags: std::collections::BTreeMap::new(),
        lines: lines.to_vec(),
        prefix_lists: std::collections::BTreeMap::new(),
        uses: None,
    }
}

/// The positions that expose port 22.
fn culprits(field: &Field, limits: Limits) -> Vec<usize> {
    (0..field.asked().len()).filter(|&at| field.exposes(at, Transport::Tcp, 22, &limits)).collect()
}

fn check(sources: &[&str], expected: &[usize]) {
    let openings: Vec<Opening> = sources.iter().map(|source| ssh(source)).collect();
    assert_eq!(culprits(&Field::of(&openings), Limits::default()), expected, "{sources:?}");
}

/// Nothing is too wide: only covering the world counts.
const NO_LIMITS: Limits = Limits { v4: 0, v6: 0 };

fn check_cover(sources: &[&str], expected: &[usize]) {
    let openings: Vec<Opening> = sources.iter().map(|source| ssh(source)).collect();
    assert_eq!(culprits(&Field::of(&openings), NO_LIMITS), expected, "{sources:?}");
}

#[test]
fn the_world_is_exposed_however_it_is_written() {
    check(&["0.0.0.0/0"], &[0]);
    check(&["::/0"], &[0]);
    check(&["2000::/3"], &[0]);
    check(&["0.0.0.0/1"], &[0]);
    check(&["::/1"], &[0]);
    check_cover(&["0.0.0.0/1", "128.0.0.0/1"], &[0, 1]);
    check_cover(&["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3"], &[0]);
    check_cover(&["2000::/4", "3000::/4"], &[0, 1]);
    check_cover(&["0.0.0.0/1"], &[]);
    check_cover(&["2000::/4"], &[]);
}

#[test]
fn a_public_block_is_too_wide_beyond_the_limit_and_a_private_one_never() {
    check(&["16.0.0.0/7", "16.0.0.0/8", "2400::/15", "2400::/16"], &[0, 2]);
    check(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"], &[]);
    check(&["169.254.0.0/16", "fc00::/7", "fe80::/10", "224.0.0.0/4"], &[]);
    check(&["10.0.0.0/7"], &[0]);
    let narrow = Limits { v4: 25, v6: 64 };
    let field = Field::of(&[ssh("198.51.100.0/24"), ssh("10.0.0.0/8"), ssh("2001:db8::/48")]);
    assert_eq!(culprits(&field, narrow), [0, 2]);
}

#[test]
fn the_widest_are_culprits_and_a_narrow_neighbour_stays() {
    check(&["0.0.0.0/0", "198.51.100.0/24", "10.0.0.0/8"], &[0]);
    check_cover(&["0.0.0.0/0", "0.0.0.0/1", "128.0.0.0/1", "203.0.113.0/24"], &[0, 1, 2]);
    check_cover(&["0.0.0.0/0", "0.0.0.0/1", "203.0.113.0/24"], &[0]);
}

#[test]
fn a_private_block_is_no_part_of_the_world_that_it_completes() {
    let mut blocks: Vec<String> = (0..=255).map(|first| format!("{first}.0.0.0/8")).collect();
    blocks.push("198.51.100.0/24".to_owned());
    let sources: Vec<&str> = blocks.iter().map(String::as_str).collect();
    let public: Vec<usize> = (1..=223).filter(|first| ![10, 127].contains(first)).collect();
    check(&sources, &public);
    let without_one: Vec<&str> = sources.iter().copied().filter(|block| *block != "8.0.0.0/8").collect();
    check(&without_one, &[]);
}

#[test]
fn ranges_and_protocols_that_contain_the_port_count_together() {
    let openings = [opening("", tcp(20, 30), "0.0.0.0/1"), opening("", Traffic::Everything, "128.0.0.0/1")];
    assert_eq!(culprits(&Field::of(&openings), NO_LIMITS), [0, 1]);
    let apart = [opening("", tcp(23, 30), "0.0.0.0/1"), opening("", Traffic::Everything, "128.0.0.0/1")];
    assert_eq!(culprits(&Field::of(&apart), NO_LIMITS), [] as [usize; 0]);
    let udp = [opening("", Traffic::Udp(Ports::ALL), "0.0.0.0/0")];
    assert_eq!(culprits(&Field::of(&udp), Limits::default()), [] as [usize; 0]);
    assert!(Field::of(&udp).exposes(0, Transport::Udp, 53, &Limits::default()));
    let icmp = [opening("", Traffic::Other { protocol: 1, from: Some(-1), to: Some(-1) }, "0.0.0.0/0")];
    assert!(!Field::of(&icmp).reaches(0, Transport::Tcp, 22));
}

#[test]
fn egress_completes_no_ingress() {
    let egress = Opening { direction: Direction::Egress, ..ssh("128.0.0.0/1") };
    assert_eq!(culprits(&Field::of(&[ssh("0.0.0.0/1"), egress]), NO_LIMITS), [] as [usize; 0]);
}

#[test]
fn every_port_is_exposed_only_by_what_opens_every_port() {
    let all = |traffic, source| Field::of(&[opening("", traffic, source)]).exposes_all(0, &Limits::default());
    assert!(all(Traffic::Everything, "0.0.0.0/0"));
    assert!(all(Traffic::Tcp(Ports::ALL), "::/0"));
    assert!(all(Traffic::Udp(Ports::ALL), "0.0.0.0/0"));
    assert!(all(tcp(1, 65535), "0.0.0.0/0"));
    assert!(!all(tcp(2, 65535), "0.0.0.0/0"));
    assert!(!all(Traffic::Everything, "198.51.100.0/24"));
    assert!(!all(Traffic::Everything, "sg-0b"));
    let halves = [
        opening("", Traffic::Tcp(Ports::ALL), "0.0.0.0/1"),
        opening("", Traffic::Everything, "128.0.0.0/1"),
        opening("", Traffic::Udp(Ports::ALL), "0.0.0.0/1"),
        opening("", tcp(22, 22), "0.0.0.0/1"),
    ];
    let field = Field::of(&halves);
    assert_eq!(
        (0..4).map(|at| field.exposes_all(at, &NO_LIMITS)).collect::<Vec<_>>(),
        [true, true, true, false]
    );
}

#[test]
fn groups_and_unknown_prefix_lists_stand_for_nothing() {
    check(&["sg-0b", "pl-0a"], &[]);
    let field = Field::of(&[ssh("sg-0b"), ssh("pl-0a")]);
    assert!(field.reaches(0, Transport::Tcp, 22) && field.reaches(1, Transport::Tcp, 22));
    assert!(!field.within(0, &["0.0.0.0/0".parse().unwrap()]));
    assert!(!field.within(1, &["0.0.0.0/0".parse().unwrap()]));
}

#[test]
fn a_prefix_list_stands_for_its_contents_when_they_are_known() {
    let mut now = group(&[]);
    let list = |nets: &[&str]| nets.iter().map(|net| net.parse().unwrap()).collect();
    now.prefix_lists.insert("pl-0a".parse().unwrap(), list(&["0.0.0.0/1", "128.0.0.0/1"]));
    now.prefix_lists.insert("pl-0b".parse().unwrap(), list(&["198.51.100.0/25", "198.51.100.128/25"]));
    let field = Field::with_state(&[ssh("pl-0a"), ssh("pl-0b"), ssh("198.51.100.0/24")], &now);
    assert_eq!(culprits(&field, NO_LIMITS), [0]);
    assert!(field.within(1, &["198.51.100.0/24".parse().unwrap()]));
    assert!(!field.within(0, &["198.51.100.0/24".parse().unwrap()]));
}

#[test]
fn within_takes_the_networks_together() {
    let field = Field::of(&[ssh("10.0.0.0/8"), ssh("2001:db8::/32")]);
    let nets: Vec<IpNet> = ["10.0.0.0/9", "10.128.0.0/9"].iter().map(|net| net.parse().unwrap()).collect();
    assert!(field.within(0, &nets));
    assert!(
        !field.within(0, &nets[..1])
            && !field.within(1, &nets)
            && !field.within(0, &[])
            && !field.within(9, &nets)
    );
}

#[test]
fn the_state_is_the_other_half_of_the_world_and_is_not_asked() {
    let now =
        group(&[opening("sgr-01", tcp(22, 22), "0.0.0.0/1"), opening("sgr-02", tcp(20, 25), "128.0.0.0/1")]);
    let field = Field::with_state(&[opening("sgr-01", tcp(22, 22), "0.0.0.0/1")], &now);
    assert_eq!((field.asked().len(), culprits(&field, NO_LIMITS)), (1, vec![0]));
    assert_eq!(culprits(&Field::of_group(&now), NO_LIMITS), [0, 1]);
    let without_id = Field::with_state(&[ssh("0.0.0.0/1")], &now);
    assert_eq!((without_id.items.len(), culprits(&without_id, NO_LIMITS)), (2, vec![0]));
}

#[test]
fn an_opening_and_the_line_that_it_became_are_one_item_with_the_content_of_the_event() {
    let now = group(&[opening("sgr-01", tcp(22, 22), "128.0.0.0/1")]);
    let field = Field::with_state(&[opening("sgr-01", tcp(22, 22), "0.0.0.0/1")], &now);
    assert_eq!((field.items.len(), culprits(&field, NO_LIMITS)), (1, vec![]));
}

#[test]
fn the_state_knows_the_direction_of_a_modified_line() {
    let line =
        Opening { direction: Direction::Egress, ..opening("sgr-01", Traffic::Everything, "0.0.0.0/0") };
    let field = Field::with_state(&[opening("sgr-01", Traffic::Everything, "0.0.0.0/0")], &group(&[line]));
    assert_eq!(field.asked().map(|opening| opening.direction).collect::<Vec<_>>(), [Direction::Egress]);
}
