//! YAML, or Markdown whose front matter is the configuration and whose body is the system prompt.

use std::path::Path;

use planaria_core::agent::{Agent, AgentParams};
use serde_json::Value;

use crate::error::Problem;
use crate::shape::{Reader, Shape};
use crate::source::Source;
use crate::tree::Node;

/// An agent, and a warning about what is left out of it.
type Read = (Agent, Option<Problem>);

/// Reads an agent's file.
///
/// # Errors
/// What is wrong with the file.
pub(crate) fn read(path: &Path, shape: &Shape) -> Result<Read, Vec<Problem>> {
    let source = Source::read(path).map_err(|problem| vec![problem])?;
    match path.extension().and_then(|e| e.to_str()) {
        Some("md") => markdown(&source, shape),
        Some("yaml" | "yml") => agent(&source, shape, &source.text, None),
        _ => Err(vec![source.whole("an agent's file ends with .md, .yaml or .yml")]),
    }
}

fn markdown(source: &Source, shape: &Shape) -> Result<Read, Vec<Problem>> {
    let missing = "has no front matter; it begins with a line `---`, then `name:` and `model:`, then a line `---`, \
                   and the rest is the system prompt";
    let text = &source.text;
    let mut lines = text.split_inclusive('\n');
    let first = lines.next().unwrap_or_default();
    if first.trim_end() != "---" {
        return Err(vec![source.whole(missing)]);
    }
    let mut end = first.len();
    for line in lines {
        if line.trim_end() == "---" {
            let (front, body) = (&text[..end], &text[end + line.len()..]);
            return agent(source, shape, front, Some(body.trim()));
        }
        end += line.len();
    }
    Err(vec![source.whole("its front matter has no end; close it with a line `---`")])
}

fn agent(
    source: &Source,
    shape: &Shape,
    yaml: &str,
    body: Option<&str>,
) -> Result<Read, Vec<Problem>> {
    // The opening line of a front matter stays in the text, so that places are those of the file.
    let (root, twins) = source.tree(yaml).map_err(|problem| vec![problem])?;
    let mut reader = Reader::new(source);
    reader.problems = twins;
    let mut value = reader.read(shape, &root);
    // It says only what kind of file this is.
    let kind = value.as_object_mut().and_then(|map| map.remove("type"));
    if kind.is_some_and(|kind| kind != "agent") {
        let at = root.value.place("type").unwrap_or(root.referenced);
        reader.complain(at, "the `type` of an agent's file is `agent`");
    }
    let body = body.filter(|body| !body.is_empty());
    if let (Some((key, _)), Some(_)) = (root.value.entry("system"), body) {
        let problem = "the body below the front matter is the system prompt; leave out `system`";
        reader.complain(key.referenced, problem);
    }
    if !reader.problems.is_empty() {
        return Err(reader.problems);
    }
    let warning = without_skills(source, &root, &mut value);
    let params: AgentParams = serde_json::from_value(value)
        .map_err(|error| vec![source.whole(format!("is no agent of this version: {error}"))])?;
    let system = body.map(str::to_owned).or(params.system);
    let agent = AgentParams { system, ..params }.materialise().map_err(|invalid| {
        let place = root.value.place(&invalid.path);
        vec![match place {
            Some(at) => source.problem(at, invalid.to_string()),
            None => source.whole(invalid.to_string()),
        }]
    })?;
    Ok((agent, warning))
}

/// Takes the skills out. Without them an agent may do less than its file says, never more, so that
/// a file of another tool can be used as it is.
fn without_skills(source: &Source, root: &Node, value: &mut Value) -> Option<Problem> {
    let skills = value.as_object_mut()?.remove("skills")?;
    let (key, _) = root.value.entry("skills")?;
    let is_empty = skills.as_array().is_none_or(Vec::is_empty);
    let problem = "the skills are left out, as skills are not built yet";
    (!is_empty).then(|| source.problem(key.referenced, problem))
}
