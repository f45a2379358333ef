//! From a file to a script.

use std::time::Duration;

use planaria_core::limits::ANSWER_CALLS_MAX;
use regex::{Regex, RegexBuilder};
use serde::Deserialize;
use serde_json::{Map, Value};
use serde_saphyr::{Location, MessageFormatter, Spanned, UserMessageFormatter};

use super::error::ScriptError;
use super::limits::{
    BRANCHES_MAX, PAUSE_MAX, REGEX_BYTES_MAX, SCRIPT_BYTES_MAX, SCRIPT_DEPTH_MAX, SCRIPT_NODES_MAX,
    STEPS_MAX,
};
use super::template::{Input, Known, Template};

/// A script, checked: expressions are compiled, and every place names something.
#[derive(Debug, Clone)]
pub struct Script {
    pub(super) name: String,
    pub(super) steps: Vec<Step>,
}

/// One step.
#[derive(Debug, Clone)]
pub(super) struct Step {
    /// What the last results must match; anything if absent.
    pub expect: Option<Regex>,
    pub reply: Reply,
    /// Tried in order where `expect` does not match. They never lead on to the next step.
    pub branches: Vec<(Regex, Reply)>,
}

/// What is answered.
#[derive(Debug, Clone)]
pub(super) struct Reply {
    pub think: Option<Template>,
    pub say: Option<Template>,
    pub calls: Vec<(String, Input)>,
    pub pause: Duration,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScript {
    steps: Vec<Spanned<RawStep>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawStep {
    expect: Option<Spanned<String>>,
    think: Option<Spanned<String>>,
    say: Option<Spanned<String>>,
    call: Option<RawCall>,
    calls: Option<Spanned<Vec<RawCall>>>,
    pause: Option<Spanned<String>>,
    #[serde(rename = "else")]
    branches: Option<Spanned<Vec<Spanned<RawStep>>>>,
}

/// One tool and its input.
type RawCall = Spanned<Map<String, Value>>;

/// A problem and its place, before it has a file's name.
type Problem = (Location, String);

impl Script {
    /// Reads a script. `name` is what errors call it, usually its path.
    ///
    /// # Errors
    /// The first problem, with its place.
    pub fn parse(name: &str, yaml: &str) -> Result<Self, ScriptError> {
        let error = |location, message| ScriptError::at(name, yaml, location, message);
        if yaml.len() > SCRIPT_BYTES_MAX {
            return Err(error(None, format!("larger than {SCRIPT_BYTES_MAX} bytes")));
        }
        let options = serde_saphyr::options! {
            budget: serde_saphyr::budget! {
                max_nodes: SCRIPT_NODES_MAX,
                max_depth: SCRIPT_DEPTH_MAX,
                max_documents: 1,
            },
            alias_limits: serde_saphyr::alias_limits! {
                max_total_replayed_events: SCRIPT_NODES_MAX,
            },
            with_snippet: false,
        };
        let raw: RawScript = serde_saphyr::from_str_with_options(yaml, options)
            .map_err(|e| error(e.location(), words(&e)))?;
        let steps = steps(raw).map_err(|(at, message)| error(Some(at), message))?;
        if steps.is_empty() {
            return Err(error(None, "`steps` must have at least one step".to_owned()));
        }
        Ok(Self { name: name.to_owned(), steps })
    }

    /// The name that it was read under.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The library's words without their place, which we write ourselves.
fn words(error: &serde_saphyr::Error) -> String {
    UserMessageFormatter.format_message(error.without_snippet()).into_owned()
}

fn steps(raw: RawScript) -> Result<Vec<Step>, Problem> {
    let mut known = Known::default();
    let mut steps = Vec::new();
    for step in raw.steps {
        if steps.len() == STEPS_MAX {
            return Err((step.referenced, format!("a script has at most {STEPS_MAX} steps")));
        }
        steps.push(parse_step(step, &mut known)?);
    }
    Ok(steps)
}

fn parse_step(raw: Spanned<RawStep>, known: &mut Known) -> Result<Step, Problem> {
    let (at, mut raw) = (raw.referenced, raw.value);
    let branches = raw.branches.take();
    let expect = raw.expect.take().map(compile).transpose()?;
    if let (None, Some(branches)) = (&expect, &branches) {
        let problem = "`else` needs an `expect` beside it: without one the step always matches";
        return Err((branches.referenced, problem.to_owned()));
    }
    let here = known.with(expect.as_ref());
    let reply = parse_reply(at, raw, &here)?;
    // A branch may name what later steps use: it is judged again, so its own match is kept too.
    let mut all = here.clone();
    let branches = branches.map(|b| parse_branches(b, known, &mut all)).transpose()?;
    *known = all;
    Ok(Step { expect, reply, branches: branches.unwrap_or_default() })
}

fn parse_branches(
    raw: Spanned<Vec<Spanned<RawStep>>>,
    known: &Known,
    all: &mut Known,
) -> Result<Vec<(Regex, Reply)>, Problem> {
    if raw.value.len() > BRANCHES_MAX {
        return Err((raw.referenced, format!("a step has at most {BRANCHES_MAX} branches")));
    }
    let mut branches = Vec::with_capacity(raw.value.len());
    for branch in raw.value {
        let (at, mut branch) = (branch.referenced, branch.value);
        if let Some(inner) = branch.branches.take() {
            return Err((inner.referenced, "a branch has no branches of its own".to_owned()));
        }
        let expect = branch.expect.take();
        let expect = expect.ok_or_else(|| (at, "a branch needs an `expect`".to_owned()))?;
        let expect = compile(expect)?;
        let reply = parse_reply(at, branch, &known.with(Some(&expect)))?;
        *all = all.with(Some(&expect));
        branches.push((expect, reply));
    }
    Ok(branches)
}

fn parse_reply(at: Location, raw: RawStep, known: &Known) -> Result<Reply, Problem> {
    let template = |text: Spanned<String>| {
        Template::parse(&text.value, known).map_err(|problem| (text.referenced, problem))
    };
    let calls = match (raw.call, raw.calls) {
        (Some(_), Some(calls)) => {
            let problem = "`call` and `calls` exclude each other; list all of them under `calls`";
            return Err((calls.referenced, problem.to_owned()));
        }
        (Some(call), None) => vec![call],
        (None, Some(calls)) if calls.value.len() > ANSWER_CALLS_MAX => {
            return Err((calls.referenced, format!("at most {ANSWER_CALLS_MAX} calls at once")));
        }
        (None, Some(calls)) => calls.value,
        (None, None) => Vec::new(),
    };
    let calls = calls.into_iter().map(|c| parse_call(c, known)).collect::<Result<Vec<_>, _>>()?;
    let say = raw.say.map(template).transpose()?;
    if say.is_none() && calls.is_empty() {
        return Err((at, "a step needs `say`, `call` or `calls`".to_owned()));
    }
    let pause = raw.pause.map(parse_pause).transpose()?.unwrap_or_default();
    Ok(Reply { think: raw.think.map(template).transpose()?, say, calls, pause })
}

fn parse_call(raw: RawCall, known: &Known) -> Result<(String, Input), Problem> {
    let at = raw.referenced;
    let mut entries = raw.value.into_iter();
    let (Some((tool, input)), None) = (entries.next(), entries.next()) else {
        return Err((at, "a call is one tool and its input: `bash: { command: ls }`".to_owned()));
    };
    if !input.is_object() {
        return Err((at, format!("the input of `{tool}` must be a mapping")));
    }
    Ok((tool, Input::parse(input, known).map_err(|problem| (at, problem))?))
}

fn parse_pause(raw: Spanned<String>) -> Result<Duration, Problem> {
    let bad = || (raw.referenced, format!("`{}` is not a pause such as `20ms` or `1s`", raw.value));
    let pause: jiff::SignedDuration = raw.value.parse().map_err(|_| bad())?;
    let pause = Duration::try_from(pause).map_err(|_| bad())?;
    if pause > PAUSE_MAX {
        return Err((raw.referenced, format!("a pause is at most {PAUSE_MAX:?}")));
    }
    Ok(pause)
}

fn compile(raw: Spanned<String>) -> Result<Regex, Problem> {
    RegexBuilder::new(&raw.value)
        .size_limit(REGEX_BYTES_MAX)
        .build()
        .map_err(|problem| (raw.referenced, format!("not a regular expression: {problem}")))
}
