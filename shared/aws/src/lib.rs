//! The engine's ports on AWS: the ledger on DynamoDB, doorbells on SQS, a topic on SNS, secrets.
//!
//! Floor 4. Only this crate, `hands` and the functions' `main()` name the AWS SDK.

mod batch;
mod clients;
mod clock;
mod dead_letters;
mod dynamo;
mod expression;
mod index;
mod package;
mod queue;
mod report;
mod secrets;
pub mod settings;
mod stack;
mod topic;

pub use batch::{Message, batch};
pub use clients::load;
pub use clock::SystemClock;
pub use dead_letters::{DeadLetterError, DeadLetters, DeadQueue, Letter, Moved, Waiting};
pub use dynamo::DynamoLedger;
pub use package::{Package, PackageError};
pub use queue::{SqsQueue, SqsUrls};
pub use report::report;
pub use secrets::{SecretError, Secrets};
pub use stack::{CallerError, Stack, StackQueues};
pub use topic::Topic;
