//! The documents that are generated from the rules: a page for each, their index, what they can be told and what
//! they cover. Pure.

mod coverage;
mod index;
mod markdown;
mod params;
mod rule;

pub(crate) use coverage::Recommendations;

use rules::{Framework, Rule, RuleBook, RuleFile};

/// The first line of every page: what it says of itself.
pub(crate) const MARK: &str = "<!-- Written by `gardefou docs`: do not edit. -->";

/// A page by its path below the folder of documents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Page {
    pub(crate) path: String,
    pub(crate) text: String,
}

impl Page {
    fn new(path: impl Into<String>, text: &str) -> Self {
        Self { path: path.into(), text: format!("{MARK}\n\n{}\n", text.trim_end()) }
    }
}

/// A rule, with the pack that it is in.
#[derive(Debug, Clone, Copy)]
struct Entry<'a> {
    rule: &'a Rule,
    pack: &'a str,
}

impl Entry<'_> {
    /// From the folder of the pages.
    fn link(&self) -> String {
        format!("[{id}]({id}.md)", id = self.rule.id)
    }
}

/// Every page, by path. Without recommendations there is nothing to be covered.
pub(crate) fn pages(
    book: &RuleBook,
    files: &[RuleFile],
    recommendations: Option<&Recommendations>,
) -> Vec<Page> {
    let entries: Vec<Entry<'_>> =
        book.rules().iter().map(|rule| Entry { rule, pack: pack(rule, files) }).collect();
    let mut pages: Vec<Page> = entries.iter().map(rule::page).collect();
    pages.push(index::page(&entries));
    pages.push(params::page(&entries));
    pages.extend(recommendations.map(|recommendations| coverage::page(recommendations, &entries)));
    pages.sort_by(|one, two| one.path.cmp(&two.path));
    pages
}

/// The folder that the rule's folder is in.
fn pack<'a>(rule: &Rule, files: &'a [RuleFile]) -> &'a str {
    let parts = |file: &'a RuleFile| {
        let mut parts = file.path.trim_end_matches(['/', '\\']).rsplit(['/', '\\']);
        (parts.next().unwrap_or_default(), parts.next().unwrap_or_default())
    };
    let found = files.iter().map(parts).find(|(folder, _)| *folder == rule.id.as_str());
    found.map_or("", |(_, pack)| pack)
}

fn framework(framework: Framework) -> &'static str {
    match framework {
        Framework::CisAws => "CIS AWS Foundations",
        Framework::Fsbp => "AWS Foundational Security Best Practices",
        Framework::Gdpr => "GDPR",
        Framework::Iso27001 => "ISO/IEC 27001:2022",
        Framework::Nist80053R5 => "NIST 800-53 r5",
        Framework::PciDss40 => "PCI DSS 4.0",
    }
}
