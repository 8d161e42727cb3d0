//! The deterministic simulation: the production handlers over ports in memory that are stricter than AWS, in virtual
//! time, with faults, people and attackers that a seed chooses; and what must hold whatever it chose.

mod acts;
mod agenda;
mod calls;
mod campaign;
mod channels;
mod core;
mod crash_points;
mod ec2;
mod end;
mod faults;
mod handlers;
mod oracle;
mod orders;
mod queues;
mod run;
mod script;
mod table;
mod trail;
mod variant;

pub use campaign::{Campaign, Failure, minimise};
pub use core::{Line, Violation};
pub use crash_points::{CrashPoints, crash_points};
pub use faults::{Fault, Faults};
pub use orders::endings;
pub use run::{Options, Ran, run};
pub use variant::{Variant, variants};
