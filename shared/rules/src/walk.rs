//! A condition is walked before it is ever asked: CEL checks no types before it runs, so every name, field, function
//! and argument has to be known here, and loops inside loops are bounded, because CEL has no fuel.

use crate::params::network;
use crate::problem::Fault;
use crate::value::transport;
use crate::vocabulary::{FIELDS, Kind, function, operator};
use cel::Program;
use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, ListExpr, LiteralValue, MapExpr};
use std::collections::{BTreeMap, BTreeSet};

/// Loops inside each other, the rule's own `each` counted when a loop runs over what came with an event.
const LOOPS_MAX: usize = 2;

/// CEL recurses over an expression, and takes some 40 KB of stack a level where it is not optimised.
const DEPTH_MAX: usize = 32;

/// What a condition may name, and of what kind each is.
#[derive(Debug, Clone)]
pub(crate) struct Words<'a> {
    pub(crate) names: &'a [(&'static str, Kind)],
    pub(crate) params: &'a BTreeMap<String, Kind>,
    /// Is it asked of each item of a view?
    pub(crate) each: bool,
}

/// What a condition says, as far as others need to know.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) params: BTreeSet<String>,
    pub(crate) change: bool,
}

/// Every fault; none means that the condition may be asked.
pub(crate) fn walk(program: &Program, words: &Words<'_>) -> (Uses, Vec<Fault>) {
    if deeper_than(program.expression(), DEPTH_MAX) {
        let text = format!("more than {DEPTH_MAX} levels of what depends on what");
        return (Uses::default(), vec![Fault { at: 0, text }]);
    }
    let scope = words.names.iter().map(|(name, kind)| ((*name).to_owned(), *kind)).collect();
    let mut walk =
        Walk { program, words, scope, loops: Vec::new(), uses: Uses::default(), faults: Vec::new() };
    let kind = walk.kind(program.expression());
    if !kind.fits(Kind::Bool) {
        walk.fault(
            program.expression(),
            format!("a condition answers yes or no, and this is {}", kind.word()),
        );
    }
    (walk.uses, walk.faults)
}

fn deeper_than(expr: &IdedExpr, levels: usize) -> bool {
    let Some(levels) = levels.checked_sub(1) else { return true };
    let deeper = |expr: &IdedExpr| deeper_than(expr, levels);
    match &expr.expr {
        Expr::Select(select) => deeper(&select.operand),
        Expr::Call(call) => {
            call.args.iter().any(deeper) || call.target.as_ref().is_some_and(|target| deeper(target))
        }
        Expr::Comprehension(each) => {
            [&each.iter_range, &each.accu_init, &each.loop_cond, &each.loop_step, &each.result]
                .into_iter()
                .any(deeper)
        }
        Expr::List(list) => list.elements.iter().any(deeper),
        Expr::Map(map) => map.entries.iter().any(|entry| match &entry.expr {
            EntryExpr::MapEntry(entry) => deeper(&entry.key) || deeper(&entry.value),
            EntryExpr::StructField(_) => false,
        }),
        Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) | Expr::Unspecified => false,
    }
}

struct Walk<'a> {
    program: &'a Program,
    words: &'a Words<'a>,
    scope: Vec<(String, Kind)>,
    /// The loops around what is walked: does each run over what came with an event?
    loops: Vec<bool>,
    uses: Uses,
    faults: Vec<Fault>,
}

impl Walk<'_> {
    fn fault(&mut self, at: &IdedExpr, text: String) {
        let at = self.program.source_info().offset_for(at.id).map_or(0, |(start, _)| start);
        self.faults.push(Fault { at: usize::try_from(at).unwrap_or(0), text });
    }

    fn kind(&mut self, expr: &IdedExpr) -> Kind {
        match &expr.expr {
            Expr::Ident(name) => self.name(expr, name),
            Expr::Select(select) => {
                let of = self.kind(&select.operand);
                let kind = self.field(expr, of, &select.field);
                if select.test { Kind::Bool } else { kind }
            }
            Expr::Call(call) => {
                let of = call.target.as_ref().map(|target| self.kind(target));
                let given: Vec<Kind> = call.args.iter().map(|argument| self.kind(argument)).collect();
                self.literals(&call.func_name, &call.args);
                let is_function = call.func_name.starts_with(|c: char| c.is_ascii_alphabetic());
                let (answers, wrong) = if is_function {
                    function(&call.func_name, of, &given)
                } else {
                    operator(&call.func_name, &given)
                };
                if let Some(text) = wrong {
                    self.fault(expr, text);
                }
                answers
            }
            Expr::Comprehension(each) => self.looped(expr, each),
            Expr::List(list) => self.list(list),
            Expr::Map(map) => self.map(map),
            Expr::Literal(literal) => self.literal(expr, literal),
            Expr::Struct(_) | Expr::Unspecified => {
                self.fault(expr, "nothing can be made here, only asked".to_owned());
                Kind::Any
            }
        }
    }

    fn list(&mut self, list: &ListExpr) -> Kind {
        let kinds: Vec<Kind> = list.elements.iter().map(|element| self.kind(element)).collect();
        match kinds.first() {
            Some(Kind::Text) if kinds.iter().all(|kind| *kind == Kind::Text) => Kind::Texts,
            Some(Kind::Int) if kinds.iter().all(|kind| *kind == Kind::Int) => Kind::Ints,
            _ => Kind::List,
        }
    }

    fn map(&mut self, map: &MapExpr) -> Kind {
        for entry in &map.entries {
            if let EntryExpr::MapEntry(entry) = &entry.expr {
                self.kind(&entry.key);
                self.kind(&entry.value);
            }
        }
        Kind::Map
    }

    fn literal(&mut self, expr: &IdedExpr, literal: &LiteralValue) -> Kind {
        match literal {
            LiteralValue::Boolean(_) => Kind::Bool,
            LiteralValue::Int(_) => Kind::Int,
            LiteralValue::Double(_) => Kind::Double,
            LiteralValue::String(_) => Kind::Text,
            LiteralValue::Null => Kind::Null,
            LiteralValue::UInt(_) | LiteralValue::Bytes(_) => {
                self.fault(expr, "write a number without a letter, a text without a prefix".to_owned());
                Kind::Any
            }
        }
    }

    fn name(&mut self, expr: &IdedExpr, name: &str) -> Kind {
        if name.starts_with('@') {
            return Kind::Any;
        }
        let found = self.scope.iter().rev().find(|(known, _)| known == name).map(|(_, kind)| *kind);
        if found == Some(Kind::Change) {
            self.uses.change = true;
        }
        found.unwrap_or_else(|| {
            let known: Vec<&str> = self.scope.iter().map(|(known, _)| known.as_str()).collect();
            let text = format!("unknown name `{name}`: there are {}", known.join(", "));
            self.fault(expr, text);
            Kind::Any
        })
    }

    fn field(&mut self, expr: &IdedExpr, of: Kind, field: &str) -> Kind {
        if of == Kind::Params {
            self.uses.params.insert(field.to_owned());
            return self.words.params.get(field).copied().unwrap_or_else(|| {
                self.fault(expr, format!("the rule does not declare the param `{field}`"));
                Kind::Any
            });
        }
        if matches!(of, Kind::Any | Kind::Map | Kind::Fields) {
            return Kind::Any;
        }
        let known = FIELDS.iter().find(|(kind, name, _)| *kind == of && *name == field);
        known.map_or_else(
            || {
                self.fault(expr, format!("{} has no field `{field}`", of.word()));
                Kind::Any
            },
            |(_, _, kind)| *kind,
        )
    }

    /// `exists`, `all`, `map` and `filter`.
    fn looped(&mut self, expr: &IdedExpr, each: &ComprehensionExpr) -> Kind {
        let over = self.kind(&each.iter_range);
        let item = over.item().unwrap_or_else(|| {
            self.fault(expr, format!("there are no items in {}", over.word()));
            Kind::Any
        });
        self.loops.push(matches!(
            over,
            Kind::Openings | Kind::Statements | Kind::FieldsList | Kind::List | Kind::Map | Kind::Any
        ));
        let over_event = self.loops.iter().filter(|over_event| **over_event).count();
        if self.loops.len() > LOOPS_MAX {
            self.fault(expr, format!("more than {LOOPS_MAX} loops inside each other"));
        } else if over_event + usize::from(self.words.each) > LOOPS_MAX {
            self.fault(expr, format!("more than {LOOPS_MAX} loops inside each other, `each` counted"));
        }
        self.scope.push((each.iter_var.clone(), item));
        self.scope.extend(each.iter_var2.clone().map(|second| (second, Kind::Any)));
        self.kind(&each.loop_step);
        self.kind(&each.result);
        self.scope.truncate(self.scope.len() - 1 - usize::from(each.iter_var2.is_some()));
        self.loops.pop();
        match self.kind(&each.accu_init) {
            // `exists_one` counts, and compares in the end.
            Kind::Bool | Kind::Int => Kind::Bool,
            _ => Kind::List,
        }
    }

    /// Arguments that are written out are checked now and not when a change comes.
    fn literals(&mut self, function: &str, arguments: &[IdedExpr]) {
        for (at, argument) in arguments.iter().enumerate() {
            let written = match &argument.expr {
                Expr::List(list) => list.elements.as_slice(),
                _ => std::slice::from_ref(argument),
            };
            for part in written {
                if let Expr::Literal(literal) = &part.expr
                    && let Some(wrong) = wrong_literal(function, at, literal)
                {
                    self.fault(part, wrong);
                }
            }
        }
    }
}

fn wrong_literal(function: &str, at: usize, literal: &LiteralValue) -> Option<String> {
    match (function, at, literal) {
        ("reaches" | "exposes", 0, LiteralValue::String(text)) if transport(text.inner()).is_none() => {
            Some(format!("`{}` has no ports: `tcp` or `udp`", text.inner()))
        }
        ("reaches" | "exposes", 1, LiteralValue::Int(port)) if u16::try_from(*port.inner()).is_err() => {
            Some(format!("`{}` is no port", port.inner()))
        }
        ("within" | "outside", 0, LiteralValue::String(text)) => network(text.inner()).err(),
        _ => None,
    }
}
