//! Does what was found still stand?

use model::{Culprit, Item, Observed, Opening, SecurityGroup, Source, Traffic};

/// The culprits that stand now with the content they were found with: by id where AWS gave one, else by
/// content. An id with another content, or the content under another id, is somebody else's line.
pub fn standing(culprits: &[Culprit], now: &Observed) -> Vec<Culprit> {
    match now {
        Observed::Gone => Vec::new(),
        Observed::SecurityGroup(group) => culprits
            .iter()
            .filter(|culprit| match &culprit.item {
                Item::Opening(found) => stands_in(group, found),
                // A group has no such items: they are taken to stand until a person has looked.
                _ => true,
            })
            .cloned()
            .collect(),
        // Facts are not compared with items yet: they are taken to stand until a person has looked.
        Observed::Facts(_) => culprits.to_vec(),
    }
}

fn stands_in(group: &SecurityGroup, found: &Opening) -> bool {
    line_of(group, found).is_some() || (found.rule.is_none() && !comparable(found))
}

/// The line that is what was found.
pub(crate) fn line_of<'a>(group: &'a SecurityGroup, found: &Opening) -> Option<&'a Opening> {
    group
        .lines
        .iter()
        .find(|line| (found.rule.is_none() || line.rule == found.rule) && same_content(found, line))
}

/// The oldest form of the call names the other group by its name, and observing gives ids: such an opening
/// can't be told from others, so it is taken to stand until a person has looked.
pub(crate) fn comparable(found: &Opening) -> bool {
    match &found.source {
        Source::Group { group, .. } => group.raw().starts_with("sg-"),
        Source::Net(_) | Source::PrefixList(_) => true,
    }
}

/// Do the two permit the same, as far as both say it?
pub fn alike(one: &Item, two: &Item) -> bool {
    match (one, two) {
        (Item::Opening(one), Item::Opening(two)) => same_content(one, two),
        _ => one.same_content(two),
    }
}

/// As [`Opening::same_content`], across what an event leaves unsaid and observing says: the account of a group
/// that is named by id, and `-1` where a protocol has no ports.
pub(crate) fn same_content(one: &Opening, two: &Opening) -> bool {
    one.direction == two.direction
        && same_traffic(one.traffic, two.traffic)
        && same_source(&one.source, &two.source)
}

fn same_traffic(one: Traffic, two: Traffic) -> bool {
    all_said(one) == all_said(two)
}

fn all_said(traffic: Traffic) -> Traffic {
    match traffic {
        Traffic::Other { protocol, from, to } => {
            let said = |number: Option<i32>| number.or(Some(-1));
            Traffic::Other { protocol, from: said(from), to: said(to) }
        }
        Traffic::Everything | Traffic::Tcp(_) | Traffic::Udp(_) => traffic,
    }
}

fn same_source(one: &Source, two: &Source) -> bool {
    match (one, two) {
        (Source::Group { group: g, account: a }, Source::Group { group: h, account: b }) => {
            g == h && (a == b || (g.raw().starts_with("sg-") && (a.is_none() || b.is_none())))
        }
        _ => one == two,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::{Direction, Ports, SecurityGroup};

    fn line(id: &str, port: u16, source: &str) -> Opening {
        Opening {
            rule: (id != "-").then(|| id.parse().unwrap()),
            direction: Direction::Ingress,
            traffic: Traffic::Tcp(Ports::new(port, port).unwrap()),
            source: Source::Net(source.parse().unwrap()),
            description: None,
        }
    }

    #[test]
    fn by_id_where_there_is_one_and_by_content_where_there_is_none() {
        let found = [
            line("sgr-a2", 22, "0.0.0.0/0"),
            line("sgr-a3", 22, "::/0"),
            line("sgr-a4", 23, "::/0"),
            line("-", 24, "::/0"),
            line("-", 25, "::/0"),
        ];
        let culprits = found.map(|line| Culprit { item: Item::Opening(line), prior: None });
        let now = Observed::SecurityGroup(SecurityGroup {
            group: "sg-0123".parse().unwrap(),
            name: model::Untrusted::default(),
            tags: std::collections::BTreeMap::new(),
            lines: vec![
                line("sgr-a2", 22, "0.0.0.0/0"),
                line("sgr-a9", 22, "::/0"),
                line("sgr-a4", 99, "::/0"),
                line("sgr-a5", 24, "::/0"),
            ],
            prefix_lists: std::collections::BTreeMap::new(),
            uses: None,
        });
        assert_eq!(standing(&culprits, &now), [culprits[0].clone(), culprits[3].clone()]);
        assert_eq!(standing(&culprits, &Observed::Gone), []);
    }

    fn from_group(group: &str, account: Option<&str>) -> Opening {
        let source = Source::Group {
            group: model::Untrusted::new(group),
            account: account.map(|account| account.parse().unwrap()),
        };
        Opening { source, ..line("sgr-a1", 22, "0.0.0.0/0") }
    }

    #[test]
    fn what_is_left_unsaid_is_alike_and_what_is_said_otherwise_is_not() {
        let (here, there) = (Some("111122223333"), Some("444455556666"));
        for (one, two, expected) in [
            (from_group("sg-a1", None), from_group("sg-a1", here), true),
            (from_group("sg-a1", here), from_group("sg-a1", None), true),
            (from_group("sg-a1", here), from_group("sg-a1", here), true),
            (from_group("sg-a1", here), from_group("sg-a1", there), false),
            (from_group("sg-a1", None), from_group("sg-a2", None), false),
            (from_group("web", None), from_group("web", here), false),
            (from_group("web", here), from_group("web", None), false),
            (from_group("web", here), from_group("web", here), true),
            (line("sgr-a1", 22, "::/0"), line("sgr-a2", 22, "::/0"), true),
            (line("sgr-a1", 22, "::/0"), line("sgr-a1", 23, "::/0"), false),
        ] {
            assert_eq!(
                alike(&Item::Opening(one.clone()), &Item::Opening(two.clone())),
                expected,
                "{one:?} {two:?}"
            );
        }
    }
}
