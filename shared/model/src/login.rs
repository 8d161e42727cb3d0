//! A sign-in to the console.

use serde::{Deserialize, Serialize};

/// What a sign-in event says of how somebody came in, or did not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing that the event says, and any go together")]
pub struct Login {
    pub succeeded: bool,
    /// Was a second factor asked by AWS? Absent where the event does not say. Of the federated, the provider knows.
    pub mfa: Option<bool>,
    pub root: bool,
    /// Through SAML, Identity Center or a role: AWS did not ask for the password.
    pub federated: bool,
    /// By a session of an instance's role.
    pub instance: bool,
}
