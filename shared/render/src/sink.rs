//! The ways out for text whose writer may be an attacker.
//!
//! Each drops what is not seen or moves what is seen (controls, line ends, escape sequences, directions, zero
//! widths) and cuts long text, so that a name can neither forge a line nor hide one. A text that was cut ends in
//! a piece of its hash: two long names that begin alike stay two.

use model::Untrusted;

/// Characters of one text that are shown, the mark of a cut included.
pub const GIVEN_CHARS_MAX: usize = 200;
/// `…#` and eight digits.
const CUT_MARK_CHARS: usize = 10;
/// What stands where nothing visible is left.
const NOTHING: &str = "(empty)";

/// For plain text that is read as it is, such as a mail.
pub fn plain(text: &Untrusted) -> String {
    shown(text.raw(), GIVEN_CHARS_MAX)
}

/// For a terminal, and for a field of a log line.
pub fn terminal(text: &Untrusted) -> String {
    shown(text.raw(), GIVEN_CHARS_MAX)
}

/// For Slack's `mrkdwn`: what could begin a link, a mention, an entity or end a code span is replaced.
pub fn slack(text: &Untrusted) -> String {
    escaped(&shown(text.raw(), GIVEN_CHARS_MAX))
}

/// For PagerDuty, which shows plain text and makes a link of every address.
pub fn pagerduty(text: &Untrusted) -> String {
    unlinked(&shown(text.raw(), GIVEN_CHARS_MAX))
}

/// The visible characters, `max` at most.
pub(crate) fn shown(raw: &str, max: usize) -> String {
    let visible = || raw.chars().filter(|&character| !is_hidden(character));
    if visible().all(char::is_whitespace) {
        return NOTHING.to_owned();
    }
    if visible().nth(max).is_none() {
        return visible().collect();
    }
    let mut cut: String = visible().take(max.saturating_sub(CUT_MARK_CHARS)).collect();
    cut.push_str("…#");
    cut.push_str(&digest(raw));
    cut
}

/// Slack's three entities, and back-ticks as a look-alike that ends no code span.
pub(crate) fn escaped(text: &str) -> String {
    entities(text).replace('`', "\u{2cb}")
}

/// Slack's three entities only, for our own sentences: their code spans are meant.
pub(crate) fn entities(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// A sentence of ours or a piece of one; a piece may be the space between two names.
pub(crate) fn sentence(text: &str, max: usize) -> String {
    if text.bytes().all(|byte| byte == b' ') { text.to_owned() } else { shown(text, max) }
}

/// No address with a scheme is left: `https[:]//example.com`, as people who warn of addresses write them.
pub(crate) fn unlinked(text: &str) -> String {
    text.replace("://", "[:]//")
}

fn digest(raw: &str) -> String {
    use sha2::Digest as _;
    let mut digits = data_encoding::HEXLOWER.encode(&sha2::Sha256::digest(raw.as_bytes()));
    digits.truncate(8);
    digits
}

/// Not seen itself, or moving, joining or hiding what is.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(character,
            // Directions: marks, embeddings, overrides, isolates, and the deprecated ones.
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}'
            // Lines and paragraphs.
            | '\u{2028}' | '\u{2029}'
            // Zero width: joiners, fillers, invisible operators, byte order mark, selectors, tags.
            | '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200d}' | '\u{2060}'..='\u{2065}'
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    fn check(text: &str, expect: &Expect) {
        let text = Untrusted::from(text);
        expect.assert_eq(&format!("{}\n{}", plain(&text), slack(&text)));
    }

    #[test]
    fn an_honest_name_stays_as_it_is() {
        check(
            "deploy/Zoë – 東京",
            &expect![[r#"
                deploy/Zoë – 東京
                deploy/Zoë – 東京"#]],
        );
    }

    #[test]
    fn slack_markup_is_shown_and_not_obeyed() {
        check(
            "<!channel> <https://evil|Approve> `x` &lt;",
            &expect![[r#"
                <!channel> <https://evil|Approve> `x` &lt;
                &lt;!channel&gt; &lt;https://evil|Approve&gt; ˋxˋ &amp;lt;"#]],
        );
    }

    #[test]
    fn an_address_is_shown_and_is_no_link() {
        let shown = |text: &str| pagerduty(&Untrusted::from(text));
        expect!["<https[:]//evil|Approve> HTTP[:]//evil"]
            .assert_eq(&shown("<https://evil|Approve> HTTP://evil"));
        expect!["https[:]//evil"].assert_eq(&shown("https:\u{200b}//\u{202e}evil"));
        expect!["s3:/bucket arn:aws:s3:::bucket"].assert_eq(&shown("s3:/bucket arn:aws:s3:::bucket"));
    }

    #[test]
    fn controls_lines_directions_and_zero_widths_are_dropped() {
        check(
            "a\r\nb\u{1b}[31mc\u{9b}d\0e\u{202e}f\u{2066}g\u{200b}h\u{feff}i\u{2028}j\u{e0041}k\u{7f}l",
            &expect![[r#"
                ab[31mcdefghijkl
                ab[31mcdefghijkl"#]],
        );
    }

    #[test]
    fn what_leaves_nothing_to_see_says_so() {
        check(
            "\u{200b} \u{202e}\n",
            &expect![[r#"
                (empty)
                (empty)"#]],
        );
    }

    #[test]
    fn two_long_names_that_begin_alike_stay_two() {
        let name = |end: &str| plain(&Untrusted::new("a".repeat(300) + end));
        assert_ne!(name("x"), name("y"));
        assert_eq!(name("x").chars().count(), GIVEN_CHARS_MAX);
        let whole = "a".repeat(GIVEN_CHARS_MAX);
        assert_eq!(plain(&Untrusted::new(whole.clone())), whole);
    }

    proptest! {
        #[test]
        fn no_text_gets_longer_than_the_limit_or_shows_a_hidden_character(raw in any::<String>()) {
            let text = Untrusted::new(raw);
            for shown in [plain(&text), terminal(&text)] {
                prop_assert!(shown.chars().count() <= GIVEN_CHARS_MAX);
                prop_assert!(!shown.chars().any(is_hidden));
            }
            let shown = slack(&text);
            prop_assert!(!shown.contains(['<', '>', '`']) && !shown.chars().any(is_hidden));
            let shown = pagerduty(&text);
            prop_assert!(!shown.contains("://") && !shown.chars().any(is_hidden));
        }
    }
}
