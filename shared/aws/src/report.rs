//! The metrics of an invocation.

use crate::{DynamoLedger, SqsQueue, SystemClock};
use engine::Desk;

/// One summary line of the invocation; CloudWatch reads the metrics from it.
#[expect(clippy::print_stdout, reason = "the embedded metric format is a line on standard output")]
pub fn report(desk: &Desk<DynamoLedger, SqsQueue, SystemClock>, function: &str, request: &str) {
    println!("{}", desk.meter.take().line(function, request, desk.now()));
}
