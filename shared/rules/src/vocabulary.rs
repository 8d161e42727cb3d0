//! The words of conditions: kinds of values, their fields, functions and operators.

use cel::common::ast::operators;

/// What a part of an expression is. `Any` is what only the event decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Any,
    Bool,
    Int,
    Double,
    Text,
    Null,
    Map,
    List,
    Ints,
    Texts,
    Cidrs,
    Openings,
    Opening,
    Statements,
    Statement,
    Grant,
    Share,
    Store,
    Login,
    Fields,
    FieldsList,
    Change,
    Actor,
    Observed,
    Params,
}

use Kind::{
    Actor, Any, Bool, Change, Cidrs, Double, Fields, FieldsList, Grant, Int, Ints, List, Login, Map, Null,
    Observed, Opening, Openings, Params, Share, Statement, Statements, Store, Text, Texts,
};

impl Kind {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Any => "a value of the event",
            Bool => "a yes or no",
            Int => "a whole number",
            Double => "a number",
            Text => "a text",
            Null => "null",
            Map => "a map",
            List => "a list",
            Ints => "a list of numbers",
            Texts => "a list of texts",
            Cidrs => "a list of networks",
            Openings => "a list of openings",
            Opening => "an opening",
            Statements => "a list of statements",
            Statement => "a statement",
            Grant => "a grant",
            Share => "a share",
            Store => "a store",
            Login => "a sign-in",
            Fields => "fields",
            FieldsList => "a list of fields",
            Change => "a change",
            Actor => "an actor",
            Observed => "an observed resource",
            Params => "the params",
        }
    }

    /// May the one stand where the other is meant?
    pub(crate) fn fits(self, meant: Self) -> bool {
        let list = |kind| matches!(kind, List | Ints | Texts | Openings | Statements | FieldsList);
        let number = |kind| matches!(kind, Int | Double);
        self == meant
            || self == Any
            || meant == Any
            || (list(self) && list(meant) && (self == List || meant == List))
            || (number(self) && number(meant))
    }

    /// What a loop over it runs over; of a map, its keys.
    pub(crate) fn item(self) -> Option<Self> {
        match self {
            Openings => Some(Opening),
            Statements => Some(Statement),
            FieldsList => Some(Fields),
            Ints => Some(Int),
            Texts | Map => Some(Text),
            List | Any => Some(Any),
            _ => None,
        }
    }

    /// Two openings, say, are never equal to CEL: to ask it would always be answered with no.
    fn has_equals(self) -> bool {
        matches!(self, Any | Bool | Int | Double | Text | Null | Map | List | Ints | Texts)
    }
}

/// The fields of what has fields; those of `params` are the rule's own.
pub(crate) const FIELDS: &[(Kind, &str, Kind)] = &[
    (Change, "name", Text),
    (Change, "source", Text),
    (Change, "account", Text),
    (Change, "region", Text),
    (Change, "resource", Text),
    (Change, "source_address", Text),
    (Change, "kind", Text),
    (Change, "error", Text),
    (Change, "read_only", Bool),
    (Change, "actor", Actor),
    (Change, "openings", Openings),
    (Change, "statements", Statements),
    (Change, "login", Login),
    (Change, "tags", Map),
    (Change, "request", Fields),
    (Change, "response", Fields),
    (Change, "record", Fields),
    (Actor, "kind", Text),
    (Actor, "name", Text),
    (Actor, "account", Text),
    (Actor, "arn", Text),
    (Actor, "role", Text),
    (Actor, "session", Text),
    (Actor, "source_identity", Text),
    (Actor, "invoked_by", Text),
    (Actor, "user_agent", Text),
    (Actor, "mfa", Bool),
    (Actor, "automatic", Bool),
    (Opening, "ingress", Bool),
    (Opening, "egress", Bool),
    (Opening, "protocol", Text),
    (Opening, "from_port", Int),
    (Opening, "to_port", Int),
    (Opening, "all_ports", Bool),
    (Opening, "source", Text),
    (Opening, "cidr", Text),
    (Opening, "prefix_list", Text),
    (Opening, "group", Text),
    (Opening, "account", Text),
    (Opening, "rule", Text),
    (Opening, "description", Text),
    (Statement, "effect", Text),
    (Statement, "sid", Text),
    (Statement, "conditional", Bool),
    (Statement, "held_by", Text),
    (Statement, "principals", Texts),
    (Statement, "actions", Texts),
    (Statement, "resources", Texts),
    (Grant, "grantee", Text),
    (Grant, "permission", Text),
    (Share, "with", Text),
    (Store, "name", Text),
    (Store, "key", Text),
    (Store, "unencrypted", Bool),
    (Store, "plain", Bool),
    (Store, "aws_key", Bool),
    (Login, "succeeded", Bool),
    (Login, "mfa", Bool),
    (Login, "root", Bool),
    (Login, "federated", Bool),
    (Login, "instance", Bool),
    (Observed, "group", Text),
    (Observed, "name", Text),
    (Observed, "tags", Map),
    (Observed, "lines", Openings),
    (Observed, "prefix_lists", Map),
];

/// What a function is asked of, takes and answers.
#[derive(Debug)]
pub(crate) struct Function {
    of: Option<Kind>,
    name: &'static str,
    takes: &'static [Kind],
    answers: Kind,
}

const fn of(of: Kind, name: &'static str, takes: &'static [Kind], answers: Kind) -> Function {
    Function { of: Some(of), name, takes, answers }
}

const fn plain(name: &'static str, takes: &'static [Kind], answers: Kind) -> Function {
    Function { of: None, name, takes, answers }
}

const FUNCTIONS: &[Function] = &[
    of(Opening, "reaches", &[Text, Int], Bool),
    of(Opening, "exposes", &[Text, Int], Bool),
    of(Opening, "reaches", &[Text, Ints], Bool),
    of(Opening, "exposes", &[Text, Ints], Bool),
    of(Opening, "exposesAll", &[], Bool),
    of(Opening, "within", &[Cidrs], Bool),
    of(Opening, "within", &[Texts], Bool),
    of(Opening, "outside", &[Cidrs], Bool),
    of(Opening, "outside", &[Texts], Bool),
    of(Change, "by", &[Texts], Bool),
    of(Change, "daysUntil", &[Text], Int),
    of(Change, "tagged", &[Text], Bool),
    of(Change, "tagged", &[Texts], Bool),
    of(Change, "within", &[Cidrs], Bool),
    of(Change, "outside", &[Cidrs], Bool),
    of(Fields, "has", &[Text], Bool),
    of(Fields, "says", &[Text, Any], Bool),
    of(Fields, "text", &[Text], Text),
    of(Fields, "texts", &[Text], Texts),
    of(Fields, "number", &[Text], Int),
    of(Fields, "number", &[Text, Int], Int),
    of(Fields, "decimal", &[Text], Double),
    of(Fields, "list", &[Text], FieldsList),
    of(Fields, "keys", &[Text], Texts),
    of(Fields, "json", &[Text], Fields),
    of(Fields, "secrets", &[Text, Texts], Texts),
    of(Fields, "daysSince", &[Text], Int),
    of(Fields, "tagged", &[Text], Bool),
    of(Fields, "tagged", &[Texts], Bool),
    of(Grant, "isPublic", &[], Bool),
    of(Share, "isPublic", &[], Bool),
    of(Share, "isForeign", &[Texts], Bool),
    of(Text, "like", &[Text], Bool),
    of(Text, "like", &[Texts], Bool),
    of(Text, "account", &[], Text),
    of(Text, "days", &[], Int),
    of(Texts, "like", &[Text], Bool),
    of(Texts, "like", &[Texts], Bool),
    of(Texts, "isWorld", &[], Bool),
    of(Texts, "outside", &[Cidrs], Bool),
    of(Statement, "values", &[Text], Texts),
    of(Statement, "values", &[Text, Text], Texts),
    of(Statement, "isPublic", &[], Bool),
    of(Statement, "isForeign", &[Texts], Bool),
    of(Statement, "confined", &[], Bool),
    of(Statement, "allows", &[Text], Bool),
    of(Statement, "requires", &[Text], Bool),
    of(Statement, "deniesPlainHttp", &[], Bool),
    of(Text, "startsWith", &[Text], Bool),
    of(Text, "endsWith", &[Text], Bool),
    of(Text, "contains", &[Text], Bool),
    of(Text, "matches", &[Text], Bool),
    of(Text, "size", &[], Int),
    of(List, "size", &[], Int),
    of(Map, "size", &[], Int),
    of(Cidrs, "size", &[], Int),
    plain("size", &[Text], Int),
    plain("size", &[List], Int),
    plain("size", &[Map], Int),
    plain("size", &[Cidrs], Int),
    plain("int", &[Any], Int),
    plain("string", &[Any], Text),
    plain("double", &[Any], Double),
    of(Any, "orValue", &[Any], Any),
    of(Any, "hasValue", &[], Bool),
];

/// What a function answers; with what is wrong with asking it so.
pub(crate) fn function(name: &str, asked: Option<Kind>, given: &[Kind]) -> (Kind, Option<String>) {
    let named = || FUNCTIONS.iter().filter(|function| function.name == name);
    let of_this = |function: &&Function| match (function.of, asked) {
        // What is observed of any resource but a security group is fields.
        (Some(Fields), Some(Observed)) | (None, None) => true,
        (Some(meant), Some(asked)) => asked.fits(meant),
        _ => false,
    };
    let takes = |function: &Function| {
        function.takes.len() == given.len()
            && function.takes.iter().zip(given).all(|(meant, given)| given.fits(*meant))
    };
    let words = |kinds: &[Kind]| match kinds {
        [] => "nothing".to_owned(),
        kinds => kinds.iter().map(|kind| kind.word()).collect::<Vec<_>>().join(" and "),
    };
    match (named().find(of_this), asked) {
        (Some(first), _) => {
            let fits = named().filter(of_this).any(takes);
            let wrong = || format!("`{name}` takes {}, not {}", words(first.takes), words(given));
            (first.answers, (!fits).then(wrong))
        }
        (None, Some(asked)) if named().next().is_some() => {
            (Any, Some(format!("`{name}` can't be asked of {}", asked.word())))
        }
        (None, _) => (Any, Some(format!("unknown function `{name}`"))),
    }
}

/// What an operator answers; with what is wrong with asking it so.
pub(crate) fn operator(name: &str, given: &[Kind]) -> (Kind, Option<String>) {
    let first = given.first().copied().unwrap_or(Any);
    let fits = |meant: &[Kind]| given.iter().zip(meant).all(|(given, meant)| given.fits(*meant));
    let alike = |among: fn(Kind) -> bool| {
        matches!(given, [left, right] if left.fits(*right)) && given.iter().all(|kind| among(*kind))
    };
    let (sound, answers) = match name {
        operators::LOGICAL_AND | operators::LOGICAL_OR => (fits(&[Bool, Bool]), Bool),
        operators::LOGICAL_NOT => (fits(&[Bool]), Bool),
        operators::EQUALS | operators::NOT_EQUALS => (alike(Kind::has_equals), Bool),
        operators::LESS | operators::LESS_EQUALS | operators::GREATER | operators::GREATER_EQUALS => {
            (alike(|kind| matches!(kind, Any | Int | Double | Text)), Bool)
        }
        operators::IN => {
            let holds = |list: Kind, item: Kind| {
                !matches!(list, Openings | Statements | FieldsList)
                    && list.item().is_some_and(|of| item.fits(of))
                    && item.has_equals()
            };
            (matches!(given, [item, list] if holds(*list, *item)), Bool)
        }
        operators::ADD => {
            let adds =
                |kind| matches!(kind, Any | Int | Double | Text | List | Ints | Texts | Cidrs | Openings);
            (alike(adds), first)
        }
        operators::SUBSTRACT | operators::MULTIPLY | operators::DIVIDE | operators::MODULO => {
            (fits(&[Int, Int]), first)
        }
        operators::NEGATE => (fits(&[Int]), first),
        operators::CONDITIONAL => {
            let branches = matches!(given, [_, left, right] if left.fits(*right));
            (fits(&[Bool]) && branches, given.get(1).copied().unwrap_or(Any))
        }
        operators::INDEX | operators::OPT_INDEX | operators::OPT_SELECT => {
            let answers = if matches!(first, Map | Fields) { Any } else { first.item().unwrap_or(Any) };
            (first == Fields || first.item().is_some(), answers)
        }
        _ => (true, Any),
    };
    let wrong = || {
        let given: Vec<&str> = given.iter().map(|kind| kind.word()).collect();
        format!("`{}` can't be asked of {}", name.replace(['_', '@'], ""), given.join(" and "))
    };
    (answers, (!sound).then(wrong))
}
