//! YAML with positions.

use crate::Problem;
use serde::de::DeserializeOwned;
use serde_saphyr::{Location, Spanned};

/// Where something stands in a file; lines and columns count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Place {
    pub(crate) const START: Self = Self { line: 1, column: 1 };

    pub(crate) fn of<T>(spanned: &Spanned<T>) -> Self {
        Self::from(spanned.referenced)
    }
}

impl From<Location> for Place {
    fn from(location: Location) -> Self {
        Self { line: location.line().max(1), column: location.column().max(1) }
    }
}

pub(crate) fn read<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Problem> {
    let options = serde_saphyr::options! { strict_booleans: true };
    serde_saphyr::from_str_with_options(text, options).map_err(|error| {
        let place = error.location().map_or(Place::START, Place::from);
        let said = error.without_snippet().to_string();
        let what = said.rsplit_once(" at line ").map_or(said.as_str(), |(what, _)| what);
        Problem::new(path, place, what)
    })
}

/// A text inside a YAML file, with which a position in the text is found again in the file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passage<'a> {
    file: &'a str,
    value: &'a Spanned<String>,
}

impl<'a> Passage<'a> {
    pub(crate) fn new(file: &'a str, value: &'a Spanned<String>) -> Self {
        Self { file, value }
    }

    /// The place of the character at `offset`. YAML folds lines and strips their indentation but keeps every
    /// other character, so those are counted.
    pub(crate) fn place(self, offset: usize) -> Place {
        let start = Place::of(self.value);
        let before = self.value.value.chars().take(offset).filter(|c| !c.is_whitespace()).count();
        let mut place = start;
        let mut left = before + usize::from(self.quoted());
        for c in self.rest_of_file() {
            if !c.is_whitespace() {
                if left == 0 {
                    return place;
                }
                left -= 1;
            }
            if c == '\n' {
                place = Place { line: place.line + 1, column: 1 };
            } else {
                place.column += 1;
            }
        }
        start
    }

    fn quoted(self) -> bool {
        self.rest_of_file()
            .next()
            .is_some_and(|c| (c == '\'' || c == '"') && !self.value.value.starts_with(c))
    }

    fn rest_of_file(self) -> impl Iterator<Item = char> + 'a {
        let start = Place::of(self.value);
        let skipped = self.file.split_inclusive('\n').take(usize::try_from(start.line).unwrap_or(1) - 1);
        let offset = skipped.map(|line| line.chars().count()).sum::<usize>();
        self.file.chars().skip(offset + usize::try_from(start.column).unwrap_or(1) - 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Text {
        when: Spanned<String>,
    }

    fn place_of(needle: &str, yaml: &str) -> (u64, u64) {
        let text: Text = read("rule.yaml", yaml).unwrap();
        let (before, _) = text.when.value.split_once(needle).unwrap();
        let place = Passage::new(yaml, &text.when).place(before.chars().count());
        (place.line, place.column)
    }

    #[test]
    fn a_position_in_a_text_is_found_again_whatever_way_the_text_is_written() {
        for (yaml, expected) in [
            ("when: a && here\n", (1, 12)),
            ("id: é\nwhen: 'a && here'\n", (2, 13)),
            ("when: \"a && here\"\n", (1, 13)),
            ("when: a &&\n  b && here\n", (2, 8)),
            ("when: |\n  a &&\n  here\n", (3, 3)),
            ("when: >-\n  a &&\n    (b\n    || here)\n", (4, 8)),
        ] {
            assert_eq!(place_of("here", yaml), expected, "{yaml}");
        }
    }

    #[test]
    fn a_text_that_is_not_what_was_asked_for_is_refused_with_its_position() {
        let problem = read::<Text>("rule.yaml", "when: x\nwhen: y\n").map(drop).unwrap_err();
        assert!(problem.to_string().starts_with("rule.yaml:2:1: duplicate mapping key"), "{problem}");
        let problem = read::<Text>("rule.yaml", "when: [1]\n").map(drop).unwrap_err();
        assert_eq!(problem.to_string(), "rule.yaml:1:7: expected string scalar");
    }
}
