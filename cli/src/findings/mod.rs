//! Findings, their histories and waivers as the command shows them. Pure: what is shown is given, and so is now.

pub(crate) mod history;
pub(crate) mod list;
pub(crate) mod page;
pub(crate) mod possible;
pub(crate) mod show;
pub(crate) mod waivers;

#[cfg(test)]
pub(crate) mod stage_tests;
