//! Grants, shares and stores in one line each: every word of them is as a stranger wrote it.

use crate::line::{Line, Word};
use crate::{sink, telling};
use model::{Audience, Grant, Grantee, Item, Share, Store, Untrusted};

pub(crate) fn granted(Grant { grantee, permission, .. }: &Grant) -> Line {
    let line = Line::default().given(permission).ours(" to ");
    match grantee {
        Grantee::Everyone | Grantee::AnyAccount => line.ours(grantee.text()),
        Grantee::Other(name) => line.given(name),
    }
}

pub(crate) fn shared(share: &Share) -> Line {
    let line = Line::new("shared with ");
    match &share.with {
        Audience::Everyone => line.ours("everyone"),
        Audience::Account(account) => line.ours("account ").id(account),
        Audience::Organisation(name) | Audience::Other(name) => line.given(name),
    }
}

pub(crate) fn stored(Store { name, encrypted, key, plain, .. }: &Store) -> Line {
    let mut line = Line::default().given(name).ours(match encrypted {
        Some(true) => ": encrypted",
        Some(false) => ": not encrypted",
        None => ": encryption not said",
    });
    if let Some(key) = key {
        line = line.ours(" with ").given(key);
    }
    if *plain == Some(true) { line.ours(", takes plain connections") } else { line }
}

/// Any item, for a terminal.
pub fn in_terminal(item: &Item) -> String {
    let text = |word: &Word| match word {
        Word::Ours(text) | Word::Id(text) => text.clone(),
        Word::Reported(text) => sink::terminal(&Untrusted::from(text.as_str())),
        Word::Given(text) => sink::terminal(text),
    };
    telling::described(item).words().iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_item_is_one_line_without_the_controls_of_hostile_text() {
        let hostile = || Untrusted::from("a\u{202e}b\n");
        let grant = Grant { id: hostile(), grantee: Grantee::Everyone, permission: "READ".into() };
        let share = Share { id: hostile(), with: Audience::Other(hostile()) };
        let store = Store {
            id: hostile(),
            name: "/dev/sdf".into(),
            encrypted: Some(false),
            key: Some(hostile()),
            plain: Some(true),
        };
        let shown = [Item::Grant(grant), Item::Share(share), Item::Store(store)];
        let shown: Vec<String> = shown.iter().map(in_terminal).collect();
        assert_eq!(
            shown,
            [
                "READ to everyone",
                "shared with ab",
                "/dev/sdf: not encrypted with ab, takes plain connections"
            ]
        );
    }
}
