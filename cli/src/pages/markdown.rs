//! Text as Markdown.

/// Text that means itself: only what stands between backticks is left as code. On one line.
pub(super) fn text(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let spans = text.matches('`').count() % 2 == 0;
    let part = |(at, part): (usize, &str)| match at % 2 {
        1 if spans => format!("`{}`", part.replace('|', "\\|")),
        _ => escaped(part),
    };
    if spans { text.split('`').enumerate().map(part).collect() } else { escaped(&text) }
}

/// A name as code; a backtick in it would end it.
pub(super) fn code(name: &str) -> String {
    format!("`{}`", name.replace('`', "'").replace('|', "\\|"))
}

fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        let first = at == 0 && matches!(character, '-' | '+' | '=');
        if first
            || matches!(
                character,
                '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' | '#' | '&' | '!'
            )
        {
            shown.push('\\');
        }
        shown.push(character);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_means_itself_and_code_stays_code() {
        for (given, expected) in [
            ("Port 22", "Port 22"),
            ("a_b* [x](y) <b> | c", "a\\_b\\* \\[x\\](y) \\<b\\> \\| c"),
            ("name it (`operator_cidrs`)\n  or not", "name it (`operator_cidrs`) or not"),
            ("one ` alone_", "one \\` alone\\_"),
            ("`a|b`", "`a\\|b`"),
            ("- no list", "\\- no list"),
            ("# no heading &amp;", "\\# no heading \\&amp;"),
        ] {
            assert_eq!(text(given), expected);
        }
        assert_eq!(code("a`b|c"), "`a'b\\|c`");
    }
}
